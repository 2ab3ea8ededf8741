// Reads what comes back by mail: bounces (RFC 3464 and the forms of qmail, Exchange and others that
// are only text), complaints (ARF, RFC 5965) and unsubscribe mails, and one-click unsubscribe
// tokens (RFC 8058). The message is named by the signed return path (VERP) if it is there, else by
// the signed reference or the Message-ID in the returned headers. Input is hostile: size, parts,
// depth and lines are limited, nothing recurses without a bound. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "channel/mail/mail_settings.hpp"
#include "contract/channel.hpp"

namespace hongyan::mail {

inline constexpr std::size_t max_bounce_bytes = 10 * 1024 * 1024;

/// What proves that a report is about a mail of this account. Made by bounce_keys().
struct BounceKeys {
    std::string verp_prefix;
    std::string verp_domain;
    std::string verp_key;         ///< "" = no VERP
    std::string unsubscribe_key;  ///< "" = no tokens
    std::string message_id_domain;
    bool accept_unsigned = true;
};

[[nodiscard]] BounceKeys bounce_keys(const MailSettings& settings);

/// Receipts of one mail as it was received (header, blank line, body; any line ends). None if the
/// mail is no report (an absence note, say) or names no message of ours. A hard bounce is "failed"
/// with suppress "hard bounce" (without it where the address is not at fault), a complaint is
/// "success" with suppress "complaint", a delay or soft bounce is "success" for the trace only.
/// Errors: bad_request (not a mail, or beyond the limits).
[[nodiscard]] Result<std::vector<Receipt>> read_bounce(std::string_view mail,
                                                       const BounceKeys& keys, std::int64_t now_ms);

/// The receipt of an unsubscribe token from the URL: "success" with suppress "unsubscribed", the
/// message and the recipient. To be called for POST only; a GET (link scanners) shows a page.
/// Errors: unauthorized (not our token, or changed).
[[nodiscard]] Result<Receipt> read_unsubscribe(std::string_view token, const BounceKeys& keys);

}  // namespace hongyan::mail
