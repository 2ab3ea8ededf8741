// What follows from the answer of a sender's webhook endpoint; the schedule is that of the Standard
// Webhooks specification. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "contract/outbound.hpp"
#include "table/webhooks.hpp"

namespace hongyan::delivery {

struct WebhookVerdict {
    bool delivered = false;
    bool given_up = false;
    bool disable = false;      ///< the endpoint takes no more
    std::int64_t next_ms = 0;  ///< when to try again
    std::string detail;
};

/// event.attempts counts the attempt that reply answers; seed spreads the pauses by up to a tenth.
[[nodiscard]] WebhookVerdict judge_webhook(const table::EventRow& event,
                                           const table::EndpointRow& endpoint,
                                           const OutboundReply& reply, std::int64_t now_ms,
                                           std::uint64_t seed);

}  // namespace hongyan::delivery
