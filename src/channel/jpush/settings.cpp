#include "channel/jpush/settings.hpp"

#include <algorithm>
#include <array>

namespace hongyan::jpush {
namespace {

using shape::field;

constexpr std::array<std::string_view, 3> cid_words{"pool", "message", "none"};
constexpr std::array<std::string_view, 4> platform_words{"android", "ios", "quickapp", "hmos"};

std::optional<std::string> check_url(std::string_view url) {
    const bool known = url.starts_with("https://") || url.starts_with("http://");
    if (known && !url.ends_with('/') && url.find_first_of(" ?#") == url.npos) return std::nullopt;
    return "give scheme and host without a slash at the end, e.g. https://api.jpush.cn";
}

std::optional<std::string> check_badge(std::string_view text) {
    const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
    const bool digits = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
    if (digits && text.size() > sign && text.size() <= sign + 5) return std::nullopt;
    return "a number, or +N or -N to change the number shown";
}

std::optional<std::string> check_collapse_id(std::string_view text) {
    if (text.size() <= 64) return std::nullopt;
    return "at most 64 bytes";
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    using S = Settings;
    static const shape::Object object = shape::object<S>(
        "JpushSettings", "One app at JPush.",
        field("app_key", &S::app_key, "AppKey.")
            .required()
            .length(1, 128)
            .example("7d431e42dfa6a6d693ac2d04"),
        field("master_secret", &S::master_secret, "Master Secret.").required().length(1, 128),
        field("base_url", &S::base_url, "Server, e.g. https://bjapi.push.jiguang.cn.")
            .pattern("^https?://[^ ?#]+[^/]$", check_url)
            .format("uri")
            .default_value("https://api.jpush.cn"),
        field("apns_production", &S::apns_production,
              "Whether iOS devices are reached by Apple's production or development service; "
              "always sent, because JPush's own default hides mistakes.")
            .default_value(true),
        field("cid", &S::cid,
              "Where the id comes from by which JPush recognises a repeat for a day: pool (fetched "
              "from JPush and stored with the message), message (made from the message's id; JPush "
              "does not promise to take ids of others, so a lost answer is not repeated by itself) "
              "or none.")
            .one_of(cid_words)
            .default_value("pool"),
        field("cid_batch", &S::cid_batch,
              "Ids fetched at once; JPush gives 10 to free apps and 1000 to VIP apps.")
            .between(1, 1000)
            .default_value(10),
        field("time_to_live_seconds", &S::time_to_live_seconds,
              "How long JPush keeps a message for a device that is offline; 0 = not at all.")
            .between(0, 864'000)
            .default_value(86'400),
        field("suppress_no_target", &S::suppress_no_target,
              "Never write again to an id of which JPush says that there is no such target (1011).")
            .default_value(true),
        field("max_android_bytes", &S::max_android_bytes, "Largest notification for Android.")
            .between(256, 65'536)
            .default_value(4000),
        field("max_ios_bytes", &S::max_ios_bytes, "Largest notification for iOS.")
            .between(256, 65'536)
            .default_value(2000),
        field("rate_pause_seconds", &S::rate_pause_seconds,
              "Pause when JPush says that the rate is too high, and not for how long.")
            .between(1, 3600)
            .default_value(60),
        field("connect_timeout_ms", &S::connect_timeout_ms, "Time-out of a connection.")
            .between(100, 60'000)
            .default_value(3'000),
        field("timeout_ms", &S::timeout_ms, "Time-out of a request.")
            .between(100, 120'000)
            .default_value(10'000),
        field("ca_file", &S::ca_file, "PEM file trusted instead of the system's certificates.")
            .default_value(""));
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    using O = Options;
    static const shape::Object object = shape::object<O>(
        "JpushOptions", "What only JPush understands.",
        field("platforms", &O::platforms, "Kinds of device; none named = all.")
            .items(0, 4)
            .one_of(platform_words),
        field("title", &O::title, "Title instead of the message's subject."),
        field("subtitle", &O::subtitle, "Line between title and text on iOS."),
        field("sound", &O::sound, "Sound on iOS.").example("default"),
        field("badge", &O::badge, "Number on the app's icon on iOS, or +N.")
            .check(check_badge)
            .default_value("+1"),
        field("builder_id", &O::builder_id, "Style of the notification on Android.")
            .between(0, 1'000'000),
        field("channel_id", &O::channel_id, "Notification channel on Android."),
        field("category", &O::category, "Kind of notification with its buttons on iOS."),
        field("thread_id", &O::thread_id, "Groups notifications on iOS."),
        field("mutable_content", &O::mutable_content, "Let the app's extension change it on iOS.")
            .default_value(false),
        field("content_available", &O::content_available, "Wake the app on iOS.")
            .default_value(false),
        field("extras", &O::extras, "The app's own keys.").max_entries(100),
        field("message_only", &O::message_only,
              "Hand it to the app as a message and show no notification.")
            .default_value(false),
        field("content_type", &O::content_type, "Type of that message.").length(0, 64),
        field("time_to_live_seconds", &O::time_to_live_seconds, "How long it is kept.")
            .between(0, 864'000),
        field("override_msg_id", &O::override_msg_id, "msg_id of the notification it replaces.")
            .between(1, INT64_MAX),
        field("apns_collapse_id", &O::apns_collapse_id,
              "A newer notification with the same id replaces the older one on iOS; 64 bytes.")
            .check(check_collapse_id),
        field("big_push_minutes", &O::big_push_minutes, "Spread over this time.").between(1, 1400),
        field("third_party_channel", &O::third_party_channel,
              "Settings of the makers' own push services, as JPush documents them."));
    return object;
}

std::optional<std::string> registration_id(std::string_view recipient) {
    const bool named = recipient.starts_with("jpush:");
    if (named) recipient.remove_prefix(6);
    // Bare, 32 characters are a Getui id and 64 an APNs token.
    const std::size_t most = named ? 64 : 31;
    if (recipient.size() < 11 || recipient.size() > most) return std::nullopt;
    if (!named && recipient.size() < 18) return std::nullopt;
    const bool plain = std::all_of(recipient.begin(), recipient.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!plain) return std::nullopt;
    return std::string(recipient);
}

}  // namespace hongyan::jpush
