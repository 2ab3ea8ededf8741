#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/jpush/cid_account.hpp"
#include "channel/jpush/cid_pool.hpp"
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
    std::unique_ptr<kit::HttpProtocol> p = make_protocol(settings(), clock);
};
using Jpush = Fixture;

TEST_F(Jpush, a_message_becomes_a_request_as_jpush_documents_it) {
    auto m = message(4711, R"({"jpush":{"extras":{"a":1},"badge":"5"}})");
    m.provider_token = "cid-1";
    const auto r = p->request(m, {"", clock.now_ms()});
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

TEST(JpushCids, leave_the_pool_in_order_and_not_when_they_are_half_a_day_old) {
    ManualClock clock;
    CidPool pool;
    pool.add({"cid-1", "cid-2"}, clock.now_ms());
    EXPECT_EQ(pool.take(clock.now_ms())->text, "cid-1");
    clock.advance(std::chrono::hours(13));
    pool.add({"cid-3"}, clock.now_ms());
    const auto cid = pool.take(clock.now_ms());
    ASSERT_TRUE(cid);
    EXPECT_EQ(cid->text, "cid-3");
    EXPECT_EQ(cid->given_ms, clock.now_ms());
    EXPECT_FALSE(pool.take(clock.now_ms()));
}

TEST_F(Jpush, cids_can_be_made_of_the_message_or_left_out) {
    Settings s = settings();
    s.cid = "message";
    auto own = make_protocol(s, clock);
    EXPECT_EQ(boost::json::parse(own->request(message(), {})->body).at("cid").as_string(),
              s.app_key + "-" + kit::message_token(message()));
    s.cid = "none";
    auto none = make_protocol(s, clock);
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

/// What was handed to the account that sends: message and cid.
using Handed = std::vector<std::pair<MessageId, std::string>>;

class Inner final : public Account {
  public:
    explicit Inner(Handed& sent) : sent_(sent) {}
    Status start(OutcomeSink, ReceiptSink) override { return Done{}; }
    void send(std::vector<MessagePtr> batch, std::int64_t) override {
        for (const auto& one : batch) sent_.emplace_back(one->id, one->provider_token);
    }
    Result<CallbackAnswer> callback(const Callback&) override {
        return make_error(ErrorCode::not_found, "");
    }
    void test(UniqueFunction<void(AccountTest)>) override {}
    void stop(Millis) override {}

  private:
    Handed& sent_;
};

/// Keeps tokens when the test says so.
class Disk final : public TokenStore {
  public:
    void keep(std::int64_t account_id, std::vector<Given> tokens,
              UniqueFunction<void(bool)> stored) override {
        EXPECT_EQ(account_id, 7);
        for (const auto& one : tokens) kept.emplace_back(one.message_id, one.token);
        if (at_once)
            stored(true);
        else
            waiting.push_back(std::move(stored));
    }
    Handed kept;
    std::vector<UniqueFunction<void(bool)>> waiting;
    bool at_once = true;
};

struct CidFixture : testing::Test {
    std::unique_ptr<Account> open() {
        auto account =
            make_cid_account(std::make_unique<Inner>(sent), 7, settings(),
                             ProviderParts{server, clock, log, /*allowed=*/nullptr, &disk});
        EXPECT_TRUE(account->start(
            [this](std::vector<Sent> all) {
                for (const auto& one : all) given_back.push_back(one.outcome);
            },
            {}));
        return account;
    }
    static std::vector<MessagePtr> batch_of(std::initializer_list<MessageId> ids) {
        std::vector<MessagePtr> batch;
        for (const auto id : ids) batch.push_back(std::make_unique<Message>(message(id)));
        return batch;
    }
    [[nodiscard]] std::int64_t soon() const { return clock.now_ms() + 10'000; }

    ManualClock clock;
    Log log{LogLevel::error};
    CidServer server;
    Disk disk;
    Handed sent;
    std::vector<Outcome> given_back;
};
using JpushAccount = CidFixture;

TEST_F(JpushAccount, cids_are_fetched_until_every_message_has_one) {
    auto account = open();
    account->send(batch_of({1, 2, 3}), soon());
    EXPECT_EQ(sent, (Handed{{1, "a1"}, {2, "b1"}, {3, "a2"}}));
    EXPECT_EQ(server.urls.size(), 2U) << "two cids come at once";
    EXPECT_TRUE(server.urls[0].ends_with("/v3/push/cid?count=10&type=push"));
    account->send(batch_of({4}), soon());
    EXPECT_EQ(server.urls.size(), 2U) << "one was left";
    EXPECT_EQ(disk.kept, sent);
    account->stop(Millis(10));
}

TEST_F(JpushAccount, nothing_leaves_before_its_cid_is_on_disk) {
    disk.at_once = false;
    auto account = open();
    account->send(batch_of({1}), soon());
    EXPECT_EQ(disk.kept, (Handed{{1, "a1"}}));
    EXPECT_TRUE(sent.empty());
    disk.waiting[0](true);
    EXPECT_EQ(sent, (Handed{{1, "a1"}}));
    account->send(batch_of({2}), soon());
    disk.waiting[1](false);
    EXPECT_EQ(sent.size(), 1U);
    ASSERT_EQ(given_back.size(), 1U);
    EXPECT_EQ(given_back[0].kind, OutcomeClass::transient);
    EXPECT_EQ(given_back[0].code, "not_stored");
    account->stop(Millis(10));
}

TEST_F(JpushAccount, a_message_keeps_the_cid_of_its_earlier_attempts_while_it_holds) {
    auto account = open();
    auto again = batch_of({1, 2, 3});
    again[0]->provider_token = again[1]->provider_token = again[2]->provider_token = "stored";
    again[0]->provider_token_ms = again[1]->provider_token_ms = clock.now_ms() - 22 * 3'600'000;
    again[2]->provider_token_ms = clock.now_ms() - 24 * 3'600'000;
    again[0]->provider_token_account = again[2]->provider_token_account = 7;
    again[1]->provider_token_account = 8;
    account->send(std::move(again), soon());
    EXPECT_EQ(sent, (Handed{{1, "stored"}, {2, "a1"}, {3, "b1"}}))
        << "one of another account, and one that JPush has forgotten";
    account->stop(Millis(10));
}

TEST_F(JpushAccount, a_message_goes_without_when_none_can_be_had) {
    server.working = false;
    auto account = open();
    account->send(batch_of({1}), soon());
    EXPECT_EQ(sent, (Handed{{1, ""}}));
    EXPECT_TRUE(disk.kept.empty());
    account->stop(Millis(10));
}

TEST_F(JpushAccount, cids_still_on_their_way_to_the_disk_are_waited_for) {
    disk.at_once = false;
    auto account = open();
    account->send(batch_of({1}), soon());
    account->stop(Millis(10));
    account.reset();
    disk.waiting[0](true);  // too late: the next start finds the message under way
    EXPECT_TRUE(sent.empty() && given_back.empty());
}

TEST(JpushCids, malformed_lists_give_none) {
    for (const char* body : {"", "[]", "{}", R"({"cidlist":"x"})", R"({"cidlist":[1,null,""]})"})
        EXPECT_TRUE(read_cids(body).empty()) << body;
}

}  // namespace
}  // namespace hongyan::jpush
