// Reads the events that Feishu pushes to an application: checks the signature or the verification
// token, decrypts, answers the check of the URL, and turns "message read" into receipts. Pure, safe
// from every thread.
#pragma once

#include "channel/feishu/settings.hpp"
#include "contract/provider.hpp"

namespace hongyan::feishu {

/// Errors: unauthorized (signature, token, time stamp, or nothing to verify with), bad_request.
[[nodiscard]] Result<CallbackAnswer> read_event(const Callback& callback,
                                                const AppSettings& settings, std::int64_t now_ms);

/// Hex of SHA-256 over time stamp, nonce, key and body as they came.
[[nodiscard]] std::string event_signature(std::string_view timestamp, std::string_view nonce,
                                          std::string_view encrypt_key, std::string_view body);

/// Errors: bad_request.
[[nodiscard]] Result<std::string> decrypt_event(std::string_view encrypt_key,
                                                std::string_view base64);

}  // namespace hongyan::feishu
