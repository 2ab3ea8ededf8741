#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/fcm/errors.hpp"
#include "channel/fcm/message.hpp"
#include "channel/fcm/protocol.hpp"
#include "channel/fcm/provider.hpp"

namespace hongyan::fcm {
namespace {

const std::string device = "bk3RNwTe3H0:" + std::string(140, 'A');

SigningKey key() {
    static const SigningKey made = SigningKey::generate(SigningKey::Kind::rsa);
    return made;
}

std::string account_json() {
    return boost::json::serialize(
        boost::json::object{{"type", "service_account"},
                            {"project_id", "my-app"},
                            {"private_key_id", "k1"},
                            {"private_key", key().private_pem()},
                            {"client_email", "sender@my-app.iam.gserviceaccount.com"},
                            {"client_id", "123"},
                            {"token_uri", "https://oauth2.googleapis.com/token"}});
}

Settings settings() {
    Settings s;
    s.service_account = account_json();
    return s;
}

Message message(std::string options = "") {
    Message m;
    m.id = 4711;
    m.recipient = "fcm:" + device;
    m.subject = "Title";
    m.content = "Text";
    m.options = std::move(options);
    return m;
}

std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [name_of, value] : request.headers) {
        if (name_of == name) return value;
    }
    return "(none)";
}

OutboundReply answer(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

std::string error_body(std::string_view status, std::string_view code,
                       std::string_view field = "") {
    std::string details;
    if (!code.empty()) {
        details =
            R"({"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":")" +
            std::string(code) + "\"}";
    }
    if (!field.empty()) {
        details +=
            std::string(details.empty() ? "" : ",") +
            R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":")" +
            std::string(field) + "\"}]}";
    }
    return R"({"error":{"code":1,"message":"why","status":")" + std::string(status) +
           R"(","details":[)" + details + "]}}";
}

struct Fixture : testing::Test {
    ManualClock clock;
    std::unique_ptr<kit::HttpProtocol> p = std::move(*make_protocol(settings(), clock));
};
using Fcm = Fixture;

TEST_F(Fcm, the_token_request_is_a_signed_assertion_that_verifies) {
    const auto r = p->token_request(clock.now_ms());
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://oauth2.googleapis.com/token");
    const std::string start =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    ASSERT_TRUE(r->body.starts_with(start));
    const auto parts = split(r->body.substr(start.size()), '.');
    ASSERT_EQ(parts.size(), 3U);
    const auto head = boost::json::parse(*from_base64(parts[0]));
    EXPECT_EQ(head.at("alg"), "RS256");
    EXPECT_EQ(head.at("kid"), "k1");
    const auto claims = boost::json::parse(*from_base64(parts[1]));
    EXPECT_EQ(claims.at("iss"), "sender@my-app.iam.gserviceaccount.com");
    EXPECT_EQ(claims.at("aud"), "https://oauth2.googleapis.com/token");
    EXPECT_EQ(claims.at("scope"), "https://www.googleapis.com/auth/firebase.messaging");
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 3600);
    EXPECT_LT(claims.at("iat").as_int64(), clock.now_ms() / 1000);
    EXPECT_TRUE(verify_signature(SigningKey::Kind::rsa, key().public_pem(),
                                 parts[0] + "." + parts[1], *from_base64(parts[2])));
}

TEST_F(Fcm, the_token_servers_answers_are_told_apart) {
    const auto good = p->read_token(
        answer(200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})"));
    ASSERT_TRUE(good);
    EXPECT_EQ(good->value, "ya29.x");
    EXPECT_EQ(good->expires_in, std::chrono::seconds(3599));
    const auto refused = p->read_token(answer(400, R"({"error":"invalid_grant"})"));
    EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
    EXPECT_NE(refused.error().detail.find("invalid_grant"), std::string::npos);
    EXPECT_EQ(p->read_token(answer(503, "")).error().code, ErrorCode::outbound_failed);
    EXPECT_EQ(p->read_token(answer(429, "")).error().code, ErrorCode::outbound_failed);
    for (const char* body : {"", "[]", "{}", R"({"access_token":5})", R"({"access_token":""})"})
        EXPECT_FALSE(p->read_token(answer(200, body))) << body;
}

TEST_F(Fcm, a_message_becomes_a_request_as_google_documents_it) {
    const auto r = p->request(message(R"({"fcm":{"data":{"order":"7"},"time_to_live_seconds":60,
        "collapse_key":"c","android_channel_id":"ch","image":"https://i/","analytics_label":"L"}})"),
                              {"tok", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://fcm.googleapis.com/v1/projects/my-app/messages:send");
    EXPECT_EQ(header(*r, "authorization"), "Bearer tok");
    const auto m = boost::json::parse(r->body).at("message");
    EXPECT_EQ(m.at("token").as_string(), device);
    EXPECT_EQ(m.at("notification").at("title"), "Title");
    EXPECT_EQ(m.at("notification").at("body"), "Text");
    EXPECT_EQ(m.at("data").at("order"), "7");
    EXPECT_EQ(m.at("android").at("ttl"), "60s");
    EXPECT_EQ(m.at("android").at("priority"), "HIGH");
    EXPECT_EQ(m.at("android").at("collapse_key"), "c");
    EXPECT_EQ(m.at("android").at("notification").at("tag").as_string(),
              kit::message_token(message()));
    EXPECT_EQ(m.at("apns").at("headers").at("apns-collapse-id"), "c");
    EXPECT_EQ(m.at("webpush").at("headers").at("TTL"), "60");
    EXPECT_EQ(m.at("fcm_options").at("analytics_label"), "L");
}

TEST_F(Fcm, data_only_shows_nothing_and_has_low_priority_at_apple) {
    const auto r = p->request(message(R"({"fcm":{"data_only":true,"data":{"a":"1"}}})"), {});
    ASSERT_TRUE(r);
    const auto m = boost::json::parse(r->body).at("message");
    EXPECT_FALSE(m.as_object().contains("notification"));
    EXPECT_EQ(m.at("data").at("body"), "Text");
    EXPECT_EQ(m.at("apns").at("headers").at("apns-priority"), "5");
    EXPECT_EQ(m.at("apns").at("payload").at("aps").at("content-available"), 1);
}

TEST_F(Fcm, what_is_given_for_one_platform_is_laid_over) {
    const auto r = p->request(
        message(R"({"fcm":{"android":{"notification":{"color":"#fff"},"direct_boot_ok":true}}})"),
        {});
    const auto android = boost::json::parse(r->body).at("message").at("android");
    EXPECT_EQ(android.at("notification").at("color"), "#fff");
    EXPECT_TRUE(android.at("notification").as_object().contains("tag"));
    EXPECT_EQ(android.at("direct_boot_ok"), true);
}

TEST_F(Fcm, too_large_a_message_fails_with_both_sizes) {
    Message m = message();
    m.content = std::string(4100, 'x');
    const auto r = p->request(m, {});
    ASSERT_FALSE(r);
    EXPECT_NE(r.error().detail.find("4096"), std::string::npos);
}

TEST_F(Fcm, errors_have_the_class_of_the_table_and_only_a_dead_token_is_suppressed) {
    struct Row {
        int status;
        std::string body;
        OutcomeClass kind;
        bool suppressed = false;
    };
    using enum OutcomeClass;
    const Row rows[] = {
        {404, error_body("NOT_FOUND", "UNREGISTERED"), recipient_permanent, true},
        {400, error_body("INVALID_ARGUMENT", "INVALID_ARGUMENT"), message_permanent},
        {400, error_body("INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"),
         recipient_permanent},
        {400, error_body("INVALID_ARGUMENT", "", "message.data[0].value"), message_permanent},
        {403, error_body("PERMISSION_DENIED", "SENDER_ID_MISMATCH"), recipient_permanent},
        {429, error_body("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), rate_limited},
        {503, error_body("UNAVAILABLE", "UNAVAILABLE"), transient},
        {500, error_body("INTERNAL", "INTERNAL"), transient},
        {401, error_body("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), configuration},
        {401, error_body("UNAUTHENTICATED", ""), token},
        {403, error_body("PERMISSION_DENIED", ""), configuration},
        {404, error_body("NOT_FOUND", ""), configuration},
        {404, "<html>", configuration},
        {502, "", transient},
        {429, "{}", rate_limited},
        {400, "[]", message_permanent}};
    for (const auto& row : rows) {
        const auto outcome = p->judge(message(), answer(row.status, row.body));
        EXPECT_EQ(outcome.kind, row.kind) << row.status << row.body;
        EXPECT_EQ(!outcome.suppress.empty(), row.suppressed) << row.body;
        EXPECT_EQ(outcome.retry_after_ms, row.kind == rate_limited ? 60'000 : 0);
    }
}

TEST_F(Fcm, success_needs_a_name_in_the_body) {
    const auto good =
        p->judge(message(), answer(200, R"({"name":"projects/my-app/messages/0:1"})"));
    EXPECT_EQ(good.kind, OutcomeClass::accepted);
    EXPECT_EQ(good.provider_message_id, "projects/my-app/messages/0:1");
    EXPECT_EQ(p->judge(message(), answer(200, "")).kind, OutcomeClass::unknown);
}

TEST(FcmProvider, recipients_and_options_are_checked) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check("fcm:" + device, {"t", "x", ""}).empty());
    EXPECT_TRUE(p.check(device, {"t", "x", ""}).empty());
    for (const std::string& bad :
         {"apns:" + std::string(64, 'a'), std::string(64, 'a'), std::string("fcm:short"),
          std::string("getui:") + device, "fcm:" + device + "\n", std::string()})
        EXPECT_EQ(p.check(bad, {"t", "x", ""}).size(), 1U) << bad;
    const auto numbers = p.check(device, {"t", "x", "", R"({"fcm":{"data":{"a":1}}})"});
    ASSERT_EQ(numbers.size(), 1U);
    EXPECT_EQ(numbers[0].path, "$.options.fcm.data.a");
    for (const char* word : {"from", "message_type", "google.x", "gcm.notification.y"}) {
        EXPECT_EQ(p.check(device, {"t", "x", "",
                                   R"({"fcm":{"data":{")" + std::string(word) + R"(":"1"}}})"})
                      .size(),
                  1U)
            << word;
    }
}

TEST(FcmProvider, the_key_file_is_checked_when_it_is_given) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(
        p.check_settings("{\"service_account\":" + json_quoted(account_json()) + "}").empty());
    for (const char* bad :
         {"{}", R"({"service_account":"{}"})", R"({"service_account":"x"})",
          R"({"service_account":"{\"client_email\":\"a\",\"private_key\":\"b\"}"})"})
        EXPECT_EQ(p.check_settings(bad).size(), 1U) << bad;
}

}  // namespace
}  // namespace hongyan::fcm
