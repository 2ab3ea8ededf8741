#include "channel/fcm/settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::fcm {
namespace {

using shape::field;

constexpr std::array<std::string_view, 2> priorities{"high", "normal"};

std::optional<std::string> check_url(std::string_view url) {
    const bool known = url.starts_with("https://") || url.starts_with("http://");
    if (url.empty() || (known && !url.ends_with('/') && url.find_first_of(" ?#") == url.npos))
        return std::nullopt;
    return "give an absolute http or https URL without a slash at the end";
}

std::optional<std::string> check_account(std::string_view json) {
    auto account = read_service_account(json);
    if (account) return std::nullopt;
    return account.error().detail;
}

}  // namespace

const shape::Object& describe(shape::Tag<ServiceAccount>) {
    using S = ServiceAccount;
    static const shape::Object object =
        shape::object<S>("FcmServiceAccount", "Key file of a Google service account.",
                         field("client_email", &S::client_email, "Who signs.").required(),
                         field("private_key", &S::private_key, "RSA key in PEM.").required(),
                         field("private_key_id", &S::private_key_id, "Id of the key."),
                         field("project_id", &S::project_id, "Firebase project."),
                         field("token_uri", &S::token_uri, "Where tokens are fetched."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Settings>) {
    using S = Settings;
    static const shape::Object object = shape::object<S>(
        "FcmSettings", "One Firebase project.",
        field("service_account", &S::service_account,
              "The JSON text of the service account's key file.")
            .required()
            .bytes(16'384)
            .check(check_account),
        field("project_id", &S::project_id, "Project to use instead of the key file's.")
            .length(0, 128)
            .default_value("")
            .example("my-app"),
        field("base_url", &S::base_url, "FCM's server.")
            .pattern("^https?://[^ ?#]+[^/]$", check_url)
            .format("uri")
            .default_value("https://fcm.googleapis.com"),
        field("token_url", &S::token_url, "Token server to use instead of the key file's.")
            .pattern("^https?://[^ ?#]+[^/]$", check_url)
            .default_value(""),
        field("time_to_live_seconds", &S::time_to_live_seconds,
              "How long FCM keeps trying when the message does not say; 0 = FCM's own four weeks.")
            .between(0, 2'419'200)
            .default_value(0),
        field("collapse_by_message", &S::collapse_by_message,
              "Tag a notification with the message's own id, so that a repeat replaces the first.")
            .default_value(true),
        field("max_payload_bytes", &S::max_payload_bytes, "Largest notification and data together.")
            .between(256, 65'536)
            .default_value(4096),
        field("connect_timeout_ms", &S::connect_timeout_ms, "Time-out of a connection.")
            .between(100, 60'000)
            .default_value(3'000),
        field("timeout_ms", &S::timeout_ms, "Time-out of a request.")
            .between(100, 120'000)
            .default_value(15'000),
        field("quota_pause_seconds", &S::quota_pause_seconds,
              "Pause after QUOTA_EXCEEDED when FCM names none.")
            .between(1, 3600)
            .default_value(60),
        field("ca_file", &S::ca_file, "PEM file trusted instead of the system's certificates.")
            .default_value(""));
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    using O = Options;
    static const shape::Object object =
        shape::object<O>(
            "FcmOptions", "What only FCM understands.",
            field("title", &O::title, "Title instead of the message's subject."),
            field("image", &O::image, "URL of a picture.").bytes(2048).format("uri"),
            field("data", &O::data, "The app's own keys; the values are texts.")
                .max_entries(100)
                .example_json(R"({"order":"SO20261123001"})"),
            field("data_only", &O::data_only,
                  "Send no notification: title and body go into data instead.")
                .default_value(false),
            field("priority", &O::priority, "high wakes an Android device, normal may wait.")
                .one_of(priorities)
                .default_value("high"),
            field("time_to_live_seconds", &O::time_to_live_seconds,
                  "How long FCM keeps trying; 0 = now or never.")
                .between(0, 2'419'200),
            field("collapse_key", &O::collapse_key,
                  "A newer message with the same key replaces one not yet delivered; on Apple's "
                  "devices 64 bytes.")
                .bytes(64),
            field("android_channel_id", &O::android_channel_id, "Notification channel in the app."),
            field("android_tag", &O::android_tag,
                  "A newer notification with the same tag replaces the one shown."),
            field("sound", &O::sound, "Sound file in the app, or default."),
            field("click_action", &O::click_action, "What opens when it is tapped on Android."),
            field("link", &O::link, "https link that opens in a browser.").bytes(2048),
            field("analytics_label", &O::analytics_label, "Label in Firebase's reports.")
                .length(0, 50),
            field("android", &O::android, "AndroidConfig, laid over the one made here."),
            field("apns", &O::apns, "ApnsConfig, laid over the one made here."),
            field("webpush", &O::webpush, "WebpushConfig, laid over the one made here."),
            field("validate_only", &O::validate_only, "Let FCM check it and send nothing.")
                .default_value(false))
            .rule<O>([](const O& o, shape::Problems& problems) {
                for (const auto& [key, value] : o.data) {
                    if (const auto why = reserved_key(key); !why.empty())
                        problems.add("data", "reserved", key + " " + std::string(why));
                }
            });
    return object;
}

Result<ServiceAccount> read_service_account(std::string_view json) {
    auto account = shape::read<ServiceAccount>(json);
    if (!account) {
        return make_error(ErrorCode::config_invalid,
                          "give the JSON key file of a service account, with client_email and "
                          "private_key");
    }
    auto key = SigningKey::from_pem(account->private_key);
    if (!key || key->kind() != SigningKey::Kind::rsa) {
        return make_error(ErrorCode::config_invalid,
                          "private_key of the key file is not an RSA key in PEM");
    }
    return account;
}

std::optional<std::string> registration_token(std::string_view recipient) {
    const bool named = recipient.starts_with("fcm:");
    if (named) recipient.remove_prefix(4);
    if (recipient.size() < 32 || recipient.size() > 4096) return std::nullopt;
    const bool plain = std::all_of(recipient.begin(), recipient.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == ':' || c == '-' || c == '_' || c == '.';
    });
    if (!plain) return std::nullopt;
    // Bare, it must look like an app's token (INSTANCE:KEY), not like another provider's.
    const auto colon = recipient.find(':');
    if (!named && (recipient.size() < 100 || colon == recipient.npos || colon < 8))
        return std::nullopt;
    return std::string(recipient);
}

std::string_view reserved_key(std::string_view key) {
    if (key == "from" || key == "message_type" || key == "collapse_key")
        return "is a word of FCM's own";
    if (key.starts_with("google.") || key.starts_with("gcm.notification.") || key == "gcm")
        return "begins as FCM's own keys do";
    if (key.empty()) return "must not be empty";
    return {};
}

}  // namespace hongyan::fcm
