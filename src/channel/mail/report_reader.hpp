// The machine-readable parts of reports: message/delivery-status (RFC 3464) and
// message/feedback-report (ARF, RFC 5965), read as leniently as real servers demand: status with a
// comment, types other than rfc822, no blank after a semicolon, blocks that run together. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hongyan::mail {

/// What a server says of one recipient.
struct RecipientReport {
    std::string recipient;   ///< the original one if given, else the final one
    std::string action;      ///< lower case: failed, delayed, delivered, relayed, expanded
    std::string status;      ///< "5.1.1", or "" if there is none
    std::string diagnostic;  ///< the remote server's words
    std::int64_t at_ms = 0;  ///< 0 = not said
};

struct DeliveryReport {
    std::string envelope_id;  ///< Original-Envelope-Id
    std::vector<RecipientReport> recipients;
};

/// At most 100 recipients; the rest is left out.
[[nodiscard]] DeliveryReport read_delivery_status(std::string_view text);

struct FeedbackReport {
    std::string type;       ///< lower case: abuse, fraud, virus, other, not-spam, opt-out ...
    std::string mail_from;  ///< Original-Mail-From
    std::string recipient;  ///< Original-Rcpt-To or Removal-Recipient
    std::int64_t at_ms = 0;
};

[[nodiscard]] FeedbackReport read_feedback_report(std::string_view text);

/// The first enhanced status code (RFC 3463) in text, such as "5.1.1"; "" if there is none. Parts
/// of longer numbers (addresses, versions) do not count.
[[nodiscard]] std::string find_status(std::string_view text);

}  // namespace hongyan::mail
