// What an operator sets for a robot of DingTalk, and what a message may say in its section
// "dingtalk" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::dingtalk {

struct Settings {
    std::string access_token;
    std::string secret;
    std::string endpoint = "https://oapi.dingtalk.com";
    std::string label;
    std::int64_t max_body_bytes = 20'000;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};
const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string msg_type;
    std::string title;
    std::string message_url;
    std::string pic_url;
    std::string action_card;
    std::string feed_card;
    std::vector<std::string> at_mobiles;
    std::vector<std::string> at_user_ids;
    bool at_all = false;
};
const shape::Object& describe(shape::Tag<Options>);

}  // namespace hongyan::dingtalk
