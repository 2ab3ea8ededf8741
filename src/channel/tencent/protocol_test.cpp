#include "channel/tencent/protocol.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "channel/tencent/correlation.hpp"
#include "channel/tencent/provider.hpp"
#include "channel/tencent/receipts.hpp"

namespace hongyan::tencent {
namespace {

namespace json = boost::json;

Settings some_settings() {
    Settings settings;
    settings.secret_id = "id";
    settings.secret_key = "key";
    settings.sdk_app_id = "1400006666";
    settings.sign_name = "鸿雁";
    settings.callback_token = "s3cret";
    return settings;
}

Message some_message() {
    Message message;
    message.id = 1'968'453'871'263'744'005;
    message.recipient = "13800138000";
    message.options = R"({"tencent":{"template_id":"1110","params":["43\"70","5"]}})";
    return message;
}

const kit::SendContext context{"", 1'551'113'065'999};

std::string header_of(const OutboundRequest& request, std::string_view wanted) {
    for (const auto& [name, value] : request.headers) {
        if (name == wanted) return value;
    }
    return "";
}

TEST(tencent_protocol, one_number_goes_in_one_signed_call) {
    TencentProtocol protocol(some_settings());
    const auto request = protocol.request(some_message(), context);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->url, "https://sms.tencentcloudapi.com/");
    EXPECT_EQ(header_of(*request, "X-TC-Action"), "SendSms");
    EXPECT_EQ(header_of(*request, "X-TC-Region"), "ap-guangzhou");
    EXPECT_EQ(header_of(*request, "X-TC-Timestamp"), "1551113065");
    const auto body = json::parse(request->body).as_object();
    EXPECT_EQ(body.at("PhoneNumberSet"), json::array{"+8613800138000"});
    EXPECT_EQ(body.at("TemplateParamSet"), (json::array{"43\"70", "5"}));
    EXPECT_EQ(body.at("SignName"), "鸿雁");
    EXPECT_EQ(body.at("SessionContext"), json::string(correlation_of(some_message())));
    EXPECT_FALSE(body.contains("SenderId"));
}

TEST(tencent_protocol, the_signature_is_over_what_is_sent) {
    TencentProtocol protocol(some_settings());
    const auto request = protocol.request(some_message(), context);
    ASSERT_TRUE(request);
    Call call;
    call.service = "sms";
    call.host = "sms.tencentcloudapi.com";
    call.content_type = header_of(*request, "Content-Type");
    call.body = request->body;
    call.timestamp = 1'551'113'065;
    EXPECT_EQ(header_of(*request, "Authorization"), authorization(call, {"id", "key"}));
}

TEST(tencent_protocol, a_mainland_number_needs_a_signature_name) {
    auto settings = some_settings();
    settings.sign_name = "";
    TencentProtocol protocol(settings);
    auto message = some_message();
    EXPECT_FALSE(protocol.request(message, context));
    message.recipient = "+85261234567";
    const auto request = protocol.request(message, context);
    ASSERT_TRUE(request);
    EXPECT_NE(request->body.find("+85261234567"), std::string::npos);
    message.options = "";
    EXPECT_FALSE(protocol.request(message, context));
}

Callback push(std::string body, std::string token) {
    Callback callback;
    callback.url = "https://h/api/callbacks/sms/main/" + token;
    callback.body = std::move(body);
    return callback;
}

TEST(tencent_protocol, a_push_with_the_token_is_read_and_answered) {
    TencentProtocol protocol(some_settings());
    const std::string body =
        R"([{"user_receive_time":"2015-10-17 08:03:04","nationcode":"86","mobile":"13811110000","report_status":"SUCCESS","errmsg":"DELIVRD","description":"用户短信送达成功","sid":"2640:1"},)"
        R"({"report_status":"FAIL","errmsg":"MK:0001","sid":"2640:2","ext":")" +
        correlation_of(some_message()) + R"("},{"report_status":"LATER","sid":"3"}])";
    const auto answer = protocol.callback(push(body, "s3cret"), 0);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"result":0,"errmsg":"OK"})");
    ASSERT_EQ(answer->receipts.size(), 2U);
    EXPECT_EQ(answer->receipts[0].status, MessageStatus::delivered);
    EXPECT_EQ(answer->receipts[0].at_ms, 1'445'040'184'000);
    EXPECT_EQ(answer->receipts[1].status, MessageStatus::failed);
    EXPECT_EQ(answer->receipts[1].message_id, some_message().id);
    EXPECT_EQ(protocol.callback(push(body, "guess"), 0).error().code, ErrorCode::unauthorized);
}

TEST(tencent_protocol, addresses_may_stand_in_for_the_token) {
    auto settings = some_settings();
    settings.callback_token = "";
    auto callback = push("[]", "");
    callback.peer_address = "203.0.113.7";
    EXPECT_FALSE(TencentProtocol(settings).callback(callback, 0));
    settings.callback_allowed_ips = {"203.0.113.0/24"};
    EXPECT_TRUE(TencentProtocol(settings).callback(callback, 0));
    callback.peer_address = "203.0.112.7";
    EXPECT_FALSE(TencentProtocol(settings).callback(callback, 0));
}

TEST(tencent_protocol, what_is_no_list_of_receipts_is_refused) {
    for (const char* body : {"", "{}", "[", "[{}]", "[1]"}) {
        EXPECT_FALSE(read_receipts(body)) << body;
    }
    EXPECT_TRUE(read_receipts("[]"));
}

TEST(tencent_protocol, a_test_asks_for_the_last_hours_statistics) {
    TencentProtocol protocol(some_settings());
    const auto request = protocol.test_request(context);
    ASSERT_TRUE(request);
    EXPECT_EQ(
        request->body,
        R"({"BeginTime":"2019022523","EndTime":"2019022600","SmsSdkAppId":"1400006666","Limit":0,"Offset":0})");
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = 200;
    reply.body = R"({"Response":{"SendStatusStatistics":{"FeeCount":0},"RequestId":"r"}})";
    EXPECT_TRUE(protocol.judge_test(reply).ok);
    reply.body = R"({"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"m"}}})";
    EXPECT_FALSE(protocol.judge_test(reply).ok);
    EXPECT_FALSE(protocol.judge_test(OutboundReply{}).ok);
}

TEST(tencent_protocol, a_lost_message_is_asked_for_by_its_number) {
    TencentProtocol protocol(some_settings());
    Message message;
    message.id = 1968453871263744005;
    message.recipient = "+8613800138000";
    message.unknown_since_ms = 1'767'285'000'000;
    const auto request = protocol.query_request(message, context);
    ASSERT_TRUE(request);
    EXPECT_EQ(
        request->body,
        R"({"BeginTime":1767284880,"Offset":0,"Limit":100,"PhoneNumber":"+8613800138000","SmsSdkAppId":"1400006666"})");
    const auto told = [&](const std::string& session) {
        OutboundReply reply;
        reply.end = CallEnd::answered;
        reply.status = 200;
        reply.body =
            R"({"Response":{"PullSmsSendStatusSet":[{"SessionContext":5},{"SerialNo":"2640:7",)"
            R"("SessionContext":")" +
            session + R"("}],"RequestId":"r"}})";
        return protocol.judge_query(message, reply);
    };
    const auto found = told(correlation_of(message));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, OutcomeClass::accepted);
    EXPECT_EQ(found->provider_message_id, "2640:7");
    EXPECT_FALSE(told("another"));
    OutboundReply odd;
    odd.end = CallEnd::answered;
    odd.status = 200;
    for (const char* body : {"", "[]", "{}", R"({"Response":{"PullSmsSendStatusSet":null}})"}) {
        odd.body = body;
        EXPECT_FALSE(protocol.judge_query(message, odd)) << body;
    }
}

TEST(tencent_provider, check_names_what_is_missing) {
    ProviderList list;
    add_providers(list);
    const Provider& provider = *list.front();
    Content content;
    const auto problems = provider.check("13800138000", content);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems.front().path, "$.options.tencent.template_id");
    content.options = R"({"tencent":{"template_id":"1","params":["a"]}})";
    EXPECT_TRUE(provider.check("+8613800138000", content).empty());
    EXPECT_EQ(provider.check("a@b.c", content).front().path, "$.recipient");
    content.options = R"({"tencent":{"template_id":"1","params":[5]}})";
    EXPECT_EQ(provider.check("13800138000", content).front().path, "$.options.tencent.params[0]");
    EXPECT_TRUE(
        provider.check_settings(R"({"secret_id":"a","secret_key":"b","sdk_app_id":"1"})").empty());
    EXPECT_EQ(provider.check_settings(R"({"secret_id":"a","secret_key":"b"})").front().path,
              "$.sdk_app_id");
    EXPECT_NE(provider.shapes().settings.find("writeOnly"), std::string::npos);
}

}  // namespace
}  // namespace hongyan::tencent
