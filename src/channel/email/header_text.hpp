// Header values in the form that mail wants: folded lines, and RFC 2047 encoded words wherever
// plain ASCII would not come back as it was (other characters, long words, runs of spaces, text
// that looks encoded already). Input is UTF-8 without control characters. Pure.
#pragma once

#include <string>
#include <string_view>

#include "channel/email/address.hpp"

namespace hongyan::email {

/// The value of an unstructured header such as Subject; name is the header's, which takes room on
/// the first line. Lines are joined by LF and a space, none is longer than 76 bytes.
[[nodiscard]] std::string header_text(std::string_view name, std::string_view text);

/// The value of From or To: "Ann <ann@example.com>", the name quoted or encoded as it needs.
[[nodiscard]] std::string header_mailbox(std::string_view name, const Mailbox& box);

}  // namespace hongyan::email
