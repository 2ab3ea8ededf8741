#include "route/destination.hpp"

#include <gtest/gtest.h>

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

TEST_F(Destinations, names_what_is_wrong_with_a_rule) {
    EXPECT_FALSE(DestinationLimits::problem_of("domain:gmail.com", LimitType::qps));
    EXPECT_FALSE(DestinationLimits::problem_of("api:/messages/send", LimitType::concurrency));
    EXPECT_TRUE(DestinationLimits::problem_of("domain:gmail.com", LimitType::concurrency));
    EXPECT_TRUE(DestinationLimits::problem_of("country:china", LimitType::qps));
    EXPECT_TRUE(DestinationLimits::problem_of("recipient:fax:*", LimitType::qps));
}

}  // namespace
}  // namespace hongyan::route
