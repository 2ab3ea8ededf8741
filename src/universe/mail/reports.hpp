// What a mail system sends back: a bounce (RFC 3464) or a complaint (ARF, RFC 5965), as the whole
// mail that the sender's own mailbox would receive. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hongyan::universe::mail {

struct ReportFacts {
    std::string host;       ///< of the reporting server
    std::string sender;     ///< the mail's envelope sender, which is told
    std::string recipient;  ///< the one it is about
    std::string queue_id;
    std::string envelope_id;
    std::string original;  ///< the mail; its header is returned
    std::int64_t at_ms = 0;
};

enum class BounceKind : std::uint8_t { hard, soft, delay };

[[nodiscard]] std::string bounce_mail(const ReportFacts& facts, BounceKind kind);
[[nodiscard]] std::string complaint_mail(const ReportFacts& facts);

/// "Fri, 21 Aug 2026 02:30:00 +0000"
[[nodiscard]] std::string mail_date(std::int64_t at_ms);

}  // namespace hongyan::universe::mail
