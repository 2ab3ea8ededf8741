#include "channel/getui/settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::getui {
namespace {

using shape::field;

constexpr std::array<std::string_view, 6> click_types{"intent",         "url",      "payload",
                                                      "payload_custom", "startapp", "none"};
constexpr std::int64_t three_days_ms = 259'200'000;

std::optional<std::string> check_url(std::string_view url) {
    const bool known = url.starts_with("https://") || url.starts_with("http://");
    if (known && !url.ends_with('/') && url.find_first_of(" ?#") == url.npos) return std::nullopt;
    return "give an absolute URL without a slash at the end, e.g. https://restapi.getui.com/v2";
}

std::vector<shape::Field> notification_fields() {
    using O = Options;
    std::vector<shape::Field> f;
    f.push_back(field("title", &O::title, "Title instead of the message's subject."));
    f.push_back(field("click_type", &O::click_type, "What happens when it is tapped.")
                    .one_of(click_types)
                    .default_value("startapp"));
    f.push_back(field("url", &O::url, "With click_type url.").bytes(1024));
    f.push_back(field("intent", &O::intent, "With click_type intent.").bytes(4096));
    f.push_back(
        field("payload", &O::payload, "With click_type payload or payload_custom.").bytes(3072));
    f.push_back(field("logo_url", &O::logo_url, "URL of the icon.").bytes(2048));
    f.push_back(
        field("big_text", &O::big_text, "Long text shown when it is unfolded.").bytes(2048));
    f.push_back(field("channel_id", &O::channel_id, "Notification channel on Android."));
    f.push_back(field("channel_name", &O::channel_name, "Its name."));
    f.push_back(field("channel_level", &O::channel_level, "How much it may disturb, 0 to 4.")
                    .between(0, 4));
    return f;
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    using S = Settings;
    static const shape::Object object = shape::object<S>(
        "GetuiSettings", "One app at Getui.",
        field("app_id", &S::app_id, "AppID.").required().length(1, 128),
        field("app_key", &S::app_key, "AppKey.").required().length(1, 128),
        field("master_secret", &S::master_secret, "MasterSecret.").required().length(1, 128),
        field("base_url", &S::base_url, "Server and version, before the AppID.")
            .pattern("^https?://[^ ?#]+[^/]$", check_url)
            .format("uri")
            .default_value("https://restapi.getui.com/v2"),
        field("time_to_live_ms", &S::time_to_live_ms,
              "How long Getui keeps a message for a device that is offline; -1 = not at all.")
            .between(-1, three_days_ms)
            .default_value(7'200'000),
        field("rate_pause_seconds", &S::rate_pause_seconds,
              "Pause when Getui says that the rate is too high.")
            .between(1, 3600)
            .default_value(60),
        field("max_body_bytes", &S::max_body_bytes, "Largest request.")
            .between(512, 1'048'576)
            .default_value(65'536),
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
    static const shape::Object object =
        shape::object<O>(
            "GetuiOptions", "What only Getui understands.", notification_fields(),
            field("transmission", &O::transmission,
                  "Hand this text to the app and show no notification.")
                .bytes(3072),
            field("time_to_live_ms", &O::time_to_live_ms, "How long it is kept; -1 = not at all.")
                .between(-1, three_days_ms),
            field("vendor_channels", &O::vendor_channels,
                  "Reach devices that are offline by the makers' services and by Apple's.")
                .default_value(false),
            field("push_channel", &O::push_channel,
                  "Settings of those services, as Getui documents them."),
            field("strategy", &O::strategy, "Which service goes first, as Getui documents it."))
            .rule<O>([](const O& o, shape::Problems& problems) {
                const bool payload = o.click_type == "payload" || o.click_type == "payload_custom";
                if (o.click_type == "url" && o.url.empty())
                    problems.add("url", "required", "click_type url needs it");
                if (o.click_type == "intent" && o.intent.empty())
                    problems.add("intent", "required", "click_type intent needs it");
                if (payload && o.payload.empty())
                    problems.add("payload", "required", "click_type payload needs it");
            });
    return object;
}

std::optional<std::string> client_id(std::string_view recipient) {
    if (recipient.starts_with("getui:")) recipient.remove_prefix(6);
    if (recipient.size() != 32) return std::nullopt;
    const bool hex = std::all_of(recipient.begin(), recipient.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!hex) return std::nullopt;
    return to_lower(recipient);
}

}  // namespace hongyan::getui
