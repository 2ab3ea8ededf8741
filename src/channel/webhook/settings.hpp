// What an operator sets for an account of webhooks, and what a message may say in its section
// "webhook" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::webhook {

struct Settings {
    std::string secret;
    std::string previous_secret;
    std::string signing_key;
    std::string base_url;
    bool trusted = false;
    std::string event_type = "message.sent";
    std::string authorization;
    std::int64_t max_body_bytes = 20 * 1024;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 15'000;
    std::string ca_file;
};
const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string type;
    std::string data;
};
const shape::Object& describe(shape::Tag<Options>);

}  // namespace hongyan::webhook
