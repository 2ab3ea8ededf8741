// What an account of FCM is set up with, what a message may add in its section "fcm" of options,
// and the grammar of a registration token. Plain data and pure functions, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/signing.hpp"
#include "shape/shape.hpp"

namespace hongyan::fcm {

struct Settings {
    std::string service_account;
    std::string project_id;
    std::string base_url = "https://fcm.googleapis.com";
    std::string token_url;
    std::int64_t time_to_live_seconds = 0;
    bool collapse_by_message = true;
    std::int64_t max_payload_bytes = 4096;
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 15'000;
    std::int64_t quota_pause_seconds = 60;
    std::string ca_file;
};

struct Options {
    std::string title;
    std::string image;
    std::map<std::string, std::string> data;
    bool data_only = false;
    std::string priority = "high";
    std::optional<std::int64_t> time_to_live_seconds;
    std::string collapse_key;
    std::string android_channel_id;
    std::string android_tag;
    std::string sound;
    std::string click_action;
    std::string link;
    std::string analytics_label;
    shape::JsonObject android;
    shape::JsonObject apns;
    shape::JsonObject webpush;
    bool validate_only = false;
};

/// The parts of a service account's key file that are used.
struct ServiceAccount {
    std::string client_email;
    std::string private_key;
    std::string private_key_id;
    std::string project_id;
    std::string token_uri = "https://oauth2.googleapis.com/token";
};

const shape::Object& describe(shape::Tag<Settings>);
const shape::Object& describe(shape::Tag<Options>);
const shape::Object& describe(shape::Tag<ServiceAccount>);

/// Errors: config_invalid (not a key file, not an RSA key).
[[nodiscard]] Result<ServiceAccount> read_service_account(std::string_view json);
/// The token of "fcm:TOKEN" or of a bare TOKEN; nothing if it is none.
[[nodiscard]] std::optional<std::string> registration_token(std::string_view recipient);
/// Why FCM refuses this key in data, or "".
[[nodiscard]] std::string_view reserved_key(std::string_view key);

}  // namespace hongyan::fcm
