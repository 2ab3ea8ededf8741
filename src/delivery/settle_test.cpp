#include "delivery/settle.hpp"

#include <gtest/gtest.h>

namespace hongyan::delivery {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;

Message attempt_number(std::int32_t attempts) {
    Message message;
    message.id = first_id_at(start_ms);
    message.attempts = attempts;
    return message;
}

Outcome outcome_of(OutcomeClass kind) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = "421";
    outcome.detail = "busy";
    return outcome;
}

Decision decided(OutcomeClass kind, std::int32_t attempts = 1, RetryRule rule = {},
                 std::int64_t now_ms = start_ms) {
    return decide(attempt_number(attempts), outcome_of(kind), rule, now_ms, 42);
}

TEST(Settle, each_class_leads_where_the_table_says) {
    using enum OutcomeClass;
    EXPECT_EQ(decided(accepted).status, MessageStatus::success);
    EXPECT_EQ(decided(accepted).reason, "");
    for (const auto kind : {transient, token, unknown, rate_limited, quota, configuration}) {
        EXPECT_EQ(decided(kind).status, MessageStatus::retrying) << to_text(kind);
        EXPECT_EQ(decided(kind).reason, std::string(to_text(kind)) + " 421: busy");
    }
    EXPECT_EQ(decided(recipient_permanent).status, MessageStatus::failed);
    EXPECT_EQ(decided(message_permanent).status, MessageStatus::failed);
    RetryRule hold;
    hold.hold_unknown = true;
    EXPECT_EQ(decided(unknown, 1, hold).status, MessageStatus::unknown);
    EXPECT_NE(hold.version(), RetryRule().version());
}

TEST(Settle, attempts_end_only_the_classes_that_use_them_up) {
    using enum OutcomeClass;
    for (const auto kind : {transient, token, unknown}) {
        EXPECT_EQ(decided(kind, 7).status, MessageStatus::retrying) << to_text(kind);
        EXPECT_EQ(decided(kind, 8).status,
                  kind == unknown ? MessageStatus::unknown : MessageStatus::failed)
            << to_text(kind);
    }
    for (const auto kind : {rate_limited, quota, configuration}) {
        EXPECT_EQ(decided(kind, 500).status, MessageStatus::retrying) << to_text(kind);
    }
    EXPECT_EQ(decided(configuration).next_attempt_ms, start_ms + RetryRule().base_ms)
        << "whoever set it up may be mending it";
    auto redriven = attempt_number(9);
    redriven.attempts_before = 8;
    EXPECT_EQ(decide(redriven, outcome_of(transient), {}, start_ms, 1).status,
              MessageStatus::retrying);
}

TEST(Settle, the_deadline_counts_from_ready_and_includes_its_last_millisecond) {
    RetryRule rule;
    rule.base_ms = 0;
    EXPECT_EQ(decided(OutcomeClass::quota, 1, rule, start_ms + rule.deadline_ms).status,
              MessageStatus::retrying);
    EXPECT_EQ(decided(OutcomeClass::quota, 1, rule, start_ms + rule.deadline_ms + 1).status,
              MessageStatus::failed);
    auto later = attempt_number(1);
    later.due_ms = start_ms + 1000;
    EXPECT_EQ(
        decide(later, outcome_of(OutcomeClass::quota), rule, start_ms + rule.deadline_ms + 1000, 1)
            .status,
        MessageStatus::retrying);
}

TEST(Settle, a_message_that_may_have_arrived_never_ends_as_failed_for_want_of_attempts_or_time) {
    auto message = attempt_number(8);
    message.unknown_since_ms = start_ms;
    const auto spent = decide(message, outcome_of(OutcomeClass::transient), {}, start_ms, 1);
    EXPECT_EQ(spent.status, MessageStatus::unknown);
    EXPECT_EQ(spent.reason,
              "gave up after 8 attempts; an earlier attempt may have arrived; transient 421: busy");
    const auto lost = decided(OutcomeClass::unknown, 8);
    EXPECT_EQ(lost.reason, "gave up after 8 attempts; unknown 421: busy");
    const auto late = start_ms + RetryRule().deadline_ms + 1;
    EXPECT_EQ(decide(message, outcome_of(OutcomeClass::quota), {}, late, 1).status,
              MessageStatus::unknown);
    message.attempts = 1;
    message.deliver_by_ms = start_ms;
    auto outcome = outcome_of(OutcomeClass::transient);
    outcome.retry_after_ms = 1'000;
    EXPECT_EQ(decide(message, outcome, {}, start_ms, 1).status, MessageStatus::unknown);
    // Nor does a refusal of the repeat tell what became of the first.
    EXPECT_EQ(
        decide(message, outcome_of(OutcomeClass::recipient_permanent), {}, start_ms, 1).status,
        MessageStatus::unknown);
}

TEST(Settle, a_pause_that_the_provider_wants_never_ends_a_message_before_its_deadline) {
    const RetryRule rule;
    auto outcome = outcome_of(OutcomeClass::transient);
    outcome.retry_after_ms = rule.deadline_ms + 1;
    const auto one = decide(attempt_number(1), outcome, rule, start_ms + 5'000, 1);
    EXPECT_EQ(one.status, MessageStatus::retrying);
    EXPECT_EQ(one.next_attempt_ms, start_ms + rule.deadline_ms);
    const auto after = start_ms + rule.deadline_ms + 1;
    EXPECT_EQ(decide(attempt_number(2), outcome, rule, after, 1).status, MessageStatus::failed);
    outcome.kind = OutcomeClass::rate_limited;
    EXPECT_EQ(decide(attempt_number(1), outcome, rule, start_ms, 1).next_attempt_ms,
              start_ms + longest_account_pause_ms)
        << "the account is asked again by then";
}

TEST(Settle, no_attempt_is_planned_after_deliver_by) {
    auto message = attempt_number(1);
    auto outcome = outcome_of(OutcomeClass::rate_limited);
    outcome.retry_after_ms = 5'000;
    message.deliver_by_ms = start_ms + 5'000;
    const auto in_time = decide(message, outcome, {}, start_ms, 1);
    EXPECT_EQ(in_time.status, MessageStatus::retrying);
    EXPECT_EQ(in_time.next_attempt_ms, start_ms + 5'000);
    message.deliver_by_ms -= 1;
    EXPECT_EQ(decide(message, outcome, {}, start_ms, 1).status, MessageStatus::expired);
}

TEST(Settle, the_pause_spreads_over_its_whole_range_and_repeats_with_its_seed) {
    const RetryRule rule;
    for (std::int32_t attempts = 1; attempts < 8; ++attempts) {
        const std::int64_t ceiling = std::min(rule.max_ms, rule.base_ms << (attempts - 1));
        std::int64_t least = ceiling;
        std::int64_t most = 0;
        for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
            const auto one = decide(attempt_number(attempts), outcome_of(OutcomeClass::transient),
                                    rule, start_ms, seed);
            const auto same = decide(attempt_number(attempts), outcome_of(OutcomeClass::transient),
                                     rule, start_ms, seed);
            ASSERT_EQ(one.next_attempt_ms, same.next_attempt_ms);
            least = std::min(least, one.next_attempt_ms - start_ms);
            most = std::max(most, one.next_attempt_ms - start_ms);
        }
        EXPECT_GE(least, 0);
        EXPECT_LE(most, ceiling);
        EXPECT_LT(least, ceiling / 50);
        EXPECT_GT(most, ceiling - ceiling / 50);
    }
}

}  // namespace
}  // namespace hongyan::delivery
