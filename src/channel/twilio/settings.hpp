// What an operator sets for an account at Twilio, and what a message may say in its section
// "twilio" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::twilio {

struct Settings {
    std::string account_sid;
    std::string auth_token;
    std::string api_key_sid;
    std::string api_key_secret;
    std::string endpoint = "https://api.twilio.com";
    std::string from;
    std::string messaging_service_sid;
    std::string callback_url;
    std::int32_t validity_period_seconds = 0;
    std::string default_country_code = "86";
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
    double price_per_segment = 0;
    std::string currency = "USD";
};
const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string from;
    std::string messaging_service_sid;
    std::string content_sid;
    std::map<std::string, std::string> content_variables;
    std::vector<std::string> media_urls;
    std::int32_t validity_period_seconds = 0;
    std::optional<bool> smart_encoded;
};
const shape::Object& describe(shape::Tag<Options>);

}  // namespace hongyan::twilio
