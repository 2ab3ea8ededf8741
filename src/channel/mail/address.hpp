// Mail addresses: a practical subset of RFC 5322 and 6531, judged byte by byte. Accepts
// "local@domain" and "Name <local@domain>"; the local part is a dot-atom, which may be
// international (the mail then needs SMTPUTF8), the domain a host name, turned into its ASCII form.
// Quoted local parts, address literals, comments and lists are refused with a sentence. Pure, safe
// from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hongyan::mail {

inline constexpr std::size_t max_address_bytes = 254;
inline constexpr std::size_t max_local_bytes = 64;

struct Mailbox {
    std::string name;            ///< display name in UTF-8, unquoted; "" if there is none
    std::string address;         ///< at most 254 bytes, free of controls, spaces and brackets
    std::string domain;          ///< the part of address behind the @; ASCII, lower case
    bool international = false;  ///< the local part has bytes beyond ASCII
};

/// Reads one mailbox. The error is recipient_invalid and says what would be right.
[[nodiscard]] Result<Mailbox> parse_mailbox(std::string_view text);

/// The ASCII form of a host name in lower case, punycode where it is international;
/// recipient_invalid if it is none.
[[nodiscard]] Result<std::string> ascii_domain(std::string_view domain);

/// True if a control character occurs (below 0x20, DEL, U+0080 to U+009F, U+2028, U+2029): CR, LF
/// and NUL forge header lines, and the others are taken for line ends by some receivers.
[[nodiscard]] bool has_control(std::string_view text);

[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace hongyan::mail
