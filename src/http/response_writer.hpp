// Turns a Response into bytes on the wire. Pure apart from appending to out.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace hongyan::http {

/// What the connection adds to a response.
struct WireFacts {
    std::string_view common_fields;  ///< see common_fields_at()
    std::string_view request_id;
    bool http_11 = true;
    bool close = false;
};

/// The fields that stand on every answer of one second: Date and the security fields.
[[nodiscard]] std::string common_fields_at(std::int64_t unix_ms);
/// Appends status line and header, with the empty line, for a body of body_bytes.
void append_head(std::string& out, const Response& response, std::size_t body_bytes,
                 const WireFacts& facts);
/// True if the status must not have a body (1xx, 204, 304).
[[nodiscard]] bool is_bodiless(int status);
/// The standard phrase, "Unknown" for others.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace hongyan::http
