#include "channel/twilio/settings.hpp"

#include <algorithm>

#include "channel/twilio/url.hpp"

namespace hongyan::twilio {
namespace {

using shape::field;

std::optional<std::string> check_url(std::string_view url) {
    const auto parts = split_url(url);
    const bool web = parts && (parts->scheme == "http://" || parts->scheme == "https://");
    if (web && !parts->host.empty() && url.find_first_of("#@ ") == std::string_view::npos) {
        return std::nullopt;
    }
    return "must be an absolute http or https address";
}

std::optional<std::string> check_endpoint(std::string_view url) {
    if (url.find('?') != std::string_view::npos) return "must have no query";
    return check_url(url);
}

std::optional<std::string> check_callback(std::string_view url) {
    if (url.empty()) return std::nullopt;
    if (auto trouble = check_url(url)) return trouble;
    // Twilio refuses the message whose StatusCallback has such a host.
    if (split_url(url)->host.find('_') != std::string::npos) {
        return "must have a host name without underscore";
    }
    return std::nullopt;
}

std::optional<std::string> check_country_code(std::string_view code) {
    const bool digits =
        std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits && code.size() <= 3 && !code.starts_with('0')) return std::nullopt;
    return "must be one to three digits without +, or empty";
}

/// Two letters and 32 hexadecimal digits.
bool is_sid(std::string_view text, std::string_view kind) {
    return text.size() == 34 && text.starts_with(kind) &&
           std::all_of(text.begin() + 2, text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

std::optional<std::string> check_account_sid(std::string_view text) {
    if (is_sid(text, "AC")) return std::nullopt;
    return "must be AC and 32 hexadecimal digits";
}

std::optional<std::string> check_service_sid(std::string_view text) {
    if (text.empty() || is_sid(text, "MG")) return std::nullopt;
    return "must be MG and 32 hexadecimal digits";
}

std::optional<std::string> check_content_sid(std::string_view text) {
    if (text.empty() || is_sid(text, "HX")) return std::nullopt;
    return "must be HX and 32 hexadecimal digits";
}

void check_credentials(const Settings& s, shape::Problems& problems) {
    if (s.api_key_sid.empty() != s.api_key_secret.empty()) {
        problems.add("api_key_secret", "conflict", "api_key_sid and api_key_secret go together");
    }
    if (s.auth_token.empty() && s.api_key_sid.empty()) {
        problems.add("auth_token", "required", "must be given, or an API key in its place");
    }
    if (s.auth_token.empty() && !s.callback_url.empty()) {
        problems.add("auth_token", "required",
                     "must be given with callback_url: receipts are signed with it");
    }
}

std::vector<shape::Field> credential_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field("account_sid", &Settings::account_sid, "The account's SID.")
                         .required()
                         .check(check_account_sid)
                         .example("AC00000000000000000000000000000000"));
    fields.push_back(field("auth_token", &Settings::auth_token,
                           "The account's Auth Token; receipts are verified with it.")
                         .length(0, 128));
    fields.push_back(field("api_key_sid", &Settings::api_key_sid,
                           "An API key to send with in place of the Auth Token.")
                         .length(0, 64));
    fields.push_back(
        field("api_key_secret", &Settings::api_key_secret, "The API key's secret.").length(0, 128));
    return fields;
}

std::vector<shape::Field> transport_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field("connect_timeout_ms", &Settings::connect_timeout_ms,
                           "Longest wait for a connection, in milliseconds.")
                         .between(100, 60'000)
                         .default_value(3'000));
    fields.push_back(
        field("timeout_ms", &Settings::timeout_ms, "Longest wait for an answer, in milliseconds.")
            .between(1'000, 120'000)
            .default_value(10'000));
    fields.push_back(field("ca_file", &Settings::ca_file,
                           "PEM file of the authorities to trust instead of the system's."));
    fields.push_back(field("price_per_segment", &Settings::price_per_segment,
                           "What one part of a message costs, for previews; 0 if unknown.")
                         .between(0.0, 1'000.0)
                         .default_value(0));
    fields.push_back(field("currency", &Settings::currency, "The currency of the price (ISO 4217).")
                         .length(3, 3)
                         .default_value("USD"));
    return fields;
}

shape::Object described_settings() {
    return shape::object<Settings>(
               "TwilioSettings", "An account at Twilio Messages (2010-04-01).", credential_fields(),
               field("endpoint", &Settings::endpoint, "Where the service is reached.")
                   .format("uri")
                   .check(check_endpoint)
                   .default_value("https://api.twilio.com"),
               field("from", &Settings::from,
                     "The number or name that sends, for messages that name none.")
                   .length(0, 64)
                   .example("+15005550006"),
               field("messaging_service_sid", &Settings::messaging_service_sid,
                     "The Messaging Service that chooses the sender, in place of from.")
                   .check(check_service_sid),
               field("callback_url", &Settings::callback_url,
                     "Where Twilio reaches this server from outside, e.g. "
                     "https://notify.example.com; with a path of its own it is used as it stands. "
                     "Empty: no receipts.")
                   .check(check_callback),
               field("validity_period_seconds", &Settings::validity_period_seconds,
                     "How long Twilio may try, for messages that do not say; 0 is its own 36000.")
                   .between(0, 36'000)
                   .default_value(0),
               field("default_country_code", &Settings::default_country_code,
                     "The country of numbers without + or 00; empty refuses such numbers.")
                   .check(check_country_code)
                   .default_value("86"),
               transport_fields())
        .rule<Settings>(check_credentials);
}

shape::Object described_options() {
    return shape::object<Options>(
        "TwilioOptions", "What only Twilio understands of a message.",
        field("from", &Options::from, "The number or name that sends; empty for the account's.")
            .length(0, 64)
            .example("+15005550006"),
        field("messaging_service_sid", &Options::messaging_service_sid,
              "The Messaging Service that sends; empty for the account's.")
            .check(check_service_sid),
        field("content_sid", &Options::content_sid,
              "A content template at Twilio, in place of the text.")
            .check(check_content_sid),
        field("content_variables", &Options::content_variables,
              "A text for each variable of the content template.")
            .max_entries(64)
            .example_json(R"({"1":"Ann"})"),
        field("media_urls", &Options::media_urls, "Pictures to send along (MMS).")
            .items(0, 10)
            .check(check_url),
        field("validity_period_seconds", &Options::validity_period_seconds,
              "How long Twilio may try; 0 for the account's.")
            .between(0, 36'000)
            .default_value(0),
        field(
            "smart_encoded", &Options::smart_encoded,
            "Whether Twilio replaces look-alike characters, so that the text needs fewer parts."));
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

}  // namespace hongyan::twilio
