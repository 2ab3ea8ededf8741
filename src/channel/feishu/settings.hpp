// What an operator sets for a Feishu robot or application, and what a message may say in its
// section "feishu_robot" or "feishu" of options. Plain described structs; safe to read from every
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::feishu {

/// What both kinds of account set about the connection.
struct Transport {
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

struct RobotSettings : Transport {
    std::string webhook_url;
    std::string secret;
    std::string label;
    std::int64_t max_body_bytes = 20 * 1024;
};
const shape::Object& describe(shape::Tag<RobotSettings>);

struct AppSettings : Transport {
    std::string app_id;
    std::string app_secret;
    std::string endpoint = "https://open.feishu.cn";
    std::string verification_token;
    std::string encrypt_key;
    std::int64_t max_text_bytes = 150 * 1024;
    std::int64_t max_card_bytes = 30 * 1024;
    std::int64_t callback_tolerance_s = 3'600;
};
const shape::Object& describe(shape::Tag<AppSettings>);

struct Options {
    std::string msg_type;
    std::string title;
    std::string post;
    std::string card;
    std::string image_key;
    std::string share_chat_id;
    std::vector<std::string> mention;
};
const shape::Object& describe(shape::Tag<Options>);

}  // namespace hongyan::feishu
