#include "channel/web_push/settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::web_push {
namespace {

using shape::field;

constexpr std::array<std::string_view, 4> urgencies{"very-low", "low", "normal", "high"};

struct WireKeys {
    std::string p256dh;
    std::string auth;
};
struct WireSubscription {
    std::string endpoint;
    WireKeys keys;
};

[[maybe_unused]] const shape::Object& describe(shape::Tag<WireKeys>) {
    static const shape::Object object =
        shape::object<WireKeys>("WebPushKeys", "Keys that the browser made.",
                                field("p256dh", &WireKeys::p256dh, "Public key.").required(),
                                field("auth", &WireKeys::auth, "Shared secret.").required())
            .open();
    return object;
}

[[maybe_unused]] const shape::Object& describe(shape::Tag<WireSubscription>) {
    static const shape::Object object =
        shape::object<WireSubscription>(
            "WebPushSubscription", "A browser's subscription.",
            field("endpoint", &WireSubscription::endpoint, "URL of its push service.").required(),
            field("keys", &WireSubscription::keys, "Its keys.").required())
            .open();
    return object;
}

std::optional<std::string> check_key(std::string_view text) {
    if (vapid_key(text)) return std::nullopt;
    return "give the VAPID private key: 43 characters of base64url, or a P-256 key in PEM";
}

std::optional<std::string> check_subject(std::string_view text) {
    const bool good = (text.starts_with("mailto:") && text.size() > 7) ||
                      (text.starts_with("https://") && text.size() > 8);
    if (good) return std::nullopt;
    return "give mailto:ADDRESS or an https URL where push services can reach you";
}

std::optional<std::string> check_topic(std::string_view text) {
    const bool good = text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                 (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
                      });
    if (good) return std::nullopt;
    return "at most 32 characters of A-Z a-z 0-9 - _";
}

/// scheme://host[:port] in lower case without a default port; nothing if url is no plain endpoint.
std::optional<std::string> origin_of(std::string_view url) {
    if (url.size() > 2048) return std::nullopt;
    for (const char c : url) {
        if (c <= 0x20 || c >= 0x7F || c == '\\' || c == '#') return std::nullopt;
    }
    const bool tls = url.starts_with("https://");
    if (!tls && !url.starts_with("http://")) return std::nullopt;
    const std::size_t host = tls ? 8 : 7;
    const auto end = std::min(url.find_first_of("/?", host), url.size());
    std::string authority = to_lower(url.substr(host, end - host));
    if (authority.empty() || authority.find('@') != authority.npos) return std::nullopt;
    const std::string_view usual = tls ? ":443" : ":80";
    if (authority.ends_with(usual)) authority.resize(authority.size() - usual.size());
    return std::string(url.substr(0, host)) + authority;
}

Error bad_recipient(std::string detail) {
    return make_error(ErrorCode::recipient_invalid, std::move(detail));
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    using S = Settings;
    static const shape::Object object = shape::object<S>(
        "WebPushSettings", "One site's right to push to browsers.",
        field("private_key", &S::private_key,
              "VAPID private key, as web-push generate-vapid-keys prints it, or in PEM. Browsers "
              "subscribed with its public key.")
            .required()
            .check(check_key),
        field("subject", &S::subject, "Where push services can reach you.")
            .required()
            .length(1, 512)
            .pattern("^(mailto:|https://).+", check_subject)
            .example("mailto:ops@example.com"),
        field("token_hours", &S::token_hours, "Life of a token; one is made for each push service.")
            .between(1, 23)
            .default_value(12),
        field("time_to_live_seconds", &S::time_to_live_seconds,
              "How long a push service keeps a message when it does not say; 0 = now or never.")
            .between(0, 2'419'200)
            .default_value(86'400),
        field("urgency", &S::urgency, "Urgency when the message names none.")
            .one_of(urgencies)
            .default_value("normal"),
        field("topic_by_message", &S::topic_by_message,
              "Give the message's own id as topic, so that a repeat replaces the first.")
            .default_value(true),
        field("trusted_endpoints", &S::trusted_endpoints,
              "Allow subscriptions at private addresses and over plain http: for a simulator or "
              "an intranet only.")
            .default_value(false),
        field("max_payload_bytes", &S::max_payload_bytes, "Largest payload before encryption.")
            .between(1, 65'536)
            .default_value(3993),
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
        "WebPushOptions",
        "What only Web Push understands. The browser's worker gets a JSON object with title, body "
        "and whatever of these is given.",
        field("title", &O::title, "Title instead of the message's subject."),
        field("icon", &O::icon, "URL of the icon.").bytes(2048),
        field("image", &O::image, "URL of a picture.").bytes(2048),
        field("badge", &O::badge, "URL of the small picture in the status bar.").bytes(2048),
        field("url", &O::url, "What opens when it is tapped.").bytes(2048),
        field("tag", &O::tag, "A newer notification with the same tag replaces the one shown."),
        field("lang", &O::lang, "Language of the text.").length(0, 35),
        field("require_interaction", &O::require_interaction, "Show it until somebody reacts.")
            .default_value(false),
        field("data", &O::data, "The page's own keys, as data.").max_entries(100),
        field("payload", &O::payload, "The whole payload instead of one made from the message.")
            .max_entries(100),
        field("text_only", &O::text_only, "Send the bare text instead of a JSON object.")
            .default_value(false),
        field("urgency", &O::urgency, "How urgent: a phone low on battery fetches only high.")
            .one_of(urgencies),
        field("topic", &O::topic, "Replaces a message with the same topic not yet delivered.")
            .pattern("^[A-Za-z0-9_-]{0,32}$", check_topic),
        field("time_to_live_seconds", &O::time_to_live_seconds, "How long it is kept.")
            .between(0, 2'419'200));
    return object;
}

Result<Subscription> read_subscription(std::string_view recipient) {
    if (recipient.starts_with("webpush:")) recipient.remove_prefix(8);
    if (!recipient.starts_with("{"))
        return bad_recipient("give the JSON of a browser's subscription");
    auto wire = shape::read<WireSubscription>(recipient);
    if (!wire) {
        const auto& problems = wire.error().problems;
        return bad_recipient(
            "the subscription is not complete: " +
            (problems.empty() ? wire.error().detail : problems[0].path + " " + problems[0].detail));
    }
    auto origin = origin_of(wire->endpoint);
    if (!origin) return bad_recipient("endpoint is not an absolute https URL");
    auto point = from_base64(wire->keys.p256dh);
    if (!point || point->size() != 65 || point->front() != '\x04')
        return bad_recipient("keys.p256dh is not an uncompressed P-256 point of 65 bytes");
    auto auth = from_base64(wire->keys.auth);
    if (!auth || auth->size() != 16) return bad_recipient("keys.auth is not 16 bytes");
    return Subscription{std::move(wire->endpoint), std::move(*origin), std::move(*point),
                        std::move(*auth)};
}

Result<SigningKey> vapid_key(std::string_view text) {
    text = trim(text);
    if (text.starts_with("-----")) {
        auto key = SigningKey::from_pem(text);
        if (key && key->kind() != SigningKey::Kind::ec_p256)
            return make_error(ErrorCode::config_invalid, "the VAPID key is not on P-256");
        return key;
    }
    const auto bytes = from_base64(text);
    if (!bytes || bytes->size() != 32)
        return make_error(ErrorCode::config_invalid, "the VAPID key has not 32 bytes");
    return SigningKey::from_raw(SigningKey::Kind::ec_p256, *bytes);
}

}  // namespace hongyan::web_push
