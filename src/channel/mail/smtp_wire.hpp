// The bytes of an SMTP transaction: commands from an envelope, and a mail as DATA or BDAT want it.
// Nothing that could end a command or the mail early gets through here, whatever the composer
// promised: a bare CR or LF, a NUL or an over-long line is refused, not mended (SMTP smuggling).
// Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/mail/compose.hpp"
#include "channel/mail/smtp_features.hpp"

namespace hongyan::mail {

/// Octets in front of a line's CRLF (RFC 5322 2.1.1).
inline constexpr std::size_t max_mail_line = 998;

/// What the transaction uses of what is offered.
struct WireOptions {
    Features features;
    bool notices = false;     ///< ask for bounces (RFC 3461), if offered
    std::string envelope_id;  ///< for ENVID
};

/// Appends MAIL and RCPT, each with its CRLF. Errors, with what to do as detail: recipient_invalid
/// (an address that could break out of its command), content_invalid (the server lacks what the
/// mail needs, or takes no mail of this size).
[[nodiscard]] Status append_envelope(std::string& out, const Mail& mail,
                                     const WireOptions& options);

/// Appends the mail with leading dots doubled and the line with a single dot behind it. On an error
/// (content_invalid) out is as it was.
[[nodiscard]] Status append_dot_stuffed(std::string& out, std::string_view data);

/// The same check for data that goes out as it is, by BDAT.
[[nodiscard]] Status check_lines(std::string_view data);

}  // namespace hongyan::mail
