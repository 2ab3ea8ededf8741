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

std::string words_of(const Outcome& outcome) {
    std::string words(to_text(outcome.kind));
    if (!outcome.code.empty()) words += " " + outcome.code;
    if (!outcome.detail.empty()) words += ": " + outcome.detail;
    return words;
}

Decision failed(const Outcome& outcome, std::string why) {
    return {MessageStatus::failed, 0, std::move(why) + words_of(outcome), false, false};
}

/// The server's rule with what the table says of this class.
RetryRule with(const RetryRule& rule, const OutcomeRule& of_class) {
    RetryRule merged = rule;
    if (of_class.attempts > 0) merged.attempts = of_class.attempts;
    if (of_class.base_ms > 0) merged.base_ms = of_class.base_ms;
    if (of_class.max_ms > 0) merged.max_ms = of_class.max_ms;
    return merged;
}

/// Trying ends here. If an answer was lost on the way, nobody knows that the message failed.
Decision given_up(const Message& message, const Outcome& outcome, std::string why) {
    if (outcome.kind != OutcomeClass::unknown && message.unknown_since_ms == 0)
        return failed(outcome, std::move(why));
    if (outcome.kind != OutcomeClass::unknown) why += "an earlier attempt may have arrived; ";
    return {MessageStatus::unknown, 0, std::move(why) + words_of(outcome), false, false};
}

/// When the provider's own word makes the message wait too long, it waits as long as it may.
std::int64_t bounded_pause(const Message& message, const RetryRule& rule, std::int64_t pause,
                           const Outcome& outcome, std::int64_t now_ms) {
    // Of a throttled account: as long as the account itself pauses, then it is asked again.
    const std::int64_t wanted = outcome.kind == OutcomeClass::rate_limited
                                    ? std::min(outcome.retry_after_ms, longest_account_pause_ms)
                                    : outcome.retry_after_ms;
    if (wanted <= pause) return pause;
    const std::int64_t left = message.ready_ms() + rule.deadline_ms - now_ms;
    return std::max(pause, std::min(wanted, left));
}

Decision again(const Message& message, const Outcome& outcome, const RetryRule& rule, bool is_free,
               bool fails_over, std::int64_t now_ms, std::uint64_t seed) {
    if (!is_free && message.attempts - message.attempts_before >= rule.attempts) {
        return given_up(message, outcome,
                        "gave up after " + std::to_string(message.attempts) + " attempts; ");
    }
    // An attempt that a limit refused does not count as one, but the pauses grow with it all the
    // same.
    std::int64_t pause = random_pause(
        rule, is_free ? message.attempts : message.attempts - message.attempts_before, seed);
    // Soon again at first: whoever set it up may be mending it at this moment.
    if (outcome.kind == OutcomeClass::configuration)
        pause = std::min(rule.max_ms, rule.base_ms << std::clamp(message.attempts - 1, 0, 30));
    pause = bounded_pause(message, rule, pause, outcome, now_ms);
    if (fails_over) pause = 0;
    const std::int64_t next = now_ms + pause;
    if (next > message.ready_ms() + rule.deadline_ms) {
        return given_up(
            message, outcome,
            "gave up at the deadline of " + std::to_string(rule.deadline_ms / 3'600'000) + " h; ");
    }
    if (message.deliver_by_ms > 0 && next > message.deliver_by_ms) {
        if (outcome.kind == OutcomeClass::unknown || message.unknown_since_ms != 0)
            return given_up(message, outcome, "the next attempt would come after deliver_by; ");
        return {MessageStatus::expired, 0,
                "the next attempt would come after deliver_by; " + words_of(outcome), false, false};
    }
    return {MessageStatus::retrying, next,
            (fails_over ? "trying another account; " : "") + words_of(outcome), is_free,
            fails_over};
}

bool is_held(const RetryRule& rule, const Circumstances& circumstances) {
    return !circumstances.safe_repeat && circumstances.hold_unknown.value_or(rule.hold_unknown);
}

}  // namespace

std::string RetryRule::version() const {
    return "retry-" + std::to_string(attempts) + "x" + std::to_string(base_ms) + "-" +
           std::to_string(max_ms) + "-" + std::to_string(deadline_ms / 3'600'000) + "h-" +
           (hold_unknown ? "hold" : "send");
}

std::string rule_version(const RetryRule& rule, const OutcomeTable& table, OutcomeClass kind) {
    const auto version = table[static_cast<std::size_t>(kind)].version;
    if (version <= 1) return rule.version();
    return rule.version() + "-" + std::string(to_text(kind)) + "-v" + std::to_string(version);
}

OutcomeTable default_outcomes() {
    OutcomeTable table{};
    const auto of = [&table](OutcomeClass kind) -> OutcomeRule& {
        return table[static_cast<std::size_t>(kind)];
    };
    of(OutcomeClass::transient).fail_over = true;
    of(OutcomeClass::token).fail_over = true;
    of(OutcomeClass::rate_limited) = {Action::wait, true, 0, 0, 0, 1};
    of(OutcomeClass::quota) = {Action::wait, false, 0, 0, 0, 1};
    of(OutcomeClass::configuration) = {Action::wait, true, 0, 0, 0, 1};
    of(OutcomeClass::recipient_permanent).action = Action::fail;
    of(OutcomeClass::message_permanent).action = Action::fail;
    return table;
}

Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                const OutcomeTable& table, const Circumstances& circumstances, std::int64_t now_ms,
                std::uint64_t seed) {
    if (outcome.kind == OutcomeClass::accepted) return {};
    const OutcomeRule& of_class = table[static_cast<std::size_t>(outcome.kind)];
    Action action = of_class.action;
    if (outcome.kind == OutcomeClass::unknown && action == Action::retry &&
        is_held(rule, circumstances))
        action = Action::hold;
    switch (action) {
        case Action::fail:
            // An operator's word about lost answers themselves counts.
            return outcome.kind == OutcomeClass::unknown ? failed(outcome, "")
                                                         : given_up(message, outcome, "");
        case Action::hold:
            return {MessageStatus::unknown, 0, words_of(outcome), false, false};
        case Action::retry:
        case Action::wait:
            break;
    }
    return again(message, outcome, with(rule, of_class), action == Action::wait,
                 of_class.fail_over && circumstances.other_account, now_ms, seed);
}

Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                std::int64_t now_ms, std::uint64_t seed) {
    static const OutcomeTable table = default_outcomes();
    return decide(message, outcome, rule, table, {}, now_ms, seed);
}

}  // namespace hongyan::delivery
