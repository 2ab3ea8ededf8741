#include "delivery/webhook_rule.hpp"

#include <algorithm>
#include <array>

#include "kit/http_account.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
/// Pauses after the first, second, ... attempt; about three days in all.
constexpr std::array<std::int64_t, 9> pauses{5 * second, 5 * minute, 30 * minute,
                                             2 * hour,   5 * hour,   10 * hour,
                                             14 * hour,  20 * hour,  24 * hour};
/// An endpoint that has not taken anything for so long is switched off.
constexpr std::int64_t patience = 5 * 24 * hour;
constexpr std::size_t longest_detail = 300;

std::string detail_of(const OutboundReply& reply) {
    if (reply.end != CallEnd::answered) return reply.detail.substr(0, longest_detail);
    return "HTTP " + std::to_string(reply.status);
}

bool asks_to_slow_down(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

WebhookVerdict judge_webhook(const table::EventRow& event, const table::EndpointRow& endpoint,
                             const OutboundReply& reply, std::int64_t now_ms, std::uint64_t seed) {
    WebhookVerdict v;
    v.detail = detail_of(reply);
    const bool answered = reply.end == CallEnd::answered;
    if (answered && reply.status >= 200 && reply.status < 300) {
        v.delivered = true;
        return v;
    }
    if (answered && reply.status == 410) {
        v.given_up = v.disable = true;
        v.detail += ": the receiver wants no more";
        return v;
    }
    // The address leads where it may not; that does not change by waiting.
    if (reply.end == CallEnd::refused) {
        v.given_up = true;
        return v;
    }
    const auto tried = static_cast<std::size_t>(std::max<std::int64_t>(1, event.attempts));
    const bool failed_long =
        endpoint.failing_since_ms != 0 && now_ms - endpoint.failing_since_ms >= patience;
    v.disable = failed_long;
    if (tried > pauses.size()) {
        v.given_up = true;
        v.disable = true;
        v.detail += "; gave up after " + std::to_string(tried) + " attempts";
        return v;
    }
    auto pause = pauses[tried - 1];
    pause += static_cast<std::int64_t>(seed % static_cast<std::uint64_t>(pause / 10 + 1));
    if (answered && asks_to_slow_down(reply.status))
        pause = std::max(pause, kit::retry_after_ms(reply.header("retry-after"), now_ms));
    v.next_ms = now_ms + pause;
    return v;
}

}  // namespace hongyan::delivery
