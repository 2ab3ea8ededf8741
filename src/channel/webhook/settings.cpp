#include "channel/webhook/settings.hpp"

#include <algorithm>

#include "channel/webhook/target.hpp"
#include "kit/standard_webhooks.hpp"

namespace hongyan::webhook {
namespace {

using shape::field;

std::optional<std::string> check_shared(std::string_view secret) {
    if (secret.empty()) return std::nullopt;
    if (!secret.starts_with("whsec_")) return "must begin with whsec_";
    return kit::check_webhook_secret(secret);
}

std::optional<std::string> check_key(std::string_view key) {
    if (key.empty()) return std::nullopt;
    if (!key.starts_with("whsk_")) return "must begin with whsk_";
    return kit::check_webhook_secret(key);
}

std::optional<std::string> check_base(std::string_view url) {
    if (url.empty()) return std::nullopt;
    if (url.find('?') != url.npos) return "must have no query";
    return check_url(url);
}

std::optional<std::string> check_type(std::string_view type) {
    const bool fits = std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '.' || c == '-';
    });
    if (fits) return std::nullopt;
    return "must be words of letters, digits, - and _ with dots between";
}

std::optional<std::string> check_header(std::string_view value) {
    const bool clean =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 127; });
    if (clean) return std::nullopt;
    return "must be one line of visible ASCII characters";
}

void check_secrets(const Settings& s, shape::Problems& problems) {
    if (s.secret.empty() && s.signing_key.empty()) {
        problems.add("secret", "required", "must be given, or a signing_key");
    }
}

std::vector<shape::Field> signing_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field("secret", &Settings::secret,
                           "whsec_ and base64 of 24 to 64 random bytes, known to the receiver; "
                           "signs with HMAC-SHA256 (v1).")
                         .check(check_shared));
    fields.push_back(field("previous_secret", &Settings::previous_secret,
                           "The secret before; while it is set, both sign.")
                         .check(check_shared));
    fields.push_back(field("signing_key", &Settings::signing_key,
                           "whsk_ and base64 of an Ed25519 key, whose public half the receiver "
                           "knows; signs as v1a, alone or beside the secret.")
                         .check(check_key));
    fields.push_back(field("authorization", &Settings::authorization,
                           "Value of a header Authorization to send along; empty = none.")
                         .length(0, 4'096)
                         .check(check_header));
    return fields;
}

shape::Object described_settings() {
    return shape::object<Settings>(
               "WebhookSettings", "Signed webhooks (Standard Webhooks).", signing_fields(),
               field("base_url", &Settings::base_url,
                     "What recipients that are paths are appended to; empty: recipients are whole "
                     "addresses.")
                   .check(check_base)
                   .example("https://hooks.example.com/in"),
               field("trusted", &Settings::trusted,
                     "Whether webhooks may go to private addresses, too.")
                   .default_value(false),
               field("event_type", &Settings::event_type, "The type of messages that name none.")
                   .length(1, 128)
                   .check(check_type)
                   .default_value("message.sent"),
               field("max_body_bytes", &Settings::max_body_bytes,
                     "Longest body; longer messages fail unsent.")
                   .between(1'024, 16 << 20)
                   .default_value(20 * 1024),
               field("connect_timeout_ms", &Settings::connect_timeout_ms,
                     "Longest wait for a connection, in milliseconds.")
                   .between(100, 60'000)
                   .default_value(3'000),
               field("timeout_ms", &Settings::timeout_ms,
                     "Longest wait for an answer, in milliseconds.")
                   .between(1'000, 120'000)
                   .default_value(15'000),
               field("ca_file", &Settings::ca_file,
                     "PEM file of the authorities to trust instead of the system's."))
        .rule<Settings>(check_secrets);
}

shape::Object described_options() {
    return shape::object<Options>(
        "WebhookOptions", "What only a webhook understands of a message.",
        field("type", &Options::type, "The event's type; empty for the account's.")
            .length(0, 128)
            .check(check_type)
            .example("invoice.paid"),
        field("data", &Options::data,
              "The event's data, in place of the message's subject and content.")
            .raw_object()
            .example_json(R"({"invoice":"2026-17","amount":12.5})"));
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    static const shape::Object object = described_settings();
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    static const shape::Object object = described_options();
    return object;
}

}  // namespace hongyan::webhook
