// Writes header lines in the form that mail wants: folded at 76 bytes, RFC 2047 encoded words
// wherever plain ASCII would not come back as it was (other characters, long words, runs of spaces,
// text that looks encoded already), RFC 2231 for parameters. Everything is appended to the mail
// under way, closed by CRLF. Input is UTF-8 without control characters. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channel/mail/address.hpp"

namespace hongyan::mail {

/// "name: value", as it stands.
void append_raw_header(std::string& out, std::string_view name, std::string_view value);

/// An unstructured header such as Subject. No line is longer than 76 bytes, but for a plain word
/// longer than that, which stays whole up to max_word bytes and is encoded beyond (ids and URLs in
/// a custom header must stay what they are).
void append_text_header(std::string& out, std::string_view name, std::string_view text,
                        std::size_t max_word = 38);

/// From, To or Reply-To: "Ann <ann@example.com>", the name quoted or encoded as it needs.
void append_mailbox_header(std::string& out, std::string_view name, const Mailbox& box);

/// Content-Disposition: `kind; filename="a.pdf"`, or filename* after RFC 2231, in pieces if long.
void append_disposition_header(std::string& out, std::string_view kind, std::string_view filename);

/// Content-Type with a name parameter, as an encoded word inside quotes where it is not ASCII: no
/// standard has that, but every reader that does not know RFC 2231 does. name may be "".
void append_type_header(std::string& out, std::string_view type, std::string_view name);

/// Date, in UTC: "Fri, 21 Aug 2026 02:30:00 +0000".
void append_date_header(std::string& out, std::int64_t unix_ms);

}  // namespace hongyan::mail
