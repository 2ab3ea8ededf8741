// The few cryptographic primitives used outside TLS, all from OpenSSL: SHA-256, HMAC-SHA256, secure
// random bytes and a comparison in constant time. Safe from every thread.
#pragma once

#include <string>
#include <string_view>

namespace hongyan {

/// 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// 32 raw bytes (RFC 2104).
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// count bytes from the system's secure source; stops the process if there is none.
[[nodiscard]] std::string random_bytes(std::size_t count);
/// Compares without leaking where the difference is; lengths may differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace hongyan
