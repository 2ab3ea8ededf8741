#include "channel/twilio/outcome.hpp"

#include <gtest/gtest.h>

namespace hongyan::twilio {
namespace {

using enum OutcomeClass;

OutboundReply reply_of(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

OutcomeClass class_of(int code, int attempts = 1, int status = 400) {
    return judge_answer(reply_of(status, R"({"code":)" + std::to_string(code) +
                                             R"(,"message":"m","status":400})"),
                        attempts)
        .kind;
}

TEST(twilio_outcome, a_201_with_a_sid_is_accepted) {
    const auto outcome =
        judge_answer(reply_of(201, R"({"sid":"SM1","status":"queued","error_code":null})"), 1);
    EXPECT_EQ(outcome.kind, accepted);
    EXPECT_EQ(outcome.provider_message_id, "SM1");
    EXPECT_EQ(outcome.code, "queued");
}

TEST(twilio_outcome, a_201_that_says_failed_is_no_success) {
    const auto failed = [](const std::string& code) {
        return judge_answer(
            reply_of(201, R"({"sid":"SM1","status":"failed","error_code":)" + code + "}"), 1);
    };
    EXPECT_EQ(failed("30005").kind, recipient_permanent);
    EXPECT_EQ(failed("null").kind, message_permanent);
    EXPECT_EQ(failed("30005").provider_message_id, "SM1");
}

TEST(twilio_outcome, every_listed_code_has_its_class) {
    const std::vector<std::pair<OutcomeClass, std::vector<int>>> table{
        {configuration, {20003, 21606, 21608, 21408, 30002}},
        {rate_limited, {20429, 21611, 30001}},
        {recipient_permanent, {21211, 21614, 21612, 21610, 30004, 30005, 30006}},
        {message_permanent, {21617, 30007}},
        {transient, {30003, 30008}},
    };
    for (const auto& [kind, codes] : table) {
        for (const int code : codes) EXPECT_EQ(class_of(code), kind) << code;
    }
}

TEST(twilio_outcome, an_unreachable_handset_gets_one_more_try) {
    EXPECT_EQ(class_of(30003, 2), recipient_permanent);
    EXPECT_EQ(class_of(30008, 2), message_permanent);
}

TEST(twilio_outcome, a_code_nobody_listed_goes_by_its_status_and_family) {
    EXPECT_EQ(class_of(21999), message_permanent);
    EXPECT_EQ(class_of(29999, 1, 429), rate_limited);
    EXPECT_EQ(class_of(20500, 1, 500), transient);
    EXPECT_EQ(class_of(20999, 1, 401), configuration);
}

TEST(twilio_outcome, stop_is_suppressed) {
    EXPECT_FALSE(
        judge_answer(reply_of(400, R"({"code":21610,"message":"m"})"), 1).suppress.empty());
    EXPECT_TRUE(judge_answer(reply_of(400, R"({"code":21211,"message":"m"})"), 1).suppress.empty());
}

TEST(twilio_outcome, an_answer_that_cannot_be_read_is_judged_by_its_status) {
    for (const char* body : {"", "<html>", "[]", "{}", R"({"sid":5})", R"({"status":"queued"})"}) {
        EXPECT_EQ(judge_answer(reply_of(201, body), 1).kind, unknown) << body;
    }
    EXPECT_EQ(judge_answer(reply_of(503, "<html>"), 1).kind, transient);
    EXPECT_EQ(judge_answer(reply_of(429, ""), 1).kind, rate_limited);
    EXPECT_EQ(judge_answer(reply_of(302, ""), 1).kind, configuration);
    EXPECT_EQ(judge_answer(reply_of(202, "{}"), 1).kind, unknown);
}

TEST(twilio_outcome, retry_after_is_passed_on) {
    auto reply = reply_of(429, R"({"code":20429,"message":"m"})");
    reply.headers.emplace_back("retry-after", "3");
    EXPECT_EQ(judge_answer(reply, 1).retry_after_ms, 3'000);
}

}  // namespace
}  // namespace hongyan::twilio
