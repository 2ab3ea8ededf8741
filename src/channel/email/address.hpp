// Mail addresses: a practical subset of RFC 5322, judged byte by byte. Accepts "local@domain" and
// "Name <local@domain>"; the local part is an ASCII dot-atom, the domain a host name, which may be
// international and is turned into its ASCII form. Quoted local parts, address literals, comments,
// lists and non-ASCII local parts are refused with a sentence. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hongyan::email {

inline constexpr std::size_t max_address_bytes = 254;
inline constexpr std::size_t max_local_bytes = 64;

struct Mailbox {
    std::string name;     ///< display name in UTF-8, unquoted; "" if there is none
    std::string address;  ///< ASCII, at most 254 bytes, free of controls, spaces and brackets
    std::string domain;   ///< the part of address behind the @
};

/// Reads one mailbox. The error is recipient_invalid and says what would be right.
[[nodiscard]] Result<Mailbox> parse_mailbox(std::string_view text);

/// The ASCII form of a host name, lower-case punycode where it is international; recipient_invalid
/// if it is none.
[[nodiscard]] Result<std::string> ascii_domain(std::string_view domain);

/// True if a byte below 0x20 or DEL occurs, such as CR, LF and NUL, which forge header lines.
[[nodiscard]] bool has_control(std::string_view text);

}  // namespace hongyan::email
