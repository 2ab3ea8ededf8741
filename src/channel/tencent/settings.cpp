#include "channel/tencent/settings.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "channel/tencent/callback_guard.hpp"

namespace hongyan::tencent {
namespace {

using shape::field;

std::optional<std::string> check_endpoint(std::string_view url) {
    const auto parts = parse_endpoint(url);
    if (parts.host.empty() || (parts.scheme != "http" && parts.scheme != "https")) {
        return "must be an absolute http or https address such as https://dysmsapi.tencentcs.com";
    }
    if (url.find_first_of("?#@ ") != std::string_view::npos) {
        return "must have neither query, fragment nor user";
    }
    return std::nullopt;
}

std::optional<std::string> check_country_code(std::string_view code) {
    const bool digits =
        std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits && code.size() <= 3 && !code.starts_with('0')) return std::nullopt;
    return "must be one to three digits without +, or empty";
}

std::optional<std::string> check_network(std::string_view text) {
    if (is_network(text)) return std::nullopt;
    return "must be an IP address or a range such as 203.0.113.0/24";
}

shape::Object described_settings() {
    return shape::object<Settings>(
        "TencentSmsSettings", "An account at Tencent Cloud SMS (2021-01-11).",
        field("secret_id", &Settings::secret_id, "The API key's SecretId.")
            .required()
            .length(1, 128),
        field("secret_key", &Settings::secret_key, "The API key's SecretKey.")
            .required()
            .length(1, 128),
        field("security_token", &Settings::security_token,
              "The token of temporary credentials; empty for a lasting key."),
        field("endpoint", &Settings::endpoint, "Where the service is reached.")
            .format("uri")
            .check(check_endpoint)
            .default_value("https://sms.tencentcloudapi.com"),
        field("region", &Settings::region, "The region of the account's data.")
            .length(1, 64)
            .default_value("ap-guangzhou"),
        field("sdk_app_id", &Settings::sdk_app_id, "The SMS application's SdkAppId.")
            .required()
            .length(1, 32)
            .example("1400006666"),
        field("sign_name", &Settings::sign_name,
              "The approved signature, for messages that name none.")
            .length(0, 64),
        field("template_id", &Settings::template_id,
              "The approved template, for messages that name none (those accepted for another "
              "provider and failed over to this one).")
            .length(0, 32),
        field("extend_code", &Settings::extend_code,
              "Digits behind the sender's number, for messages that name none.")
            .length(0, 16),
        field("sender_id", &Settings::sender_id,
              "The sender shown abroad where it was applied for, for messages that name none.")
            .length(0, 16),
        field("default_country_code", &Settings::default_country_code,
              "The country of numbers without + or 00; empty refuses such numbers.")
            .check(check_country_code)
            .default_value("86"),
        field("callback_token", &Settings::callback_token,
              "Receipts are not signed: they are believed only with this word, given as "
              "?token= or as the last part of the path of their URL. Empty: by address only.")
            .length(0, 256),
        field("callback_allowed_ips", &Settings::callback_allowed_ips,
              "Addresses or ranges from which receipts may come; empty: any, if the token fits.")
            .items(0, 64)
            .check(check_network),
        field("connect_timeout_ms", &Settings::connect_timeout_ms,
              "Longest wait for a connection, in milliseconds.")
            .between(100, 60'000)
            .default_value(3'000),
        field("timeout_ms", &Settings::timeout_ms, "Longest wait for an answer, in milliseconds.")
            .between(1'000, 120'000)
            .default_value(10'000),
        field("ca_file", &Settings::ca_file,
              "PEM file of the authorities to trust instead of the system's."),
        field("price_per_segment", &Settings::price_per_segment,
              "What one part of a message costs, for previews; 0 if unknown.")
            .between(0.0, 1'000.0)
            .default_value(0),
        field("currency", &Settings::currency, "The currency of the price (ISO 4217).")
            .length(3, 3)
            .default_value("CNY"));
}

shape::Object described_options() {
    return shape::object<Options>(
        "TencentSmsOptions", "What a message on Tencent Cloud SMS is made of.",
        field("template_id", &Options::template_id, "The approved template's id.")
            .length(0, 32)
            .example("1110"),
        field("sign_name", &Options::sign_name,
              "The approved signature; empty for the account's own. Mainland numbers need one.")
            .length(0, 64)
            .example("腾讯云"),
        field("params", &Options::params,
              "A text for each variable of the template, in the order {1}, {2}, ...")
            .items(0, 64)
            .example_json(R"(["4370"])"),
        field("extend_code", &Options::extend_code,
              "Digits behind the sender's number; empty for the account's own.")
            .length(0, 16),
        field("sender_id", &Options::sender_id,
              "The sender shown abroad; empty for the account's own.")
            .length(0, 16));
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

Endpoint parse_endpoint(std::string_view url) {
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) return {};
    Endpoint parts;
    parts.scheme = to_lower(url.substr(0, colon));
    url.remove_prefix(colon + 3);
    const auto slash = std::min(url.find('/'), url.size());
    parts.host = to_lower(url.substr(0, slash));
    parts.path = std::string(url.substr(slash));
    if (parts.path.ends_with('/')) parts.path.pop_back();
    const std::string_view own_port = parts.scheme == "https" ? ":443" : ":80";
    if (parts.host.ends_with(own_port)) parts.host.resize(parts.host.size() - own_port.size());
    return parts;
}

}  // namespace hongyan::tencent
