#include "delivery/settle.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::delivery {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014): spreads a seed over all bits.
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

std::int64_t random_pause(const RetryRule& rule, std::int32_t attempt, std::uint64_t seed) {
    const int doublings = std::clamp(attempt - 1, 0, 30);
    const std::int64_t ceiling = std::min(rule.max_ms, rule.base_ms << doublings);
    return static_cast<std::int64_t>(mixed(seed) % static_cast<std::uint64_t>(ceiling + 1));
}

bool ends_by_attempts(OutcomeClass kind) {
    return kind == OutcomeClass::transient || kind == OutcomeClass::token ||
           kind == OutcomeClass::unknown;
}

std::string words_of(const Outcome& outcome) {
    std::string words(to_text(outcome.kind));
    if (!outcome.code.empty()) words += " " + outcome.code;
    if (!outcome.detail.empty()) words += ": " + outcome.detail;
    return words;
}

Decision failed(const Outcome& outcome, std::string why) {
    return {MessageStatus::failed, 0, std::move(why) + words_of(outcome), false};
}

Decision again(const Message& message, const Outcome& outcome, const RetryRule& rule,
               std::int64_t now_ms, std::uint64_t seed) {
    if (ends_by_attempts(outcome.kind) &&
        message.attempts - message.attempts_before >= rule.attempts) {
        return failed(outcome, "gave up after " + std::to_string(message.attempts) + " attempts; ");
    }
    // An attempt that a limit refused does not count as one, but the pauses grow with it all the
    // same.
    const bool is_free = !ends_by_attempts(outcome.kind);
    std::int64_t pause = random_pause(
        rule, is_free ? message.attempts : message.attempts - message.attempts_before, seed);
    if (outcome.kind == OutcomeClass::configuration) pause = rule.max_ms;
    const std::int64_t next = now_ms + std::max(pause, outcome.retry_after_ms);
    if (next > message.ready_ms() + rule.deadline_ms) {
        return failed(outcome, "gave up at the deadline of " +
                                   std::to_string(rule.deadline_ms / 3'600'000) + " h; ");
    }
    if (message.deliver_by_ms > 0 && next > message.deliver_by_ms) {
        return {MessageStatus::expired, 0,
                "the next attempt would come after deliver_by; " + words_of(outcome), false};
    }
    return {MessageStatus::retrying, next, words_of(outcome), is_free};
}

}  // namespace

std::string RetryRule::version() const {
    return "retry-" + std::to_string(attempts) + "x" + std::to_string(base_ms) + "-" +
           std::to_string(max_ms) + "-" + std::to_string(deadline_ms / 3'600'000) + "h-" +
           (hold_unknown ? "hold" : "send");
}

Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                std::int64_t now_ms, std::uint64_t seed) {
    switch (outcome.kind) {
        case OutcomeClass::accepted:
            return {};
        case OutcomeClass::recipient_permanent:
        case OutcomeClass::message_permanent:
            return failed(outcome, "");
        case OutcomeClass::unknown:
            if (rule.hold_unknown) return {MessageStatus::unknown, 0, words_of(outcome), false};
            return again(message, outcome, rule, now_ms, seed);
        case OutcomeClass::transient:
        case OutcomeClass::token:
        case OutcomeClass::rate_limited:
        case OutcomeClass::quota:
        case OutcomeClass::configuration:
            return again(message, outcome, rule, now_ms, seed);
    }
    return failed(outcome, "");
}

}  // namespace hongyan::delivery
