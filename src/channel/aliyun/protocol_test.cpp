#include "channel/aliyun/protocol.hpp"

#include <gtest/gtest.h>

#include <set>

#include "channel/aliyun/correlation.hpp"

namespace hongyan::aliyun {
namespace {

Settings some_settings() {
    Settings settings;
    settings.access_key_id = "id";
    settings.access_key_secret = "secret";
    settings.sign_name = "鸿雁";
    settings.callback_token = "s3cret";
    return settings;
}

Message some_message() {
    Message message;
    message.id = 1'968'453'871'263'744'005;
    message.attempts = 1;
    message.recipient = "+8613800138000";
    message.options = R"({"aliyun":{"template_code":"SMS_1","params":{"code":"12\"34"}}})";
    return message;
}

const kit::SendContext context{"", 1'767'323'045'000};

std::string header_of(const OutboundRequest& request, std::string_view wanted) {
    for (const auto& [name, value] : request.headers) {
        if (name == wanted) return value;
    }
    return "";
}

TEST(aliyun_protocol, v3_sends_the_parameters_in_the_query) {
    AliyunProtocol protocol(some_settings());
    const auto request = protocol.request(some_message(), context);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->body, "");
    EXPECT_TRUE(request->url.starts_with("https://dysmsapi.aliyuncs.com/?OutId=")) << request->url;
    EXPECT_NE(request->url.find("PhoneNumbers=13800138000&SignName=%E9%B8%BF%E9%9B%81&TemplateCode="
                                "SMS_1&TemplateParam=%7B%22code%22%3A%2212%5C%2234%22%7D"),
              std::string::npos)
        << request->url;
    EXPECT_NE(request->url.find(correlation_of(some_message())), std::string::npos);
    EXPECT_EQ(header_of(*request, "x-acs-action"), "SendSms");
    EXPECT_EQ(header_of(*request, "x-acs-date"), "2026-01-02T03:04:05Z");
}

TEST(aliyun_protocol, rpc_sends_the_parameters_as_a_form) {
    auto settings = some_settings();
    settings.signature = "rpc";
    settings.region = "cn-hangzhou";
    settings.endpoint = "http://Proxy.Example:80/sms/";
    AliyunProtocol protocol(settings);
    const auto request = protocol.request(some_message(), context);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->url, "http://proxy.example/sms/");
    EXPECT_EQ(header_of(*request, "Content-Type"), "application/x-www-form-urlencoded");
    for (const char* part : {"Action=SendSms", "RegionId=cn-hangzhou", "Signature=",
                             "SignatureMethod=HMAC-SHA1", "Timestamp=2026-01-02T03%3A04%3A05Z"}) {
        EXPECT_NE(request->body.find(part), std::string::npos) << part;
    }
}

TEST(aliyun_protocol, each_attempt_has_its_own_nonce) {
    AliyunProtocol protocol(some_settings());
    std::set<std::string> nonces;
    for (int i = 0; i < 100; ++i) {
        nonces.insert(
            header_of(*protocol.request(some_message(), context), "x-acs-signature-nonce"));
    }
    EXPECT_EQ(nonces.size(), 100U);
}

TEST(aliyun_protocol, the_accounts_template_serves_messages_that_name_none) {
    auto settings = some_settings();
    auto message = some_message();
    message.options = "";
    EXPECT_FALSE(AliyunProtocol(settings).request(message, context));
    settings.template_code = "SMS_2";
    const auto request = AliyunProtocol(settings).request(message, context);
    ASSERT_TRUE(request);
    EXPECT_NE(request->url.find("TemplateCode=SMS_2"), std::string::npos);
    EXPECT_EQ(request->url.find("TemplateParam"), std::string::npos);
    settings.sign_name = "";
    EXPECT_FALSE(AliyunProtocol(settings).request(message, context));
}

TEST(aliyun_protocol, a_number_of_no_known_country_is_not_sent) {
    auto message = some_message();
    message.recipient = "85261234567";
    EXPECT_FALSE(AliyunProtocol(some_settings()).request(message, context));
    message.recipient = "+85261234567";
    const auto request = AliyunProtocol(some_settings()).request(message, context);
    ASSERT_TRUE(request);
    EXPECT_NE(request->url.find("PhoneNumbers=85261234567&"), std::string::npos);
}

Callback push(std::string body) {
    Callback callback;
    callback.url = "https://h/api/callbacks/sms/main?token=s3cret";
    callback.query = {{"token", "s3cret"}};
    callback.body = std::move(body);
    return callback;
}

TEST(aliyun_protocol, a_push_is_answered_as_the_service_expects) {
    AliyunProtocol protocol(some_settings());
    const auto answer = protocol.callback(push(R"([{"success":true,"biz_id":"1^0"}])"), 0);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, R"({"code":0,"msg":"成功"})");
    EXPECT_EQ(answer->receipts.size(), 1U);
    EXPECT_FALSE(answer->replay_key.empty());
}

TEST(aliyun_protocol, a_push_without_the_token_is_refused_before_it_is_read) {
    AliyunProtocol protocol(some_settings());
    auto forged = push("not json");
    forged.query.clear();
    const auto answer = protocol.callback(forged, 0);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::unauthorized);
    EXPECT_EQ(answer.error().detail.find("s3cret"), std::string::npos);
    auto by_get = push("[]");
    by_get.method = "GET";
    EXPECT_EQ(protocol.callback(by_get, 0).error().code, ErrorCode::bad_request);
}

TEST(aliyun_protocol, a_test_asks_for_details_and_tells_what_came) {
    AliyunProtocol protocol(some_settings());
    const auto request = protocol.test_request(context);
    ASSERT_TRUE(request);
    EXPECT_EQ(header_of(*request, "x-acs-action"), "QuerySendDetails");
    EXPECT_NE(request->url.find("SendDate=20260102"), std::string::npos);
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = 200;
    reply.body = R"({"Code":"OK","TotalCount":0})";
    EXPECT_TRUE(protocol.judge_test(reply).ok);
    reply.status = 404;
    reply.body = R"({"Code":"InvalidAccessKeyId.NotFound","Message":"no"})";
    EXPECT_FALSE(protocol.judge_test(reply).ok);
    reply.body = R"({"Code":"Forbidden.RAM","Message":"no"})";
    EXPECT_TRUE(protocol.judge_test(reply).ok);
    EXPECT_FALSE(protocol.judge_test(OutboundReply{}).ok);
}

TEST(aliyun_protocol, a_lost_message_is_asked_for_by_its_number_and_day_in_china) {
    AliyunProtocol protocol(some_settings());
    Message message;
    message.id = 1968453871263744005;
    message.recipient = "+8613800138000";
    // 16:30 in London is half past midnight of the next day in China.
    message.unknown_since_ms = 1'767'285'000'000;
    const auto request = protocol.query_request(message, context);
    ASSERT_TRUE(request);
    EXPECT_EQ(header_of(*request, "x-acs-action"), "QuerySendDetails");
    EXPECT_NE(request->url.find("SendDate=20260102"), std::string::npos) << request->url;
    EXPECT_NE(request->url.find("PhoneNumber=13800138000"), std::string::npos) << request->url;
    const auto told = [&](int status, const std::string& out_id) {
        OutboundReply reply;
        reply.end = CallEnd::answered;
        reply.status = status;
        reply.body = R"({"Code":"OK","SmsSendDetailDTOs":{"SmsSendDetailDTO":[{"OutId":"x"},7,)"
                     R"({"SendStatus":3,"OutId":")" +
                     out_id + R"("}]}})";
        return protocol.judge_query(message, reply);
    };
    const auto found = told(200, correlation_of(message));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, OutcomeClass::accepted);
    EXPECT_FALSE(told(200, "another"));
    EXPECT_FALSE(told(503, correlation_of(message)));
    OutboundReply odd;
    odd.end = CallEnd::answered;
    odd.status = 200;
    for (const char* body : {"", "[]", "{}", R"({"SmsSendDetailDTOs":{"SmsSendDetailDTO":{}}})"}) {
        odd.body = body;
        EXPECT_FALSE(protocol.judge_query(message, odd)) << body;
    }
}

}  // namespace
}  // namespace hongyan::aliyun
