// What an operator sets for an incoming webhook of Slack, and what a message may say in its section
// "slack" of options. Plain described structs; safe to read from every thread.
#pragma once

#include <cstdint>
#include <string>

#include "shape/shape.hpp"

namespace hongyan::slack {

struct Settings {
    std::string webhook_url;
    std::string label;
    std::int64_t max_text_characters = 40'000;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};
const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string blocks;
    std::string attachments;
    bool mrkdwn = false;
    bool unfurl_links = false;
    std::string thread_ts;
};
const shape::Object& describe(shape::Tag<Options>);

}  // namespace hongyan::slack
