#include "channel/twilio/protocol.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/twilio/provider.hpp"
#include "channel/twilio/signature.hpp"

namespace hongyan::twilio {
namespace {

const std::string account_sid = "AC" + std::string(32, '0');
const std::string service_sid = "MG" + std::string(32, '1');

Settings some_settings() {
    Settings settings;
    settings.account_sid = account_sid;
    settings.auth_token = "12345";
    settings.from = "+15005550006";
    settings.callback_url = "https://notify.example";
    return settings;
}

Message some_message() {
    Message message;
    message.id = 5;
    message.attempts = 1;
    message.recipient = "13800138000";
    message.content = "你好 & goodbye";
    return message;
}

Form form_of(TwilioProtocol& protocol, const Message& message) {
    const auto request = protocol.request(message, {});
    return request ? read_form(request->body).value_or(Form{}) : Form{};
}

TEST(twilio_protocol, a_message_is_a_form_with_basic_credentials) {
    TwilioProtocol protocol(some_settings(), "main");
    const auto request = protocol.request(some_message(), {});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->url,
              "https://api.twilio.com/2010-04-01/Accounts/" + account_sid + "/Messages.json");
    EXPECT_EQ(request->user, account_sid);
    EXPECT_EQ(request->password, "12345");
    EXPECT_EQ(
        read_form(request->body),
        (Form{{"To", "+8613800138000"},
              {"From", "+15005550006"},
              {"Body", "你好 & goodbye"},
              {"StatusCallback", "https://notify.example/api/callbacks/sms/main?message=msg_5"}}));
}

TEST(twilio_protocol, a_key_goes_before_the_auth_token_and_a_service_before_a_number) {
    auto settings = some_settings();
    settings.api_key_sid = "SK1";
    settings.api_key_secret = "s";
    settings.messaging_service_sid = service_sid;
    settings.endpoint = "http://127.0.0.1:8090/twilio/";
    settings.callback_url = "https://notify.example/hook?tenant=1";
    TwilioProtocol protocol(settings, "main");
    const auto request = protocol.request(some_message(), {});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->user, "SK1");
    EXPECT_TRUE(request->url.starts_with("http://127.0.0.1:8090/twilio/2010-04-01/Accounts/"));
    const auto form = form_of(protocol, some_message());
    EXPECT_EQ(value_in(form, "MessagingServiceSid"), service_sid);
    EXPECT_EQ(value_in(form, "From"), "");
    EXPECT_EQ(value_in(form, "StatusCallback"),
              "https://notify.example/hook?tenant=1&message=msg_5");
}

TEST(twilio_protocol, a_messages_own_options_win) {
    TwilioProtocol protocol(some_settings(), "main");
    auto message = some_message();
    message.options =
        R"({"twilio":{"from":"Hongyan","content_sid":"HX00000000000000000000000000000000","content_variables":{"1":"Ann"},"media_urls":["https://x/1.png","https://x/2.png"],"validity_period_seconds":60,"smart_encoded":true}})";
    const auto form = form_of(protocol, message);
    EXPECT_EQ(value_in(form, "From"), "Hongyan");
    EXPECT_EQ(value_in(form, "Body"), "");
    EXPECT_EQ(value_in(form, "ContentVariables"), R"({"1":"Ann"})");
    EXPECT_EQ(value_in(form, "ValidityPeriod"), "60");
    EXPECT_EQ(value_in(form, "SmartEncoded"), "true");
    EXPECT_EQ(form.size(), 9U);
}

TEST(twilio_protocol, without_sender_or_country_nothing_is_sent) {
    auto settings = some_settings();
    settings.from = "";
    EXPECT_FALSE(TwilioProtocol(settings, "main").request(some_message(), {}));
    settings = some_settings();
    settings.default_country_code = "";
    EXPECT_FALSE(TwilioProtocol(settings, "main").request(some_message(), {}));
}

/// A callback as a proxy hands it on: signed for the public URL, seen under another.
Callback signed_callback(const Form& fields, std::string_view query = "message=msg_5") {
    const std::string path = "/api/callbacks/sms/main?" + std::string(query);
    Callback callback;
    callback.url = "http://10.0.0.5:8080" + path;
    callback.query = read_form(query).value_or(Form{});
    callback.headers = {{"x-twilio-signature",
                         callback_signature("12345", "https://notify.example" + path, fields)}};
    callback.body = write_form(fields);
    return callback;
}

TEST(twilio_protocol, a_signed_callback_is_a_receipt) {
    TwilioProtocol protocol(some_settings(), "main");
    const auto answer = protocol.callback(
        signed_callback({{"MessageSid", "SM1"}, {"MessageStatus", "delivered"}, {"To", "+86138"}}),
        0);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 204);
    ASSERT_EQ(answer->receipts.size(), 1U);
    EXPECT_EQ(answer->receipts[0].status, MessageStatus::delivered);
    EXPECT_EQ(answer->receipts[0].message_id, 5);
    EXPECT_EQ(answer->receipts[0].provider_message_id, "SM1");
    EXPECT_EQ(answer->replay_key, "SM1:delivered");
}

TEST(twilio_protocol, each_status_has_its_meaning) {
    TwilioProtocol protocol(some_settings(), "main");
    const auto status_of = [&](const char* status, const char* code) {
        const auto answer = protocol.callback(signed_callback({{"MessageSid", "SM1"},
                                                               {"MessageStatus", status},
                                                               {"ErrorCode", code},
                                                               {"To", "+8613800138000"}}),
                                              0);
        return answer && !answer->receipts.empty() ? std::optional(answer->receipts[0])
                                                   : std::nullopt;
    };
    for (const char* s : {"queued", "accepted", "scheduled", "sending", "sent"}) {
        EXPECT_EQ(status_of(s, "")->status, MessageStatus::success) << s;
    }
    EXPECT_EQ(status_of("read", "")->status, MessageStatus::delivered);
    for (const char* s : {"undelivered", "failed", "canceled"}) {
        EXPECT_EQ(status_of(s, "30005")->status, MessageStatus::failed) << s;
    }
    EXPECT_EQ(status_of("undelivered", "30005")->code, "30005");
    EXPECT_EQ(status_of("undelivered", "30005")->suppress, "");
    EXPECT_NE(status_of("failed", "21610")->suppress, "");
    EXPECT_EQ(status_of("failed", "21610")->recipient, "+8613800138000");
    EXPECT_EQ(status_of("receiving", ""), std::nullopt);
    EXPECT_EQ(status_of("new-one", ""), std::nullopt);
}

TEST(twilio_protocol, a_callback_that_is_changed_or_not_signed_is_refused) {
    TwilioProtocol protocol(some_settings(), "main");
    const Form fields{{"MessageSid", "SM1"}, {"MessageStatus", "delivered"}};
    auto changed = signed_callback(fields);
    changed.body += "&ErrorCode=1";
    EXPECT_EQ(protocol.callback(changed, 0).error().code, ErrorCode::unauthorized);
    auto other_message = signed_callback(fields);
    other_message.url += "6";
    EXPECT_EQ(protocol.callback(other_message, 0).error().code, ErrorCode::unauthorized);
    auto without = signed_callback(fields);
    without.headers.clear();
    EXPECT_EQ(protocol.callback(without, 0).error().code, ErrorCode::unauthorized);
    auto broken = signed_callback(fields);
    broken.body = "a=%";
    EXPECT_EQ(protocol.callback(broken, 0).error().code, ErrorCode::bad_request);
    auto settings = some_settings();
    settings.auth_token = "";
    EXPECT_EQ(TwilioProtocol(settings, "main").callback(signed_callback(fields), 0).error().code,
              ErrorCode::unauthorized);
}

TEST(twilio_protocol, a_json_body_is_signed_by_its_hash) {
    // The hash and the signature are those of the npm package twilio 6.2.0.
    auto settings = some_settings();
    settings.callback_url = "https://h.example/cb";
    TwilioProtocol protocol(settings, "main");
    Callback callback;
    callback.url =
        "https://h.example/"
        "cb?bodySHA256=450e00a035a8616fcf6eeff2aeff025121df2308e617a0a84516eaa9790702cc";
    callback.query = {
        {"bodySHA256", "450e00a035a8616fcf6eeff2aeff025121df2308e617a0a84516eaa9790702cc"}};
    callback.headers = {{"x-twilio-signature", "ShgM068JdthpLRijAYLg6o4qHfU="}};
    callback.body = R"({"MessageSid":"SM1","MessageStatus":"failed","ErrorCode":"30005"})";
    const auto answer = protocol.callback(callback, 0);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->receipts.size(), 1U);
    EXPECT_EQ(answer->receipts[0].code, "30005");
    callback.body.pop_back();
    EXPECT_EQ(protocol.callback(callback, 0).error().code, ErrorCode::unauthorized);
}

TEST(twilio_protocol, a_test_looks_at_the_account) {
    TwilioProtocol protocol(some_settings(), "main");
    const auto request = protocol.test_request({});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "GET");
    EXPECT_TRUE(request->url.ends_with("/Accounts/" + account_sid + ".json"));
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = 200;
    reply.body = R"({"status":"active"})";
    EXPECT_TRUE(protocol.judge_test(reply).ok);
    reply.body = R"({"status":"suspended"})";
    EXPECT_FALSE(protocol.judge_test(reply).ok);
    reply.status = 401;
    reply.body = R"({"code":20003,"message":"Authenticate"})";
    EXPECT_FALSE(protocol.judge_test(reply).ok);
}

TEST(twilio_provider, check_and_settings_name_what_is_wrong) {
    ProviderList list;
    add_providers(list);
    const Provider& provider = *list.front();
    Content content;
    EXPECT_EQ(provider.check("+8613800138000", content).front().path, "$.content");
    content.content = "hello";
    EXPECT_TRUE(provider.check("+8613800138000", content).empty());
    EXPECT_EQ(provider.check("whatsapp:+8613800138000", content).front().path, "$.recipient");
    const std::string long_text(1'601, 'x');
    content.content = long_text;
    EXPECT_EQ(provider.check("+8613800138000", content).front().code, "too_long");
    content.options = R"({"twilio":{"validity_period_seconds":40000}})";
    EXPECT_EQ(provider.check("+8613800138000", content).front().path,
              "$.options.twilio.validity_period_seconds");
    EXPECT_EQ(provider.check_settings(R"({"account_sid":")" + account_sid + R"("})").front().path,
              "$.auth_token");
    EXPECT_EQ(
        provider
            .check_settings(R"({"auth_token":"x","callback_url":"https://a_b/","account_sid":")" +
                            account_sid + R"("})")
            .front()
            .path,
        "$.callback_url");
    EXPECT_EQ(provider.check_settings(R"({"auth_token":"x","account_sid":"x"})").front().path,
              "$.account_sid");
}

}  // namespace
}  // namespace hongyan::twilio
