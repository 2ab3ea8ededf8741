// What an operator sets for an account at Tencent Cloud SMS, and what a message may say in its
// section "tencent" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::tencent {

struct Settings {
    std::string secret_id;
    std::string secret_key;
    std::string security_token;
    std::string endpoint = "https://sms.tencentcloudapi.com";
    std::string region = "ap-guangzhou";
    std::string sdk_app_id;
    std::string sign_name;
    std::string template_id;
    std::string extend_code;
    std::string sender_id;
    std::string default_country_code = "86";
    std::string callback_token;
    std::vector<std::string> callback_allowed_ips;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
    double price_per_segment = 0;
    std::string currency = "CNY";
};
const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string template_id;
    std::string sign_name;
    std::vector<std::string> params;
    std::string extend_code;
    std::string sender_id;
};
const shape::Object& describe(shape::Tag<Options>);

/// Scheme, host in lower case (with the port, unless it is the scheme's own) and the path without
/// slash at the end, of an endpoint that its check let pass.
struct Endpoint {
    std::string scheme;
    std::string host;
    std::string path;
};
[[nodiscard]] Endpoint parse_endpoint(std::string_view url);

}  // namespace hongyan::tencent
