#include "channel/apns/settings.hpp"

#include <algorithm>
#include <array>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::apns {
namespace {

using shape::field;

constexpr std::array<std::string_view, 11> push_types{
    "alert",        "background", "voip",    "complication", "fileprovider", "location",
    "liveactivity", "pushtotalk", "widgets", "controls",     "mdm"};
constexpr std::array<std::string_view, 2> environments{"production", "development"};
constexpr std::array<std::string_view, 4> levels{"passive", "active", "time-sensitive", "critical"};

std::optional<std::string> check_url(std::string_view url) {
    const bool known = url.starts_with("https://") || url.starts_with("http://");
    if (url.empty() || (known && !url.ends_with('/') && url.find_first_of(" ?#") == url.npos))
        return std::nullopt;
    return "give scheme and host without a slash at the end, e.g. https://api.push.apple.com";
}

std::optional<std::string> check_key(std::string_view pem) {
    auto key = SigningKey::from_pem(pem);
    if (key && key->kind() == SigningKey::Kind::ec_p256) return std::nullopt;
    return "give the text of the .p8 file from Apple: a P-256 private key in PEM";
}

std::optional<std::string> check_collapse_id(std::string_view text) {
    if (text.size() <= 64) return std::nullopt;
    return "at most 64 bytes";
}

std::optional<std::string> check_priority(std::int64_t priority) {
    if (priority == 10 || priority == 5 || priority == 1) return std::nullopt;
    return "10 (now), 5 (when it suits the battery) or 1 (lowest)";
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    using S = Settings;
    static const shape::Object object = shape::object<S>(
        "ApnsSettings", "One app of one team at Apple's push service.",
        field("environment", &S::environment,
              "production for apps from the App Store and TestFlight, development for builds from "
              "Xcode. Tokens of one are bad tokens to the other.")
            .one_of(environments)
            .default_value("production"),
        field("base_url", &S::base_url,
              "Server to use instead of the environment's, e.g. for port 2197 or a simulator.")
            .pattern("^https?://[^ ?#]+[^/]$", check_url)
            .format("uri")
            .default_value(""),
        field("team_id", &S::team_id, "Team id, 10 characters.")
            .required()
            .length(1, 64)
            .example("DEF123GHIJ"),
        field("key_id", &S::key_id, "Id of the signing key, 10 characters.")
            .required()
            .length(1, 64)
            .example("ABC123DEFG"),
        field("private_key", &S::private_key, "Text of the key's .p8 file.")
            .required()
            .check(check_key),
        field("topic", &S::topic,
              "Bundle id of the app; what a kind of push needs behind it is appended.")
            .required()
            .length(1, 255)
            .example("com.example.app"),
        field("push_type", &S::push_type, "Kind of push when the message names none.")
            .one_of(push_types)
            .default_value("alert"),
        field("token_minutes", &S::token_minutes,
              "How long a provider token is used before a new one is made.")
            .between(20, 60)
            .default_value(50),
        field("time_to_live_seconds", &S::time_to_live_seconds,
              "How long Apple keeps trying when the message does not say; 0 = only once.")
            .between(0, 2'592'000)
            .default_value(86'400),
        field("collapse_by_message", &S::collapse_by_message,
              "Give the message's own id as collapse id, so that a repeat replaces the first.")
            .default_value(true),
        field("bad_token_percent", &S::bad_token_percent,
              "BadDeviceToken stops further messages to a token only while at most this share of "
              "the last 200 answers says so: tokens of the other environment look the same. "
              "0 = never.")
            .between(0, 100)
            .default_value(5),
        field("max_payload_bytes", &S::max_payload_bytes, "Largest payload.")
            .between(256, 65'536)
            .default_value(4096),
        field("max_voip_payload_bytes", &S::max_voip_payload_bytes, "Largest payload of a call.")
            .between(256, 65'536)
            .default_value(5120),
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

namespace {

std::vector<shape::Field> text_fields() {
    using O = Options;
    std::vector<shape::Field> f;
    f.push_back(field("title", &O::title, "Title instead of the message's subject."));
    f.push_back(field("subtitle", &O::subtitle, "Line between title and text."));
    f.push_back(field("title_loc_key", &O::title_loc_key, "Key of a localised title in the app."));
    f.push_back(field("title_loc_args", &O::title_loc_args, "Its values.").items(0, 20));
    f.push_back(field("loc_key", &O::loc_key, "Key of a localised text in the app."));
    f.push_back(field("loc_args", &O::loc_args, "Its values.").items(0, 20));
    f.push_back(field("badge", &O::badge, "Number on the app's icon; 0 removes it.")
                    .between(0, 99'999)
                    .example(1));
    f.push_back(field("sound", &O::sound, "Sound file in the app, or default.").example("default"));
    f.push_back(field("critical", &O::critical, "Play the sound even when muted; needs a permit.")
                    .default_value(false));
    f.push_back(field("volume", &O::volume, "Volume of a critical sound.")
                    .between(0.0, 1.0)
                    .default_value(1.0));
    f.push_back(field("thread_id", &O::thread_id, "Groups notifications."));
    f.push_back(field("category", &O::category, "Kind of notification with its buttons."));
    f.push_back(field("target_content_id", &O::target_content_id, "Window to bring to the front."));
    f.push_back(field("interruption_level", &O::interruption_level, "How much it may disturb.")
                    .one_of(levels));
    f.push_back(
        field("relevance_score", &O::relevance_score, "Order in the summary.").between(0.0, 1.0));
    f.push_back(field("mutable_content", &O::mutable_content,
                      "Let the app's extension change it before it is shown.")
                    .default_value(false));
    f.push_back(
        field("content_available", &O::content_available, "Wake the app.").default_value(false));
    f.push_back(field("data", &O::data, "The app's own keys beside aps.")
                    .max_entries(100)
                    .example_json(R"({"order":"SO20261123001"})"));
    f.push_back(
        field("payload", &O::payload, "The whole payload instead of one made from the message.")
            .max_entries(100));
    return f;
}

}  // namespace

const shape::Object& describe(shape::Tag<Options>) {
    using O = Options;
    static const shape::Object object =
        shape::object<O>(
            "ApnsOptions", "What only APNs understands.", text_fields(),
            field("push_type", &O::push_type, "Kind of push.").one_of(push_types),
            field("topic", &O::topic, "Topic to use as it is, instead of the account's.")
                .length(0, 255),
            field("priority", &O::priority, "10 now, 5 when it suits the battery, 1 lowest.")
                .check(check_priority)
                .example(10),
            field("collapse_id", &O::collapse_id,
                  "A newer notification with the same id replaces the older one; 64 bytes.")
                .check(check_collapse_id),
            field("time_to_live_seconds", &O::time_to_live_seconds,
                  "How long Apple keeps trying; 0 = only once.")
                .between(0, 2'592'000),
            field("environment", &O::environment,
                  "The environment this token was made in, if known.")
                .one_of(environments),
            field("registered_at", &O::registered_at_ms,
                  "When the app last reported this token: a token that Apple calls dead since "
                  "before then stays in use.")
                .date_time(),
            field("shorten", &O::shorten, "Cut the text so that the payload fits.")
                .default_value(false))
            .rule<O>([](const O& o, shape::Problems& problems) {
                if (o.data.contains("aps"))
                    problems.add("data", "reserved",
                                 "aps is Apple's own key; use the other options");
                if (o.push_type == "background" && o.priority.value_or(5) != 5)
                    problems.add("priority", "out_of_range", "a background push has priority 5");
            });
    return object;
}

std::string origin_of(const Settings& settings) {
    if (!settings.base_url.empty()) return settings.base_url;
    return settings.environment == "development" ? "https://api.sandbox.push.apple.com"
                                                 : "https://api.push.apple.com";
}

std::optional<std::string> device_token(std::string_view recipient) {
    if (recipient.starts_with("apns:")) recipient.remove_prefix(5);
    // 32 bytes today; Apple says that they may grow.
    if (recipient.size() < 64 || recipient.size() > 200) return std::nullopt;
    const bool hex = std::all_of(recipient.begin(), recipient.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!hex) return std::nullopt;
    return to_lower(recipient);
}

bool is_push_type(std::string_view text) {
    return std::find(push_types.begin(), push_types.end(), text) != push_types.end();
}

std::string_view topic_suffix(std::string_view push_type) {
    if (push_type == "voip") return ".voip";
    if (push_type == "complication") return ".complication";
    if (push_type == "fileprovider") return ".pushkit.fileprovider";
    if (push_type == "location") return ".location-query";
    if (push_type == "liveactivity") return ".push-type.liveactivity";
    if (push_type == "pushtotalk") return ".voip-ptt";
    return "";
}

}  // namespace hongyan::apns
