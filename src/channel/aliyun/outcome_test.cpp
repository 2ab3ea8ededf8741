#include "channel/aliyun/outcome.hpp"

#include <gtest/gtest.h>

namespace hongyan::aliyun {
namespace {

using enum OutcomeClass;

OutboundReply reply_of(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

OutcomeClass class_of(const std::string& code, int status = 200, int attempts = 1) {
    return judge_answer(reply_of(status, R"({"Code":")" + code + R"(","Message":"m"})"), attempts)
        .kind;
}

TEST(aliyun_outcome, ok_is_accepted_with_its_biz_id) {
    const auto outcome = judge_answer(
        reply_of(200,
                 R"({"Message":"OK","RequestId":"r","Code":"OK","BizId":"900619746936498440^0"})"),
        1);
    EXPECT_EQ(outcome.kind, accepted);
    EXPECT_EQ(outcome.provider_message_id, "900619746936498440^0");
    EXPECT_EQ(outcome.code, "OK");
}

TEST(aliyun_outcome, every_listed_code_has_its_class) {
    const std::vector<std::pair<OutcomeClass, std::vector<std::string>>> table{
        {quota, {"isv.BUSINESS_LIMIT_CONTROL"}},
        {rate_limited, {"Throttling", "Throttling.User", "Throttling.Api"}},
        {transient,
         {"ServiceUnavailable", "isp.SYSTEM_ERROR", "InternalError", "isp.UNKNOWN_ERROR"}},
        {recipient_permanent,
         {"isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
          "isv.BLACK_KEY_CONTROL_LIMIT"}},
        {message_permanent,
         {"isv.MOBILE_COUNT_OVER_LIMIT", "isv.TEMPLATE_MISSING_PARAMETERS",
          "isv.INVALID_PARAMETERS", "isv.INVALID_JSON_PARAM", "isv.PARAM_LENGTH_LIMIT",
          "isv.PARAM_NOT_SUPPORT_URL", "isv.TEMPLATE_PARAMS_ILLEGAL", "isv.SMS_CONTENT_ILLEGAL"}},
        {configuration,
         {"isv.DAY_LIMIT_CONTROL",
          "isv.MONTH_LIMIT_CONTROL",
          "isv.SMS_TEMPLATE_ILLEGAL",
          "isv.SMS_SIGNATURE_ILLEGAL",
          "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
          "isv.SMS_SIGN_ILLEGAL",
          "isv.SIGN_STATE_ILLEGAL",
          "isv.EXTEND_CODE_ERROR",
          "isv.DENY_IP_RANGE",
          "isv.OUT_OF_SERVICE",
          "isv.AMOUNT_NOT_ENOUGH",
          "isv.PRODUCT_UN_SUBSCRIPT",
          "isv.PRODUCT_UNSUBSCRIBE",
          "isv.ACCOUNT_NOT_EXISTS",
          "isv.ACCOUNT_ABNORMAL",
          "isp.RAM_PERMISSION_DENY",
          "Forbidden.RAM",
          "InvalidAccessKeyId.NotFound",
          "SignatureDoesNotMatch",
          "InvalidVersion",
          "InvalidAction.NotFound"}},
        {token, {"InvalidTimeStamp.Expired"}},
        {unknown, {"SignatureNonceUsed"}},
    };
    for (const auto& [kind, codes] : table) {
        for (const std::string& code : codes) {
            EXPECT_EQ(class_of(code), kind) << code;
            EXPECT_EQ(class_of(code, 400), kind) << code;
        }
    }
}

TEST(aliyun_outcome, a_code_nobody_listed_never_counts_as_accepted) {
    EXPECT_EQ(class_of("isv.NEW_RULE"), message_permanent);
    EXPECT_EQ(class_of("isp.NEW_TROUBLE"), transient);
    EXPECT_EQ(class_of("MissingSignName", 400), message_permanent);
    EXPECT_EQ(class_of("Whatever", 200), message_permanent);
    EXPECT_EQ(class_of("Whatever", 503), transient);
    EXPECT_EQ(class_of("Throttling.Other", 503), rate_limited);
    EXPECT_EQ(class_of("ok", 200), message_permanent);
}

TEST(aliyun_outcome, an_unknown_error_is_tried_twice_only) {
    EXPECT_EQ(class_of("isp.UNKNOWN_ERROR", 200, 2), message_permanent);
    EXPECT_EQ(class_of("isp.SYSTEM_ERROR", 200, 2), transient);
}

TEST(aliyun_outcome, a_200_that_cannot_be_read_is_unknown) {
    for (const char* body : {"", "<html>", "[]", "null", "{}", R"({"Code":5})", R"({"Code":"OK")",
                             "{\"Code\":\"\"}"}) {
        EXPECT_EQ(judge_answer(reply_of(200, body), 1).kind, unknown) << body;
    }
    EXPECT_EQ(judge_answer(reply_of(502, "<html>"), 1).kind, transient);
    EXPECT_EQ(judge_answer(reply_of(301, ""), 1).kind, configuration);
}

TEST(aliyun_outcome, a_throttled_answer_tells_when_to_come_back) {
    auto reply = reply_of(400, R"({"Code":"Throttling.User","Message":"m"})");
    reply.headers.emplace_back("retry-after", "7");
    EXPECT_EQ(judge_answer(reply, 1).retry_after_ms, 7'000);
}

TEST(aliyun_outcome, a_blocked_number_is_suppressed) {
    const auto outcome =
        judge_answer(reply_of(200, R"({"Code":"isv.BLACK_KEY_CONTROL_LIMIT","Message":"m"})"), 1);
    EXPECT_FALSE(outcome.suppress.empty());
    EXPECT_EQ(outcome.detail, "m");
}

}  // namespace
}  // namespace hongyan::aliyun
