// What an operator sets for an account at Aliyun SMS, and what a message may say in its section
// "aliyun" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::aliyun {

struct Settings {
    std::string access_key_id;
    std::string access_key_secret;
    std::string security_token;
    std::string signature = "v3";
    std::string endpoint = "https://dysmsapi.aliyuncs.com";
    std::string region;
    std::string sign_name;
    std::string template_code;
    std::string up_extend_code;
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
    std::string template_code;
    std::string sign_name;
    std::map<std::string, std::string> params;
    std::string up_extend_code;
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

}  // namespace hongyan::aliyun
