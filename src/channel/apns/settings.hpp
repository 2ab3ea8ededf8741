// What an account of APNs is set up with, what a message may add in its section "apns" of options,
// and the grammar of a device token. Plain data and pure functions, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::apns {

struct Settings {
    std::string environment = "production";
    std::string base_url;  ///< "" = by environment
    std::string team_id;
    std::string key_id;
    std::string private_key;
    std::string topic;
    std::string push_type = "alert";
    std::int64_t token_minutes = 50;
    std::int64_t time_to_live_seconds = 86'400;
    bool collapse_by_message = true;
    std::int64_t bad_token_percent = 5;
    std::int64_t max_payload_bytes = 4096;
    std::int64_t max_voip_payload_bytes = 5120;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

struct Options {
    std::string title;
    std::string subtitle;
    std::string title_loc_key;
    std::vector<std::string> title_loc_args;
    std::string loc_key;
    std::vector<std::string> loc_args;
    std::optional<std::int64_t> badge;
    std::string sound;
    bool critical = false;
    double volume = 1.0;
    std::string thread_id;
    std::string category;
    std::string target_content_id;
    std::string interruption_level;
    std::optional<double> relevance_score;
    bool mutable_content = false;
    bool content_available = false;
    shape::JsonObject data;
    shape::JsonObject payload;
    std::string push_type;
    std::string topic;
    std::optional<std::int64_t> priority;
    std::string collapse_id;
    std::optional<std::int64_t> time_to_live_seconds;
    std::string environment;
    std::optional<std::int64_t> registered_at_ms;
    bool shorten = false;
};

const shape::Object& describe(shape::Tag<Settings>);
const shape::Object& describe(shape::Tag<Options>);

/// The server that these settings mean, without a slash at the end.
[[nodiscard]] std::string origin_of(const Settings& settings);
/// The device token of "apns:TOKEN" or of a bare TOKEN, in lower case; nothing if it is none.
[[nodiscard]] std::optional<std::string> device_token(std::string_view recipient);

/// Kinds of push that Apple knows, as in the header apns-push-type.
[[nodiscard]] bool is_push_type(std::string_view text);
/// What Apple asks to be appended to the bundle id for a kind of push; "" for most.
[[nodiscard]] std::string_view topic_suffix(std::string_view push_type);

}  // namespace hongyan::apns
