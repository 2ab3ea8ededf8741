#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/getui/protocol.hpp"
#include "channel/getui/provider.hpp"
#include "channel/getui/receipts.hpp"

namespace hongyan::getui {
namespace {

const std::string device(32, 'a');

Settings settings() {
    Settings s;
    s.app_id = "appid1";
    s.app_key = "appkey1";
    s.master_secret = "mastersecret1";
    return s;
}

Message message(std::string options = "") {
    Message m;
    m.id = 4711;
    m.recipient = "getui:" + device;
    m.subject = "Title";
    m.content = "Text";
    m.options = std::move(options);
    return m;
}

OutboundReply answer(int status, std::string body) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

std::string receipt(std::string_view code, std::string_view secret = "mastersecret1") {
    return R"({"appid":"appid1","cid":"cid1","taskid":"taskid1","msgid":"msgid1","code":")" +
           std::string(code) + R"(","desc":"ok","sign":")" +
           receipt_signature("appid1", "cid1", "taskid1", "msgid1", secret) + "\"}";
}

struct Fixture : testing::Test {
    ManualClock clock{1'594'010'834'000};
    std::unique_ptr<kit::HttpProtocol> p = make_protocol(settings(), clock);
};
using Getui = Fixture;

TEST(GetuiSignature, has_the_reference_vectors) {
    EXPECT_EQ(auth_signature("appkey1", 1'594'010'834'000, "mastersecret1"),
              "dee62d0520f1a9959c7995f404035ebcad274df6179a7c92877b9aace92496ac");
    EXPECT_EQ(receipt_signature("appid1", "cid1", "taskid1", "msgid1", "mastersecret1"),
              "2e7b7a6089de5b9025321a52a74a2399");
}

TEST_F(Getui, a_token_is_fetched_with_the_signed_time) {
    const auto r = p->token_request(clock.now_ms());
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://restapi.getui.com/v2/appid1/auth");
    EXPECT_EQ(r->body,
              R"({"sign":"dee62d0520f1a9959c7995f404035ebcad274df6179a7c92877b9aace92496ac",)"
              R"("timestamp":1594010834000,"appkey":"appkey1"})");
    const auto token = p->read_token(
        answer(200, R"({"code":0,"msg":"","data":{"token":"t1","expire_time":"1594014434000"}})"));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value, "t1");
    EXPECT_EQ(token->expires_in, std::chrono::hours(1));
    EXPECT_EQ(p->read_token(answer(400, R"({"code":20001,"msg":"sign"})")).error().code,
              ErrorCode::config_invalid);
    EXPECT_EQ(p->read_token(answer(400, R"({"code":10003,"msg":"often"})")).error().code,
              ErrorCode::outbound_failed);
    EXPECT_EQ(p->read_token(answer(502, "")).error().code, ErrorCode::outbound_failed);
    EXPECT_FALSE(p->read_token(answer(200, "[]")));
}

TEST_F(Getui, a_message_becomes_a_request_as_getui_documents_it) {
    const auto r = p->request(message(R"({"getui":{"click_type":"url","url":"https://x"}})"),
                              {"t1", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://restapi.getui.com/v2/appid1/push/single/cid");
    const auto body = boost::json::parse(r->body);
    EXPECT_EQ(body.at("request_id").as_string().size(), 32U);
    EXPECT_EQ(body.at("audience").at("cid").at(0).as_string(), device);
    EXPECT_EQ(body.at("settings").at("ttl"), 7'200'000);
    const auto& shown = body.at("push_message").at("notification");
    EXPECT_EQ(shown.at("title"), "Title");
    EXPECT_EQ(shown.at("body"), "Text");
    EXPECT_EQ(shown.at("click_type"), "url");
    EXPECT_EQ(p->request(message(), {})->body.find("push_channel"), std::string::npos);
    const auto again = p->request(message(), {"t2", clock.now_ms() + 5});
    EXPECT_EQ(boost::json::parse(again->body).at("request_id"), body.at("request_id"));
}

TEST_F(Getui, codes_have_the_class_of_the_table) {
    struct Row {
        int status;
        const char* body;
        OutcomeClass kind;
    };
    using enum OutcomeClass;
    const Row rows[] = {
        {200, R"({"code":0,"data":{"T1":{"c":"successed_online"}}})", accepted},
        {200, R"({"code":0,"data":{}})", accepted},
        {500, R"({"code":1,"msg":"x"})", transient},
        {200, R"({"code":2,"msg":"x"})", transient},
        {400, R"({"code":301,"msg":"x","data":{"domain":"d"}})", configuration},
        {401, R"({"code":10001,"msg":"x"})", token},
        {401, R"({"code":10002,"msg":"x"})", configuration},
        {401, R"({"code":10003,"msg":"x"})", rate_limited},
        {401, R"({"code":10005,"msg":"x"})", rate_limited},
        {400, R"({"code":20001,"msg":"title is invalid"})", message_permanent},
        {400, R"({"code":20001,"msg":"target user is invalid"})", recipient_permanent},
        {403, R"({"code":403,"msg":"no package"})", configuration},
        {403, R"({"code":403,"msg":"quota is used up"})", rate_limited},
        {400, R"({"code":10099,"msg":"new"})", configuration},
        {400, R"({"code":20099,"msg":"new"})", message_permanent},
        {503, "<html>", transient},
        {429, "", rate_limited},
        {200, "<html>", unknown}};
    for (const auto& row : rows) {
        const auto outcome = p->judge(message(), answer(row.status, row.body));
        EXPECT_EQ(outcome.kind, row.kind) << row.status << " " << row.body;
        EXPECT_EQ(!outcome.suppress.empty(), row.kind == recipient_permanent) << row.body;
    }
    EXPECT_EQ(p->judge(message(), answer(200, rows[0].body)).provider_message_id, "T1");
}

TEST_F(Getui, receipts_are_believed_by_their_signature_only) {
    Callback callback;
    callback.body = receipt("200") + "\n" + receipt("500") + "\n\n";
    const auto answered = p->callback(callback, clock.now_ms());
    ASSERT_TRUE(answered);
    ASSERT_EQ(answered->receipts.size(), 2U);
    EXPECT_EQ(answered->receipts[0].status, MessageStatus::delivered);
    EXPECT_EQ(answered->receipts[0].provider_message_id, "taskid1");
    EXPECT_EQ(answered->receipts[1].status, MessageStatus::failed);
    EXPECT_FALSE(answered->replay_key.empty());

    callback.body = receipt("200") + "\n" + receipt("200", "another");
    EXPECT_EQ(p->callback(callback, 0).error().code, ErrorCode::unauthorized);
    for (const char* body : {"", "\n", "x", "[]", "{}"}) {
        callback.body = body;
        EXPECT_FALSE(p->callback(callback, 0)) << body;
    }
}

TEST(GetuiProvider, recipients_and_options_are_checked) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check("getui:" + device, {"t", "x", ""}).empty());
    EXPECT_TRUE(p.check(device, {"t", "x", ""}).empty());
    for (const std::string& bad : {"jpush:" + device, device + "a", std::string(31, 'a'),
                                   std::string(32, 'z'), std::string()})
        EXPECT_EQ(p.check(bad, {"t", "x", ""}).size(), 1U) << bad;
    EXPECT_EQ(p.check(device, {"t", "x", "", R"({"getui":{"click_type":"url"}})"}).size(), 1U);
    EXPECT_EQ(p.check_settings("{}").size(), 3U);
}

}  // namespace
}  // namespace hongyan::getui
