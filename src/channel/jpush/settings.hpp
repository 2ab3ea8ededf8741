// What an account of JPush is set up with, what a message may add in its section "jpush" of
// options, and the grammar of a registration id. Plain data and pure functions, safe from every
// thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::jpush {

struct Settings {
    std::string app_key;
    std::string master_secret;
    std::string base_url = "https://api.jpush.cn";
    bool apns_production = true;
    std::string cid = "pool";
    std::int64_t cid_batch = 10;
    std::int64_t time_to_live_seconds = 86'400;
    bool suppress_no_target = true;
    std::int64_t max_android_bytes = 4000;
    std::int64_t max_ios_bytes = 2000;
    std::int64_t rate_pause_seconds = 60;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

struct Options {
    std::vector<std::string> platforms;
    std::string title;
    std::string subtitle;
    std::string sound;
    std::string badge = "+1";
    std::optional<std::int64_t> builder_id;
    std::string channel_id;
    std::string category;
    std::string thread_id;
    bool mutable_content = false;
    bool content_available = false;
    shape::JsonObject extras;
    bool message_only = false;
    std::string content_type;
    std::optional<std::int64_t> time_to_live_seconds;
    std::optional<std::int64_t> override_msg_id;
    std::string apns_collapse_id;
    std::optional<std::int64_t> big_push_minutes;
    shape::JsonObject third_party_channel;
};

const shape::Object& describe(shape::Tag<Settings>);
const shape::Object& describe(shape::Tag<Options>);

/// The id of "jpush:ID" or of a bare ID; nothing if it is none.
[[nodiscard]] std::optional<std::string> registration_id(std::string_view recipient);

}  // namespace hongyan::jpush
