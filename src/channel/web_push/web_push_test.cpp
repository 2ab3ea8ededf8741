#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/web_push/encrypt.hpp"
#include "channel/web_push/protocol.hpp"
#include "channel/web_push/provider.hpp"
#include "channel/web_push/vapid.hpp"

namespace hongyan::web_push {
namespace {

// RFC 8291, section 5
constexpr std::string_view plaintext = "When I grow up, I want to be a watermelon";
constexpr std::string_view as_private = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
constexpr std::string_view as_public =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
constexpr std::string_view ua_public =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
constexpr std::string_view ua_private = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
constexpr std::string_view auth = "BTBZMqHH6r4Tts7J_aSIgg";
constexpr std::string_view expected_body =
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN";

std::string subscription_text(std::string endpoint = "https://push.example.net/send/1") {
    return "{\"endpoint\":\"" + endpoint + "\",\"expirationTime\":null,\"keys\":{\"p256dh\":\"" +
           std::string(ua_public) + "\",\"auth\":\"" + std::string(auth) + "\"}}";
}

Settings settings() {
    Settings s;
    s.private_key = as_private;
    s.subject = "mailto:push@example.com";
    return s;
}

Message message() {
    Message m;
    m.id = 99;
    m.recipient = "webpush:" + subscription_text();
    m.subject = "Title";
    m.content = "Text";
    return m;
}

std::string header(const OutboundRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return "(none)";
}

OutboundReply answer(int status, std::string body = "") {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

TEST(WebPushEncrypt, gives_every_byte_of_the_rfc_8291_vector) {
    auto subscription = read_subscription(subscription_text());
    ASSERT_TRUE(subscription);
    auto key = SigningKey::from_raw(SigningKey::Kind::ec_p256, *from_base64(as_private));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_base64url(key->public_key()), as_public);
    auto secret = key->shared_secret(*from_base64(ua_public));
    ASSERT_TRUE(secret);
    EXPECT_EQ(to_base64url(*secret), "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
    auto body = encrypt(plaintext, *subscription, {*key, *from_base64("DGv6ra1nlYgDCS1FRnbzlw")});
    ASSERT_TRUE(body);
    EXPECT_EQ(body->size(), 144U);
    EXPECT_EQ(to_base64url(*body), expected_body);
}

TEST(WebPushEncrypt, the_receivers_private_key_gives_the_same_secret) {
    auto mine = SigningKey::from_raw(SigningKey::Kind::ec_p256, *from_base64(ua_private));
    ASSERT_TRUE(mine);
    EXPECT_EQ(to_base64url(mine->public_key()), ua_public);
    EXPECT_EQ(to_base64url(*mine->shared_secret(*from_base64(as_public))),
              "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
}

TEST(WebPushEncrypt, a_key_off_the_curve_is_refused) {
    auto subscription = read_subscription(subscription_text());
    ASSERT_TRUE(subscription);
    subscription->p256dh = "\x04" + std::string(64, '\x07');
    EXPECT_FALSE(encrypt("x", *subscription, make_fresh()));
}

// RFC 8292, 2.4
TEST(WebPushVapid, the_rfc_8292_token_verifies) {
    const std::string signed_part =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAi"
        "OjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0";
    EXPECT_TRUE(verify_signature(
        SigningKey::Kind::ec_p256,
        *from_base64("BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk"
                     "5Y2EmClBPs"),
        signed_part,
        *from_base64("i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkS"
                     "SHzvoD1oA")));
}

TEST(WebPushVapid, a_token_holds_for_one_origin_and_is_kept_until_near_its_end) {
    auto key = vapid_key(as_private);
    ASSERT_TRUE(key);
    Vapid vapid(*key, "mailto:a@b.c", std::chrono::hours(12));
    const std::int64_t now = 1'800'000'000'000;
    const std::string first = vapid.authorization("https://push.example.net", now);
    EXPECT_EQ(vapid.authorization("https://push.example.net", now + 10 * 3'600'000), first);
    EXPECT_NE(vapid.authorization("https://push.example.net", now + 11 * 3'600'000), first);
    const std::string other = vapid.authorization("https://other.example.net", now);
    const auto claims = boost::json::parse(*from_base64(split(other.substr(8), '.')[1]));
    EXPECT_EQ(claims.at("aud"), "https://other.example.net");
    EXPECT_EQ(claims.at("exp").as_int64(), now / 1000 + 12 * 3600);
    EXPECT_EQ(claims.at("sub"), "mailto:a@b.c");
    EXPECT_TRUE(other.ends_with(", k=" + std::string(as_public)));
}

TEST(WebPush, a_message_becomes_an_encrypted_request) {
    ManualClock clock;
    auto p = make_protocol(settings(), clock);
    ASSERT_TRUE(p);
    auto r = (*p)->request(message(), {"", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://push.example.net/send/1");
    EXPECT_EQ(r->trust, UrlTrust::users);
    EXPECT_EQ(header(*r, "ttl"), "86400");
    EXPECT_EQ(header(*r, "urgency"), "normal");
    EXPECT_EQ(header(*r, "topic").size(), 32U);
    EXPECT_EQ(header(*r, "content-encoding"), "aes128gcm");
    EXPECT_TRUE(header(*r, "authorization").starts_with("vapid t="));
    EXPECT_EQ(r->body.size(), 86U + 17U + std::string(R"({"title":"Title","body":"Text"})").size());
    auto again = (*p)->request(message(), {"", clock.now_ms()});
    EXPECT_NE(again->body, r->body) << "key and salt are new each time";
    EXPECT_EQ(header(*again, "topic"), header(*r, "topic"));
}

TEST(WebPush, plain_http_and_private_addresses_need_the_operators_word) {
    ManualClock clock;
    Message m = message();
    m.recipient = subscription_text("http://127.0.0.1:8090/wpush/v2/x");
    auto careful = make_protocol(settings(), clock);
    EXPECT_FALSE((*careful)->request(m, {}));
    Settings open = settings();
    open.trusted_endpoints = true;
    auto trusting = make_protocol(open, clock);
    auto r = (*trusting)->request(m, {"", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->trust, UrlTrust::operators);
}

TEST(WebPush, the_time_to_live_ends_with_the_message) {
    ManualClock clock;
    auto p = make_protocol(settings(), clock);
    Message m = message();
    m.deliver_by_ms = clock.now_ms() + 90'000;
    EXPECT_EQ(header(*(*p)->request(m, {"", clock.now_ms()}), "ttl"), "90");
}

TEST(WebPush, answers_have_their_class) {
    ManualClock clock;
    auto p = make_protocol(settings(), clock);
    const std::pair<int, OutcomeClass> wanted[] = {{201, OutcomeClass::accepted},
                                                   {202, OutcomeClass::accepted},
                                                   {404, OutcomeClass::recipient_permanent},
                                                   {410, OutcomeClass::recipient_permanent},
                                                   {413, OutcomeClass::message_permanent},
                                                   {429, OutcomeClass::rate_limited},
                                                   {400, OutcomeClass::configuration},
                                                   {401, OutcomeClass::configuration},
                                                   {403, OutcomeClass::configuration},
                                                   {500, OutcomeClass::transient},
                                                   {503, OutcomeClass::transient},
                                                   {307, OutcomeClass::configuration}};
    for (const auto& [status, kind] : wanted) {
        const auto outcome = (*p)->judge(message(), answer(status));
        EXPECT_EQ(outcome.kind, kind) << status;
        EXPECT_EQ(!outcome.suppress.empty(), kind == OutcomeClass::recipient_permanent) << status;
    }
    auto busy = answer(429);
    busy.headers = {{"retry-after", "30"}};
    EXPECT_EQ((*p)->judge(message(), busy).retry_after_ms, 30'000);
    EXPECT_TRUE(is_utf8((*p)->judge(message(), answer(500, "\xff\xfe")).detail));
}

TEST(WebPush, a_forbidden_address_is_the_recipients_fault_not_the_accounts) {
    ManualClock clock;
    auto p = make_protocol(settings(), clock);
    OutboundReply reply;
    reply.end = CallEnd::refused;
    EXPECT_EQ((*p)->judge_lost(message(), reply).kind, OutcomeClass::recipient_permanent);
    reply.end = CallEnd::not_sent;
    EXPECT_EQ((*p)->judge_lost(message(), reply).kind, OutcomeClass::transient);
    reply.end = CallEnd::lost;
    EXPECT_EQ((*p)->judge_lost(message(), reply).kind, OutcomeClass::unknown);
}

TEST(WebPush, a_payload_over_the_limit_fails_with_both_sizes) {
    ManualClock clock;
    auto p = make_protocol(settings(), clock);
    Message m = message();
    m.content = std::string(4000, 'x');
    auto refused = (*p)->request(m, {});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("3993"), std::string::npos);
    m.options = R"({"web_push":{"text_only":true}})";
    m.content = std::string(3993, 'x');
    auto r = (*p)->request(m, {});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->body.size(), 4096U);
}

TEST(WebPushProvider, broken_subscriptions_are_refused_without_naming_keys) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check(subscription_text(), {"t", "x", ""}).empty());
    const std::string broken[] = {
        "",
        "webpush:",
        "apns:" + std::string(64, 'a'),
        "{}",
        "{\"endpoint\":1}",
        "webpush:{",
        subscription_text("ftp://x/"),
        subscription_text("https://user@host/"),
        subscription_text("https://"),
        subscription_text("https://a b/"),
        R"({"endpoint":"https://x/","keys":{"p256dh":"AAAA","auth":"BTBZMqHH6r4Tts7J_aSIgg"}})",
        R"({"endpoint":"https://x/","keys":{"p256dh":")" + std::string(ua_public) +
            R"(","auth":"AAAA"}})"};
    for (const auto& recipient : broken) {
        const auto problems = p.check(recipient, {"t", "x", ""});
        ASSERT_EQ(problems.size(), 1U) << recipient;
        EXPECT_EQ(problems[0].path, "$.recipient");
        EXPECT_EQ(problems[0].detail.find("BTBZ"), std::string::npos);
    }
}

TEST(WebPushProvider, the_audience_is_the_bare_origin) {
    EXPECT_EQ(read_subscription(subscription_text("https://Push.Example.net:443/a?b"))->origin,
              "https://push.example.net");
    EXPECT_EQ(read_subscription(subscription_text("https://push.example.net:8443/a"))->origin,
              "https://push.example.net:8443");
}

TEST(WebPushProvider, settings_take_the_key_in_both_forms) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check_settings(R"({"private_key":"yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
        "subject":"mailto:a@b.c"})")
                    .empty());
    EXPECT_EQ(p.check_settings(R"({"private_key":"short","subject":"bob"})").size(), 2U);
    const auto pem = SigningKey::generate(SigningKey::Kind::ec_p256).private_pem();
    EXPECT_TRUE(vapid_key(pem));
    EXPECT_FALSE(vapid_key(std::string(32, '\0')));
}

}  // namespace
}  // namespace hongyan::web_push
