#include "route/destination.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hongyan::route {
namespace {

LimitRule rule(std::string resource, double max, int seconds = 60) {
    LimitRule made;
    made.resource = std::move(resource);
    made.type = LimitType::window;
    made.max_value = max;
    made.window_seconds = seconds;
    return made;
}

Message to(ChannelKind channel, std::string recipient, std::int64_t template_id = 0) {
    Message message;
    message.channel = channel;
    message.recipient = std::move(recipient);
    message.template_id = template_id;
    return message;
}

class Destinations : public ::testing::Test {
  protected:
    int passed(const Message& message, int tries) {
        int count = 0;
        for (int i = 0; i < tries; ++i) count += limits_.admit(message).ok;
        return count;
    }
    ManualClock clock_;
    DestinationLimits limits_{clock_};
};

TEST_F(Destinations, counts_each_domain_by_itself) {
    limits_.set_rules({rule("domain:*", 2), rule("domain:slow.example", 1)});
    EXPECT_EQ(passed(to(ChannelKind::email, "a@fast.example"), 5), 2);
    EXPECT_EQ(passed(to(ChannelKind::email, "Ann <b@SLOW.example>"), 5), 1);
    EXPECT_EQ(passed(to(ChannelKind::sms, "13800138000"), 5), 5) << "no domain";
}

TEST_F(Destinations, knows_country_codes_of_one_two_and_three_digits) {
    EXPECT_EQ(country_code("+8613800138000"), "86");
    EXPECT_EQ(country_code("0014155550100"), "1");
    EXPECT_EQ(country_code("+79161234567"), "7");
    EXPECT_EQ(country_code("+85291234567"), "852");
    EXPECT_EQ(country_code("13800138000"), "");
    limits_.set_rules({rule("country:852", 1)});
    EXPECT_EQ(passed(to(ChannelKind::sms, "+85291234567"), 3), 1);
    EXPECT_EQ(passed(to(ChannelKind::sms, "+8613800138000"), 3), 3);
}

TEST_F(Destinations, counts_recipients_templates_and_prefixes) {
    limits_.set_rules({rule("recipient:sms:*", 3), rule("template:7", 4), rule("prefix:+8613", 5)});
    EXPECT_EQ(passed(to(ChannelKind::sms, "111"), 5), 3);
    EXPECT_EQ(passed(to(ChannelKind::app, "111"), 5), 5);
    EXPECT_EQ(passed(to(ChannelKind::app, "x", 7), 9), 4);
    EXPECT_EQ(passed(to(ChannelKind::feishu, "+8613"), 9), 5);
}

TEST_F(Destinations, counts_nothing_when_one_rule_refuses) {
    limits_.set_rules({rule("recipient:*", 1), rule("template:*", 2)});
    EXPECT_TRUE(limits_.admit(to(ChannelKind::sms, "1", 9)).ok);
    EXPECT_FALSE(limits_.admit(to(ChannelKind::sms, "1", 9)).ok);
    EXPECT_FALSE(limits_.admit(to(ChannelKind::sms, "1", 9)).ok);
    EXPECT_TRUE(limits_.admit(to(ChannelKind::sms, "2", 9)).ok) << "the refused ones did not count";
    EXPECT_FALSE(limits_.admit(to(ChannelKind::sms, "3", 9)).ok);
}

TEST_F(Destinations, says_when_it_would_let_the_message_through_and_does) {
    limits_.set_rules({rule("recipient:*", 2, 10)});
    const auto message = to(ChannelKind::sms, "1");
    EXPECT_EQ(passed(message, 3), 2);
    const auto answer = limits_.ask(message);
    ASSERT_FALSE(answer.ok);
    EXPECT_EQ(answer.reason, "recipient:* allows 2 in 10 s");
    for (int i = 0; i < 5 && !limits_.ask(message).ok; ++i)
        clock_.advance(Millis(limits_.ask(message).again_ms - clock_.now_ms()));
    EXPECT_TRUE(limits_.admit(message).ok);
    EXPECT_LE(clock_.now_ms(), answer.again_ms + 20'000);
}

TEST_F(Destinations, never_exceeds_the_limit_in_any_interval_and_uses_most_of_it) {
    limits_.set_rules({rule("recipient:*", 10, 10)});
    const auto message = to(ChannelKind::sms, "1");
    std::vector<std::int64_t> passed;
    for (int i = 0; i < 1'000; ++i) {
        if (limits_.admit(message).ok) passed.push_back(clock_.now_ms());
        clock_.advance(Millis(100));
    }
    for (std::size_t i = 10; i < passed.size(); ++i)
        EXPECT_GE(passed[i] - passed[i - 10], 10'000) << "eleven in one window, from " << i - 10;
    EXPECT_GE(passed.size(), 85U);
}

TEST_F(Destinations, a_restart_begins_where_the_count_was) {
    const std::vector<LimitRule> rules{rule("recipient:*", 10, 3600), rule("domain:*", 5, 10)};
    limits_.set_rules(rules);
    const auto message = to(ChannelKind::email, "a@b.example");
    std::vector<DestinationCount> stored;
    const auto store = [&] {
        for (const auto& one : limits_.take_unsaved()) stored.push_back(one);
    };
    EXPECT_EQ(passed(message, 3), 3);
    store();
    EXPECT_TRUE(limits_.take_unsaved().empty()) << "handed out once";
    clock_.advance(Millis(900'000));
    EXPECT_EQ(passed(message, 4), 4);
    store();
    ASSERT_EQ(stored.size(), 4U) << "two limits, two parts each";
    clock_.advance(Millis(1'000));
    // The store keeps what still counts and gives what counts longest first.
    std::erase_if(stored, [&](const auto& one) { return one.ends_ms <= clock_.now_ms(); });
    EXPECT_EQ(stored.size(), 3U) << "the first of ten seconds has ended";
    std::sort(stored.begin(), stored.end(),
              [](const auto& a, const auto& b) { return a.ends_ms > b.ends_ms; });

    DestinationLimits again(clock_);
    again.set_rules(rules);
    again.restore(stored);
    EXPECT_TRUE(again.take_unsaved().empty()) << "what was stored is not added once more";
    int count = 0;
    for (int i = 0; i < 20; ++i) count += again.admit(message).ok;
    EXPECT_EQ(count, 1) << "4 of 5 in ten seconds";
    clock_.advance(Millis(12'000));
    count = 0;
    for (int i = 0; i < 20; ++i) count += again.admit(message).ok;
    EXPECT_EQ(count, 2) << "8 of 10 in the hour";
}

TEST_F(Destinations, a_rule_with_another_window_counts_anew) {
    limits_.set_rules({rule("recipient:*", 2, 10)});
    const auto message = to(ChannelKind::sms, "1");
    EXPECT_EQ(passed(message, 5), 2);
    limits_.set_rules({rule("recipient:*", 3, 3600)});
    EXPECT_EQ(passed(message, 5), 3);
    limits_.set_rules({rule("recipient:*", 4, 3600)});
    EXPECT_EQ(passed(message, 5), 1) << "another number keeps the count";
}

TEST_F(Destinations, names_what_is_wrong_with_a_rule) {
    EXPECT_FALSE(DestinationLimits::problem_of("domain:gmail.com", LimitType::qps));
    EXPECT_FALSE(DestinationLimits::problem_of("api:/messages/send", LimitType::concurrency));
    EXPECT_TRUE(DestinationLimits::problem_of("domain:gmail.com", LimitType::concurrency));
    EXPECT_TRUE(DestinationLimits::problem_of("country:china", LimitType::qps));
    EXPECT_TRUE(DestinationLimits::problem_of("recipient:fax:*", LimitType::qps));
}

}  // namespace
}  // namespace hongyan::route
