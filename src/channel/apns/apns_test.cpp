#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/apns/payload.hpp"
#include "channel/apns/protocol.hpp"
#include "channel/apns/provider.hpp"
#include "channel/apns/reasons.hpp"

namespace hongyan::apns {
namespace {

const std::string device(64, 'a');

SigningKey key() {
    static const SigningKey made = SigningKey::generate(SigningKey::Kind::ec_p256);
    return made;
}

Settings settings() {
    Settings s;
    s.team_id = "DEF123GHIJ";
    s.key_id = "ABC123DEFG";
    s.private_key = key().private_pem();
    s.topic = "com.example.app";
    return s;
}

Message message(std::string options = "") {
    Message m;
    m.id = 4711;
    m.channel = ChannelKind::app;
    m.recipient = "apns:" + device;
    m.subject = "Title";
    m.content = "Text";
    m.options = std::move(options);
    return m;
}

std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [key_name, value] : request.headers) {
        if (key_name == name) return value;
    }
    return "(none)";
}

OutboundReply answer(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.headers = {{"apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b"}};
    reply.body = std::move(body);
    return reply;
}

struct Fixture : testing::Test {
    ManualClock clock;
    std::shared_ptr<TokenBook> tokens = std::make_shared<TokenBook>();

    std::unique_ptr<kit::HttpProtocol> protocol(Settings s = settings()) {
        auto made = make_protocol(std::move(s), tokens, clock);
        EXPECT_TRUE(made);
        return std::move(*made);
    }
    OutboundRequest request(kit::HttpProtocol& p, const Message& m) {
        auto made = p.request(m, {"", clock.now_ms()});
        EXPECT_TRUE(made) << (made ? "" : made.error().detail);
        return made ? *made : OutboundRequest{};
    }
};
using Apns = Fixture;

TEST_F(Apns, a_message_becomes_a_request_as_apple_documents_it) {
    auto p = protocol();
    Message m = message();
    m.deliver_by_ms = clock.now_ms() + 60'000;
    const auto r = request(*p, m);
    EXPECT_EQ(r.url, "https://api.push.apple.com/3/device/" + device);
    EXPECT_EQ(r.method, "POST");
    EXPECT_EQ(r.version, HttpVersion::http2);
    EXPECT_EQ(r.group, "apns:DEF123GHIJ:ABC123DEFG");
    EXPECT_EQ(header(r, "apns-id"), kit::message_token(m));
    EXPECT_EQ(header(r, "apns-collapse-id"), kit::message_token(m));
    EXPECT_EQ(header(r, "apns-topic"), "com.example.app");
    EXPECT_EQ(header(r, "apns-push-type"), "alert");
    EXPECT_EQ(header(r, "apns-priority"), "10");
    EXPECT_EQ(header(r, "apns-expiration"), std::to_string(clock.now_ms() / 1000 + 60));
    EXPECT_EQ(r.body, R"({"aps":{"alert":{"title":"Title","body":"Text"}}})");
}

TEST_F(Apns, the_provider_token_is_signed_by_es256_and_names_key_and_team) {
    auto p = protocol();
    const std::string bearer = header(request(*p, message()), "authorization");
    ASSERT_TRUE(bearer.starts_with("bearer "));
    const auto parts = split(bearer.substr(7), '.');
    ASSERT_EQ(parts.size(), 3U);
    const auto head = boost::json::parse(*from_base64(parts[0])).as_object();
    EXPECT_EQ(head.at("alg"), "ES256");
    EXPECT_EQ(head.at("kid"), "ABC123DEFG");
    const auto claims = boost::json::parse(*from_base64(parts[1])).as_object();
    EXPECT_EQ(claims.at("iss"), "DEF123GHIJ");
    EXPECT_EQ(claims.at("iat").as_int64(), clock.now_ms() / 1000);
    EXPECT_FALSE(claims.contains("exp"));
    EXPECT_TRUE(verify_signature(SigningKey::Kind::ec_p256, key().public_key(),
                                 parts[0] + "." + parts[1], *from_base64(parts[2])));
}

TEST_F(Apns, a_provider_token_is_reused_for_fifty_minutes_by_all_accounts_of_the_key) {
    auto one = protocol();
    const std::string first = header(request(*one, message()), "authorization");
    clock.advance(std::chrono::minutes(49));
    auto reopened = protocol();
    EXPECT_EQ(header(request(*reopened, message()), "authorization"), first);
    clock.advance(std::chrono::minutes(2));
    EXPECT_NE(header(request(*one, message()), "authorization"), first);
    Settings other = settings();
    other.environment = "development";
    auto sandbox = protocol(other);
    EXPECT_NE(header(request(*sandbox, message()), "authorization"),
              header(request(*one, message()), "authorization"));
}

TEST_F(Apns, an_expired_token_is_replaced_once_however_many_answers_say_so) {
    auto p = protocol();
    const std::string first = header(request(*p, message()), "authorization");
    clock.advance(std::chrono::minutes(5));
    EXPECT_EQ(header(request(*p, message()), "authorization"), first);
    const auto expired = answer(403, R"({"reason":"ExpiredProviderToken"})");
    EXPECT_EQ(p->judge(message(), expired).kind, OutcomeClass::token);
    EXPECT_EQ(p->judge(message(), expired).kind, OutcomeClass::token);
    const std::string second = header(request(*p, message()), "authorization");
    EXPECT_NE(second, first);
    (void)p->judge(message(), expired);  // late answer to the old token
    EXPECT_EQ(header(request(*p, message()), "authorization"), second);
}

TEST_F(Apns, each_reason_of_apple_has_its_class) {
    const std::pair<const char*, OutcomeClass> wanted[] = {
        {"400 BadDeviceToken", OutcomeClass::recipient_permanent},
        {"400 DeviceTokenNotForTopic", OutcomeClass::recipient_permanent},
        {"400 BadTopic", OutcomeClass::configuration},
        {"400 MissingTopic", OutcomeClass::configuration},
        {"400 TopicDisallowed", OutcomeClass::configuration},
        {"400 BadCollapseId", OutcomeClass::message_permanent},
        {"400 BadExpirationDate", OutcomeClass::message_permanent},
        {"400 BadMessageId", OutcomeClass::message_permanent},
        {"400 BadPriority", OutcomeClass::message_permanent},
        {"400 DuplicateHeaders", OutcomeClass::message_permanent},
        {"400 InvalidPushType", OutcomeClass::message_permanent},
        {"400 MissingDeviceToken", OutcomeClass::message_permanent},
        {"400 PayloadEmpty", OutcomeClass::message_permanent},
        {"400 IdleTimeout", OutcomeClass::transient},
        {"403 ExpiredProviderToken", OutcomeClass::token},
        {"403 InvalidProviderToken", OutcomeClass::token},
        {"403 MissingProviderToken", OutcomeClass::token},
        {"403 Forbidden", OutcomeClass::configuration},
        {"403 BadCertificate", OutcomeClass::configuration},
        {"403 UnrelatedKeyIdInToken", OutcomeClass::configuration},
        {"403 BadEnvironmentKeyIdInToken", OutcomeClass::configuration},
        {"404 BadPath", OutcomeClass::message_permanent},
        {"405 MethodNotAllowed", OutcomeClass::message_permanent},
        {"410 Unregistered", OutcomeClass::recipient_permanent},
        {"410 ExpiredToken", OutcomeClass::recipient_permanent},
        {"413 PayloadTooLarge", OutcomeClass::message_permanent},
        {"429 TooManyRequests", OutcomeClass::quota},
        {"429 TooManyProviderTokenUpdates", OutcomeClass::rate_limited},
        {"500 InternalServerError", OutcomeClass::transient},
        {"503 ServiceUnavailable", OutcomeClass::transient},
        {"503 Shutdown", OutcomeClass::transient},
        {"400 SomethingNew", OutcomeClass::message_permanent},
        {"403 SomethingNew", OutcomeClass::configuration},
        {"502 SomethingNew", OutcomeClass::transient},
        {"302 SomethingNew", OutcomeClass::configuration}};
    auto p = protocol();
    for (const auto& [text, kind] : wanted) {
        const std::string_view row = text;
        const auto status = static_cast<int>(*parse_int(row.substr(0, 3)));
        const auto outcome = p->judge(
            message(), answer(status, "{\"reason\":\"" + std::string(row.substr(4)) + "\"}"));
        EXPECT_EQ(outcome.kind, kind) << text;
        EXPECT_EQ(outcome.code, text);
    }
}

TEST_F(Apns, an_accepted_message_has_apples_id) {
    auto p = protocol();
    const auto outcome = p->judge(message(), answer(200, ""));
    EXPECT_EQ(outcome.kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome.provider_message_id, "eabeae54-14a8-11e5-b60b-1697f925ec7b");
}

TEST_F(Apns, answers_that_are_no_json_are_judged_by_their_status) {
    auto p = protocol();
    for (const char* body :
         {"", "<html>", "[1]", "{\"reason\":7}", "{\"reason\":\"x\",\"timestamp\":\"y\"}", "{"}) {
        EXPECT_EQ(p->judge(message(), answer(503, body)).kind, OutcomeClass::transient) << body;
    }
}

TEST_F(Apns, a_dead_token_is_suppressed_unless_it_was_registered_since) {
    auto p = protocol();
    const auto gone = answer(410, R"({"reason":"Unregistered","timestamp":1700000000000})");
    EXPECT_EQ(p->judge(message(), gone).suppress,
              "APNs: Unregistered since 2023-11-14T22:13:20.000Z");
    const auto since = message(R"({"apns":{"registered_at":"2023-11-15T00:00:00Z"}})");
    EXPECT_EQ(p->judge(since, gone).suppress, "");
    EXPECT_EQ(p->judge(since, gone).kind, OutcomeClass::recipient_permanent);
    const auto before = message(R"({"apns":{"registered_at":"2023-11-14T00:00:00Z"}})");
    EXPECT_NE(p->judge(before, gone).suppress, "");
    EXPECT_EQ(p->judge(message(), answer(400, R"({"reason":"DeviceTokenNotForTopic"})")).suppress,
              "");
}

TEST_F(Apns, a_bad_token_is_suppressed_only_while_such_answers_are_rare) {
    auto p = protocol();
    const auto bad = answer(400, R"({"reason":"BadDeviceToken"})");
    EXPECT_EQ(p->judge(message(), bad).suppress, "") << "the wrong environment looks the same";
    for (int i = 0; i < 100; ++i) (void)p->judge(message(), answer(200, ""));
    EXPECT_EQ(p->judge(message(), bad).suppress, "APNs: BadDeviceToken");
    for (int i = 0; i < 20; ++i) (void)p->judge(message(), bad);
    EXPECT_EQ(p->judge(message(), bad).suppress, "");
}

TEST_F(Apns, a_token_of_the_other_environment_is_never_sent) {
    auto p = protocol();
    EXPECT_FALSE(p->request(message(R"({"apns":{"environment":"development"}})"), {}));
}

TEST_F(Apns, a_payload_over_the_limit_fails_with_both_sizes_or_is_shortened) {
    auto p = protocol();
    Message m = message();
    m.content = std::string(5000, 'x');
    const auto refused = p->request(m, {"", clock.now_ms()});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("4096"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("50"), std::string::npos);
    for (const char* unit : {"雁", "\"", "\x01", "x"}) {
        m.content.clear();
        for (int i = 0; i < 5000; ++i) m.content += unit;
        m.options = R"({"apns":{"shorten":true}})";
        const auto r = request(*p, m);
        EXPECT_LE(r.body.size(), 4096U);
        EXPECT_GT(r.body.size(), 4080U);
        EXPECT_TRUE(is_utf8(r.body));
        EXPECT_NE(r.body.find("…\""), std::string::npos);
    }
}

TEST_F(Apns, a_call_may_be_larger_and_has_its_own_topic) {
    auto p = protocol();
    Message m = message(R"({"apns":{"push_type":"voip"}})");
    m.content = std::string(5000, 'x');
    const auto r = request(*p, m);
    EXPECT_EQ(header(r, "apns-topic"), "com.example.app.voip");
    m.content = std::string(5120, 'x');
    EXPECT_FALSE(p->request(m, {}));
}

TEST_F(Apns, a_background_push_shows_nothing_and_has_low_priority) {
    auto p = protocol();
    const auto r =
        request(*p, message(R"({"apns":{"push_type":"background","badge":3,"data":{"a":1}}})"));
    EXPECT_EQ(r.body, R"({"aps":{"content-available":1},"a":1})");
    EXPECT_EQ(header(r, "apns-priority"), "5");
    EXPECT_EQ(header(r, "apns-collapse-id"), "(none)");
}

TEST_F(Apns, options_reach_the_payload_under_apples_names) {
    auto p = protocol();
    const auto r = request(*p, message(R"({"apns":{"subtitle":"Sub","badge":0,"sound":"default",
        "thread_id":"t","category":"c","mutable_content":true,"interruption_level":"time-sensitive",
        "relevance_score":0.5,"loc_key":"K","loc_args":["1","2"],"data":{"order":"SO1"},
        "collapse_id":"mine","priority":1,"time_to_live_seconds":0}})"));
    EXPECT_EQ(
        r.body,
        R"({"aps":{"alert":{"title":"Title","subtitle":"Sub","body":"Text","loc-key":"K",)"
        R"("loc-args":["1","2"]},"badge":0,"sound":"default","thread-id":"t","category":"c",)"
        R"("interruption-level":"time-sensitive","relevance-score":5E-1,"mutable-content":1},)"
        R"("order":"SO1"})");
    EXPECT_EQ(header(r, "apns-collapse-id"), "mine");
    EXPECT_EQ(header(r, "apns-priority"), "1");
    EXPECT_EQ(header(r, "apns-expiration"), "0");
}

TEST_F(Apns, a_test_asks_for_a_token_that_nobody_has) {
    auto p = protocol();
    const auto r = p->test_request({"", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_TRUE(r->url.ends_with("/3/device/" + std::string(64, '0')));
    EXPECT_TRUE(p->judge_test(answer(400, R"({"reason":"BadDeviceToken"})")).ok);
    EXPECT_FALSE(p->judge_test(answer(403, R"({"reason":"InvalidProviderToken"})")).ok);
}

TEST(ApnsProvider, recipients_of_others_are_refused) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check("apns:" + device, {"", "x", ""}).empty());
    EXPECT_TRUE(p.check(device, {"", "x", ""}).empty());
    EXPECT_TRUE(p.check(std::string(160, 'F'), {"", "x", ""}).empty());
    const std::string bad[] = {
        "fcm:" + device, std::string(63, 'a'), std::string(32, 'a'), "", std::string(64, 'g'),
        "apns:",         device + "\r\n"};
    for (const auto& recipient : bad)
        EXPECT_EQ(p.check(recipient, {"", "x", ""}).size(), 1U) << recipient;
}

TEST(ApnsProvider, wrong_options_are_named_with_their_path) {
    ProviderList list;
    add_providers(list);
    const auto problems = list.at(0)->check(
        device, {"", "x", "", R"({"apns":{"priority":7,"badgee":1,"collapse_id":5}})"});
    ASSERT_EQ(problems.size(), 3U);
    for (const auto& problem : problems)
        EXPECT_TRUE(problem.path.starts_with("$.options.apns.")) << problem.path;
}

TEST(ApnsProvider, settings_without_a_usable_key_are_refused) {
    ProviderList list;
    add_providers(list);
    const auto rsa = R"({"team_id":"T","key_id":"K","topic":"t","private_key":"-----BEGIN x"})";
    const auto problems = list.at(0)->check_settings(rsa);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, "$.private_key");
    EXPECT_EQ(list.at(0)->check_settings("{}").size(), 4U);
    EXPECT_EQ(list.at(0)->check_settings("nonsense").size(), 1U);
    EXPECT_NE(list.at(0)->shapes().settings.find("writeOnly"), std::string::npos);
}

// RFC 7515 A.3
TEST(ApnsSigning, es256_verifies_the_rfc_vector) {
    const std::string point = "\x04" + *from_base64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU") +
                              *from_base64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    EXPECT_TRUE(verify_signature(
        SigningKey::Kind::ec_p256, point,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        *from_base64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP"
                     "3-Kg6NU1Q")));
}

}  // namespace
}  // namespace hongyan::apns
