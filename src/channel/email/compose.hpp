// Builds a mail: RFC 5322 headers with RFC 2047 encoded words, text and HTML parts, and the form
// in which it goes over the wire. GMime writes the parts; everything that could forge a header
// is refused by check() before and again here. Functions are safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/email/address.hpp"
#include "model/message.hpp"

namespace hongyan::email {

/// "<msg_...@domain>" without the brackets: the same for every attempt at a message, so that
/// receivers can drop a repeat.
[[nodiscard]] std::string mail_id(const Message& message, const Mailbox& from);

/// The mail from the header to the last line, LF line ends, 7-bit ASCII, lines of at most 998
/// bytes. content_invalid if the subject holds a control character.
[[nodiscard]] Result<std::string> compose(const Mailbox& from, const Mailbox& to,
                                          const Message& message);

/// The mail as DATA wants it: CRLF line ends whatever they were, leading dots doubled, closed by
/// the line with a single dot.
[[nodiscard]] std::string to_wire(std::string_view mail);

}  // namespace hongyan::email
