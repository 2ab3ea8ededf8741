// What an account of Web Push is set up with, what a message may add in its section "web_push" of
// options, and a browser's subscription. Plain data and pure functions, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/signing.hpp"
#include "shape/shape.hpp"

namespace hongyan::web_push {

struct Settings {
    std::string private_key;
    std::string subject;
    std::int64_t token_hours = 12;
    std::int64_t time_to_live_seconds = 86'400;
    std::string urgency = "normal";
    bool topic_by_message = true;
    bool trusted_endpoints = false;
    std::int64_t max_payload_bytes = 3993;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

struct Options {
    std::string title;
    std::string icon;
    std::string image;
    std::string badge;
    std::string url;
    std::string tag;
    std::string lang;
    bool require_interaction = false;
    shape::JsonObject data;
    shape::JsonObject payload;
    bool text_only = false;
    std::string urgency;
    std::string topic;
    std::optional<std::int64_t> time_to_live_seconds;
};

/// A subscription with its keys as raw bytes.
struct Subscription {
    std::string endpoint;
    std::string origin;  ///< scheme://host[:port] of the endpoint, the audience of the token
    std::string p256dh;  ///< 65 bytes
    std::string auth;    ///< 16 bytes
};

const shape::Object& describe(shape::Tag<Settings>);
const shape::Object& describe(shape::Tag<Options>);

/// Reads "webpush:{...}" or the bare JSON of PushSubscription.toJSON(). Error: recipient_invalid
/// with what is wrong, never with the keys.
[[nodiscard]] Result<Subscription> read_subscription(std::string_view recipient);
/// The VAPID key from 43 characters of base64url or a PEM. Errors: config_invalid.
[[nodiscard]] Result<SigningKey> vapid_key(std::string_view text);

}  // namespace hongyan::web_push
