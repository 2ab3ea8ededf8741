// What an account of Getui is set up with, what a message may add in its section "getui" of
// options, and the grammar of a client id. Plain data and pure functions, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shape/shape.hpp"

namespace hongyan::getui {

struct Settings {
    std::string app_id;
    std::string app_key;
    std::string master_secret;
    std::string base_url = "https://restapi.getui.com/v2";
    std::int64_t time_to_live_ms = 7'200'000;
    std::int64_t rate_pause_seconds = 60;
    std::int64_t max_body_bytes = 65'536;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

struct Options {
    std::string title;
    std::string click_type = "startapp";
    std::string url;
    std::string intent;
    std::string payload;
    std::string logo_url;
    std::string big_text;
    std::string channel_id;
    std::string channel_name;
    std::optional<std::int64_t> channel_level;
    std::string transmission;
    std::optional<std::int64_t> time_to_live_ms;
    bool vendor_channels = false;
    shape::JsonObject push_channel;
    shape::JsonObject strategy;
};

const shape::Object& describe(shape::Tag<Settings>);
const shape::Object& describe(shape::Tag<Options>);

/// The cid of "getui:CID" or of a bare CID, in lower case; nothing if it is none.
[[nodiscard]] std::optional<std::string> client_id(std::string_view recipient);

}  // namespace hongyan::getui
