#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/jpush/cid_account.hpp"
#include "channel/jpush/protocol.hpp"
#include "channel/jpush/provider.hpp"

namespace hongyan::jpush {
namespace {

const std::string device = "1507bfd3f7c466c2e3f";

Settings settings() {
    Settings s;
    s.app_key = "7d431e42dfa6a6d693ac2d04";
    s.master_secret = "5e987ac6d2e04d95a9d8f0d1";
    return s;
}

Message message(MessageId id = 4711, std::string options = "") {
    Message m;
    m.id = id;
    m.recipient = "jpush:" + device;
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

struct Fixture : testing::Test {
    ManualClock clock;
    std::shared_ptr<CidPool> pool = std::make_shared<CidPool>();
    std::unique_ptr<kit::HttpProtocol> p = make_protocol(settings(), pool, clock);
};
using Jpush = Fixture;

TEST_F(Jpush, a_message_becomes_a_request_as_jpush_documents_it) {
    pool->add({"cid-1"}, clock.now_ms());
    ASSERT_TRUE(pool->assign(4711, clock.now_ms()));
    const auto r = p->request(message(4711, R"({"jpush":{"extras":{"a":1},"badge":"5"}})"),
                              {"", clock.now_ms()});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->url, "https://api.jpush.cn/v3/push");
    EXPECT_EQ(r->method, "POST");
    // The HTTP client makes the header of these, as in the documented example.
    EXPECT_EQ(to_base64(r->user + ":" + r->password),
              "N2Q0MzFlNDJkZmE2YTZkNjkzYWMyZDA0OjVlOTg3YWM2ZDJlMDRkOTVhOWQ4ZjBkMQ==");
    const auto body = boost::json::parse(r->body);
    EXPECT_EQ(body.at("cid"), "cid-1");
    EXPECT_EQ(body.at("platform"), "all");
    EXPECT_EQ(body.at("audience").at("registration_id").at(0).as_string(), device);
    EXPECT_EQ(body.at("notification").at("android").at("alert"), "Text");
    EXPECT_EQ(body.at("notification").at("android").at("title"), "Title");
    EXPECT_EQ(body.at("notification").at("ios").at("alert").at("title"), "Title");
    EXPECT_EQ(body.at("notification").at("ios").at("badge"), 5);
    EXPECT_EQ(body.at("options").at("apns_production"), true) << "never left to the default";
    EXPECT_EQ(body.at("options").at("time_to_live"), 86'400);
}

TEST_F(Jpush, a_message_keeps_its_cid_for_all_attempts) {
    pool->add({"cid-1", "cid-2"}, clock.now_ms());
    ASSERT_TRUE(pool->assign(1, clock.now_ms()));
    ASSERT_TRUE(pool->assign(1, clock.now_ms()));
    EXPECT_EQ(pool->of(1), "cid-1");
    ASSERT_TRUE(pool->assign(2, clock.now_ms()));
    EXPECT_FALSE(pool->assign(3, clock.now_ms()));
    EXPECT_EQ(p->judge(message(1), answer(500, R"({"error":{"code":1000}})")).kind,
              OutcomeClass::transient);
    EXPECT_EQ(pool->of(1), "cid-1");
    (void)p->judge(message(1), answer(200, R"({"sendno":"0","msg_id":"7"})"));
    EXPECT_EQ(pool->of(1), std::nullopt);
    clock.advance(std::chrono::hours(24));
    EXPECT_FALSE(pool->assign(2, clock.now_ms())) << "a cid lives a day";
}

TEST_F(Jpush, cids_can_be_made_of_the_message_or_left_out) {
    Settings s = settings();
    s.cid = "message";
    auto own = make_protocol(s, pool, clock);
    EXPECT_EQ(boost::json::parse(own->request(message(), {})->body).at("cid").as_string(),
              s.app_key + "-" + kit::message_token(message()));
    s.cid = "none";
    auto none = make_protocol(s, pool, clock);
    EXPECT_FALSE(
        boost::json::parse(none->request(message(), {})->body).as_object().contains("cid"));
}

TEST_F(Jpush, ids_come_as_text_or_number) {
    EXPECT_EQ(p->judge(message(), answer(200, R"({"sendno":"18","msg_id":"1828256757"})"))
                  .provider_message_id,
              "1828256757");
    EXPECT_EQ(p->judge(message(), answer(200, R"({"sendno":18,"msg_id":18100000000000007})"))
                  .provider_message_id,
              "18100000000000007");
    EXPECT_EQ(p->judge(message(), answer(200, "<html>")).kind, OutcomeClass::unknown);
}

TEST_F(Jpush, codes_have_the_class_of_the_table) {
    using enum OutcomeClass;
    const std::pair<int, OutcomeClass> wanted[] = {
        {1000, transient},         {1001, message_permanent}, {1002, message_permanent},
        {1003, message_permanent}, {1004, configuration},     {1005, message_permanent},
        {1008, configuration},     {1009, message_permanent}, {1011, recipient_permanent},
        {1012, rate_limited},      {1020, message_permanent}, {1030, transient},
        {2002, rate_limited},      {2003, configuration},     {2004, configuration},
        {2005, configuration},     {2006, configuration},     {2007, configuration}};
    for (const auto& [code, kind] : wanted) {
        const auto outcome = p->judge(
            message(),
            answer(400, "{\"error\":{\"code\":" + std::to_string(code) + ",\"message\":\"m\"}}"));
        EXPECT_EQ(outcome.kind, kind) << code;
        EXPECT_EQ(!outcome.suppress.empty(), code == 1011);
    }
    for (const int status : {502, 503, 504})
        EXPECT_EQ(p->judge(message(), answer(status, "")).kind, transient);
    EXPECT_EQ(p->judge(message(), answer(200, R"({"error":{"code":1030}})")).kind, transient)
        << "200 is no success";
}

TEST_F(Jpush, a_rate_limit_says_when_it_ends) {
    auto busy = answer(429, R"({"error":{"code":2002,"message":"Rate limit exceeded"}})");
    EXPECT_EQ(p->judge(message(), busy).retry_after_ms, 60'000);
    busy.headers = {{"x-rate-limit-reset", "17"}};
    EXPECT_EQ(p->judge(message(), busy).retry_after_ms, 17'000);
}

TEST_F(Jpush, sizes_are_kept_per_platform) {
    Message m = message();
    m.content = std::string(3000, 'x');
    auto r = p->request(m, {});
    ASSERT_FALSE(r);
    EXPECT_NE(r.error().detail.find("2000"), std::string::npos);
    m.options = R"({"jpush":{"platforms":["android"]}})";
    EXPECT_TRUE(p->request(m, {}));
    m.content = std::string(4001, 'x');
    EXPECT_FALSE(p->request(m, {}));
}

TEST(JpushProvider, recipients_and_settings_are_checked) {
    ProviderList list;
    add_providers(list);
    const Provider& p = *list.at(0);
    EXPECT_TRUE(p.check("jpush:" + device, {"t", "x", ""}).empty());
    EXPECT_TRUE(p.check(device, {"t", "x", ""}).empty());
    for (const std::string& bad : {"fcm:" + device, std::string(32, 'a'), std::string(64, 'a'),
                                   std::string("1507bfd3-7c466c2e3f"), std::string()})
        EXPECT_EQ(p.check(bad, {"t", "x", ""}).size(), 1U) << bad;
    EXPECT_EQ(p.check(device, {"t", "", ""}).size(), 1U);
    EXPECT_EQ(p.check(device, {"t", "x", "", R"({"jpush":{"badge":"many"}})"}).size(), 1U);
    EXPECT_EQ(p.check_settings(R"({"cid":"x"})").size(), 3U);
}

/// Answers with cids, or not at all.
class CidServer final : public Outbound {
  public:
    void call(OutboundRequest request, OutboundDone done) override {
        urls.push_back(request.url);
        OutboundReply reply;
        if (working) {
            reply = answer(200, R"({"cidlist":["a)" + std::to_string(urls.size()) + R"(","b)" +
                                    std::to_string(urls.size()) + R"("]})");
        }
        done(std::move(reply));
    }
    std::vector<std::string> urls;
    bool working = true;
};

class Inner final : public Account {
  public:
    explicit Inner(std::vector<MessageId>& sent) : sent_(sent) {}
    Status start(OutcomeSink, ReceiptSink) override { return Done{}; }
    void send(std::vector<MessagePtr> batch, std::int64_t) override {
        for (const auto& one : batch) sent_.push_back(one->id);
    }
    Result<CallbackAnswer> callback(const Callback&) override {
        return make_error(ErrorCode::not_found, "");
    }
    void test(UniqueFunction<void(AccountTest)>) override {}
    void stop(Millis) override {}

  private:
    std::vector<MessageId>& sent_;
};

std::vector<MessagePtr> batch_of(std::initializer_list<MessageId> ids) {
    std::vector<MessagePtr> batch;
    for (const auto id : ids) batch.push_back(std::make_unique<Message>(message(id)));
    return batch;
}

TEST(JpushCids, are_fetched_until_every_message_has_one) {
    ManualClock clock;
    Log log(LogLevel::error);
    CidServer server;
    std::vector<MessageId> sent;
    auto pool = std::make_shared<CidPool>();
    auto account =
        make_cid_account(std::make_unique<Inner>(sent), pool, settings(), {server, clock, log});
    ASSERT_TRUE(account->start([](std::vector<Sent>) {}, {}));
    account->send(batch_of({1, 2, 3}), clock.now_ms() + 10'000);
    EXPECT_EQ(sent.size(), 3U);
    EXPECT_EQ(server.urls.size(), 2U) << "two cids come at once";
    EXPECT_TRUE(server.urls[0].ends_with("/v3/push/cid?count=10&type=push"));
    EXPECT_EQ(pool->of(1), "a1");
    EXPECT_EQ(pool->of(3), "a2");
    account->send(batch_of({4}), clock.now_ms() + 10'000);
    EXPECT_EQ(server.urls.size(), 2U) << "one was left";
    account->stop(Millis(10));
}

TEST(JpushCids, a_message_goes_without_when_none_can_be_had) {
    ManualClock clock;
    Log log(LogLevel::error);
    CidServer server;
    server.working = false;
    std::vector<MessageId> sent;
    auto pool = std::make_shared<CidPool>();
    auto account =
        make_cid_account(std::make_unique<Inner>(sent), pool, settings(), {server, clock, log});
    ASSERT_TRUE(account->start([](std::vector<Sent>) {}, {}));
    account->send(batch_of({1}), clock.now_ms() + 10'000);
    EXPECT_EQ(sent, std::vector<MessageId>{1});
    EXPECT_EQ(pool->of(1), std::nullopt);
    account->stop(Millis(10));
}

TEST(JpushCids, malformed_lists_give_none) {
    for (const char* body : {"", "[]", "{}", R"({"cidlist":"x"})", R"({"cidlist":[1,null,""]})"})
        EXPECT_TRUE(read_cids(body).empty()) << body;
}

}  // namespace
}  // namespace hongyan::jpush
