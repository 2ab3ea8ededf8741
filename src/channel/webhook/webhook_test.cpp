#include <gtest/gtest.h>

#include "channel/webhook/protocol.hpp"
#include "channel/webhook/provider.hpp"
#include "channel/webhook/target.hpp"
#include "kit/described.hpp"
#include "kit/standard_webhooks.hpp"

namespace hongyan::webhook {
namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;

std::string settings_json(std::string_view more = "") {
    return R"({"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")" + std::string(more) + "}";
}

WebhookProtocol protocol(std::string_view more = "") {
    auto read = kit::read_described<Settings>(settings_json(more));
    EXPECT_TRUE(read.ok());
    return WebhookProtocol(*read);
}

Message message_to(std::string recipient, std::string options = "") {
    Message message;
    message.id = first_id_at(1'767'323'045'000) + 1;
    message.recipient = std::move(recipient);
    message.subject = "S";
    message.content = "C \"1\"";
    message.metadata = R"({"order":7})";
    message.options = std::move(options);
    return message;
}

OutboundReply reply_of(int status) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    return reply;
}

std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return "";
}

TEST(webhook, sends_signed_json_that_its_own_receiver_verifies) {
    const Message message = message_to("https://example.com/hook?x=1");
    const auto request = protocol().request(message, {.token = "", .now_ms = now_ms});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url, "https://example.com/hook?x=1");
    EXPECT_EQ(request->trust, UrlTrust::users);
    const std::string id = "msg_" + kit::message_token(message);
    EXPECT_EQ(header(*request, "webhook-id"), id);
    EXPECT_EQ(id.find('.'), std::string::npos);
    EXPECT_EQ(
        request->body,
        R"({"type":"message.sent","timestamp":"2026-01-02T03:04:05.000Z","data":{"message_id":")" +
            id + R"(","subject":"S","content":"C \"1\"","metadata":{"order":7}}})");
    const std::vector<std::string> secrets{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    EXPECT_TRUE(kit::verify_webhook(request->headers, request->body, secrets, now_ms).ok());
}

TEST(webhook, passes_the_trace_context_on) {
    Message message = message_to("https://example.com/hook");
    EXPECT_EQ(header(*protocol().request(message, {.token = "", .now_ms = now_ms}), "traceparent"),
              "");
    message.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(header(*protocol().request(message, {.token = "", .now_ms = now_ms}), "traceparent"),
              message.traceparent);
}

TEST(webhook, keeps_id_and_body_and_renews_the_time_stamp_in_each_attempt) {
    const Message message = message_to("https://example.com/hook");
    const auto first = protocol().request(message, {.token = "", .now_ms = now_ms});
    const auto second = protocol().request(message, {.token = "", .now_ms = now_ms + 5'000});
    EXPECT_EQ(first->body, second->body);
    EXPECT_EQ(header(*first, "webhook-id"), header(*second, "webhook-id"));
    EXPECT_NE(header(*first, "webhook-timestamp"), header(*second, "webhook-timestamp"));
    EXPECT_NE(header(*first, "webhook-signature"), header(*second, "webhook-signature"));
}

TEST(webhook, signs_with_old_and_new_secret_and_key) {
    const auto request =
        protocol(R"(,"previous_secret":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",)"
                 R"("signing_key":"whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")")
            .request(message_to("https://example.com"), {.token = "", .now_ms = now_ms});
    ASSERT_TRUE(request.ok());
    for (const std::string& one :
         {std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
          kit::public_webhook_key("whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")}) {
        const std::vector<std::string> secrets{one};
        EXPECT_TRUE(kit::verify_webhook(request->headers, request->body, secrets, now_ms).ok());
    }
}

TEST(webhook, lets_a_message_bring_type_and_data) {
    const auto request =
        protocol(R"(,"trusted":true,"authorization":"Bearer x")")
            .request(message_to("https://example.com",
                                R"({"webhook":{"type":"invoice.paid","data":{"n":1}}})"),
                     {.token = "", .now_ms = now_ms});
    ASSERT_TRUE(request.ok());
    EXPECT_TRUE(request->body.starts_with(R"({"type":"invoice.paid",)"));
    EXPECT_TRUE(request->body.ends_with(R"("data":{"n":1}})"));
    EXPECT_EQ(request->trust, UrlTrust::operators);
    EXPECT_EQ(header(*request, "Authorization"), "Bearer x");
}

TEST(webhook, refuses_bodies_over_the_limit) {
    Message message = message_to("https://example.com");
    message.content = std::string(21'000, 'x');
    EXPECT_EQ(protocol().request(message, {}).error().code, ErrorCode::content_invalid);
    EXPECT_TRUE(protocol(R"(,"max_body_bytes":30000)").request(message, {}).ok());
}

TEST(webhook_target, takes_addresses_and_paths_that_stay_below_the_base) {
    for (const char* good :
         {"https://example.com", "HTTPS://Example.com/a?b=c", "http://127.0.0.1:8080/x",
          "http://[::1]:80/", "orders/new", "/orders/new?x=1", "a.b", "x?u=http://y", "..a/b.."}) {
        EXPECT_EQ(check_recipient(good), std::nullopt) << good;
    }
    for (const char* bad : {"",
                            "/",
                            "//evil.example/x",
                            "ftp://x/",
                            "https://",
                            "https:///x",
                            "https://u:p@h/",
                            "https://h/#f",
                            "https://h/a b",
                            "../x",
                            "a/../../x",
                            "a/%2e%2E/x",
                            "a/..%2Fx",
                            "a%5c../x",
                            "a/./b",
                            "javascript:alert(1)",
                            "a\\b",
                            "https://h\\@e/",
                            "x#y",
                            "https://:80/",
                            "https://h/\r\nX: y",
                            "mailto:a@b.c",
                            "a//\n"}) {
        EXPECT_NE(check_recipient(bad), std::nullopt) << bad;
    }
}

TEST(webhook_target, appends_paths_to_the_base) {
    EXPECT_EQ(target_url("a/b", "https://h/in/"), "https://h/in/a/b");
    EXPECT_EQ(target_url("/a", "https://h/in"), "https://h/in/a");
    EXPECT_EQ(target_url("https://x/", "https://h"), "https://x/");
    EXPECT_EQ(target_url("a", ""), "");
    EXPECT_FALSE(protocol().request(message_to("a/b"), {}).ok());
}

TEST(webhook_outcome, follows_the_specification) {
    using K = OutcomeClass;
    const Message whole = message_to("https://h/x");
    const Message path = message_to("x");
    auto p = protocol();
    for (const int status : {200, 201, 202, 204, 299}) {
        EXPECT_EQ(p.judge(whole, reply_of(status)).kind, K::accepted);
    }
    for (const int status : {301, 302, 307, 400, 401, 403, 404, 409, 422, 500, 502, 503, 504}) {
        EXPECT_EQ(p.judge(whole, reply_of(status)).kind, K::transient) << status;
        EXPECT_EQ(p.judge(whole, reply_of(status)).suppress, "");
    }
    EXPECT_EQ(p.judge(whole, reply_of(413)).kind, K::message_permanent);
    EXPECT_EQ(p.judge(whole, reply_of(410)).kind, K::recipient_permanent);
    EXPECT_NE(p.judge(whole, reply_of(410)).suppress, "");
    EXPECT_EQ(p.judge(whole, reply_of(429)).kind, K::quota);
    EXPECT_EQ(p.judge(path, reply_of(429)).kind, K::rate_limited);
}

TEST(webhook_outcome, honours_retry_after_where_the_receiver_asks_for_a_pause) {
    for (const int status : {429, 502, 503, 504}) {
        OutboundReply reply = reply_of(status);
        reply.headers = {{"retry-after", "17"}};
        EXPECT_EQ(protocol().judge(message_to("https://h"), reply).retry_after_ms, 17'000);
    }
}

TEST(webhook_outcome, blames_the_address_that_the_guard_refuses) {
    OutboundReply reply;
    reply.end = CallEnd::refused;
    EXPECT_EQ(protocol().judge_lost(message_to("http://10.0.0.1"), reply).kind,
              OutcomeClass::recipient_permanent);
    reply.end = CallEnd::lost;
    EXPECT_EQ(protocol().judge_lost(message_to("http://10.0.0.1"), reply).kind,
              OutcomeClass::unknown);
}

TEST(webhook_provider, describes_itself_and_checks_settings) {
    ProviderList list;
    add_providers(list);
    ASSERT_EQ(list.size(), 1U);
    const Provider& p = *list[0];
    EXPECT_EQ(p.channel(), ChannelKind::webhook);
    EXPECT_TRUE(p.check_settings(settings_json()).empty());
    for (const char* bad : {"{}", R"({"secret":"plain"})", R"({"secret":"whsec_AAAA"})",
                            R"({"signing_key":"whsk_AAAA"})",
                            R"({"signing_key":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})"}) {
        EXPECT_FALSE(p.check_settings(bad).empty()) << bad;
    }
    EXPECT_FALSE(p.check_settings(settings_json(R"(,"base_url":"file:///x")")).empty());
    EXPECT_FALSE(p.check_settings(settings_json(R"(,"authorization":"a\nb: c")")).empty());
    EXPECT_TRUE(p.check("https://example.com", {"", "x", "", ""}).empty());
    EXPECT_EQ(p.check("nonsense:", {"", "x", "", R"({"webhook":{"data":[]}})"}).size(), 2U);
}

}  // namespace
}  // namespace hongyan::webhook
