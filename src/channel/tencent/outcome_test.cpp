#include "channel/tencent/outcome.hpp"

#include <gtest/gtest.h>

namespace hongyan::tencent {
namespace {

using enum OutcomeClass;

OutboundReply reply_of(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

std::string with_status(const std::string& code) {
    return R"({"Response":{"SendStatusSet":[{"SerialNo":"2640:1","PhoneNumber":"+8613800138000","Fee":1,"SessionContext":"","Code":")" +
           code + R"(","Message":"m","IsoCode":"CN"}],"RequestId":"r"}})";
}

std::string with_error(const std::string& code) {
    return R"({"Response":{"Error":{"Code":")" + code + R"(","Message":"m"},"RequestId":"r"}})";
}

TEST(tencent_outcome, ok_of_the_number_is_accepted_with_its_serial) {
    const auto outcome = judge_answer(reply_of(200, with_status("Ok")));
    EXPECT_EQ(outcome.kind, accepted);
    EXPECT_EQ(outcome.provider_message_id, "2640:1");
}

TEST(tencent_outcome, every_listed_code_has_its_class_in_either_place) {
    const std::vector<std::pair<OutcomeClass, std::vector<std::string>>> table{
        {rate_limited,
         {"RequestLimitExceeded", "RequestLimitExceeded.IPLimitExceeded",
          "RequestLimitExceeded.UinLimitExceeded",
          "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
          "LimitExceeded.GlobalSmsSendingRateLimit"}},
        {quota,
         {"LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberOneHourLimit",
          "LimitExceeded.PhoneNumberDailyLimit", "LimitExceeded.PhoneNumberSameContentDailyLimit",
          "LimitExceeded.DeliveryFrequencyLimit", "LimitExceeded.NewLimit"}},
        {configuration,
         {"LimitExceeded.AppDailyLimit", "LimitExceeded.AppMainlandChinaDailyLimit",
          "LimitExceeded.AppGlobalDailyLimit", "LimitExceeded.DailyLimit",
          "LimitExceeded.AppCountryOrRegionDailyLimit",
          "FailedOperation.SignatureIncorrectOrUnapproved",
          "FailedOperation.TemplateIncorrectOrUnapproved",
          "FailedOperation.InsufficientBalanceInSmsPackage",
          "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "InvalidParameterValue.SdkAppIdNotExist",
          "AuthFailure.SecretIdNotFound", "AuthFailure.SignatureFailure"}},
        {message_permanent,
         {"LimitExceeded.PhoneNumberCountLimit", "MissingParameter", "MissingParameter.Empty",
          "InvalidParameter", "InvalidParameterValue.ContentLengthLimit",
          "InvalidParameterValue.TemplateParameterFormatError",
          "InvalidParameterValue.TemplateParameterLengthLimit",
          "FailedOperation.ContainSensitiveWord", "FailedOperation.JsonParseFail",
          "FailedOperation.FailResolvePacket",
          "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", "Whatever.New", "ok"}},
        {recipient_permanent,
         {"InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.PhoneNumberInBlacklist"}},
        {token, {"AuthFailure.SignatureExpire"}},
        {transient, {"InternalError", "InternalError.OtherError"}},
        {unknown, {"InternalError.Timeout", "InternalError.SendAndRecvFail"}},
    };
    for (const auto& [kind, codes] : table) {
        for (const std::string& code : codes) {
            EXPECT_EQ(judge_answer(reply_of(200, with_status(code))).kind, kind) << code;
            EXPECT_EQ(judge_answer(reply_of(200, with_error(code))).kind, kind) << code;
        }
    }
}

TEST(tencent_outcome, an_unsubscribed_number_is_suppressed) {
    const auto outcome =
        judge_answer(reply_of(200, with_status("FailedOperation.PhoneNumberInBlacklist")));
    EXPECT_FALSE(outcome.suppress.empty());
}

TEST(tencent_outcome, a_200_that_cannot_be_read_is_unknown) {
    for (const char* body :
         {"", "<html>", "[]", "{}", R"({"Response":5})", R"({"Response":{}})",
          R"({"Response":{"SendStatusSet":[]}})", R"({"Response":{"SendStatusSet":[5]}})",
          R"({"Response":{"SendStatusSet":[{"Code":5}]}})",
          R"({"Response":{"Error":{"Code":"Ok"}}})"}) {
        EXPECT_EQ(judge_answer(reply_of(200, body)).kind, unknown) << body;
    }
    EXPECT_EQ(judge_answer(reply_of(502, "<html>")).kind, transient);
}

}  // namespace
}  // namespace hongyan::tencent
