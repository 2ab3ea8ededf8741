#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/getui/service.hpp"
#include "universe/getui/world_test.hpp"

namespace hongyan::universe::getui {
namespace {

struct Getui : testing::Test {
    ServiceList list;
    HttpService& service = (add_services(list), *list.http.at(0));
    FakeWorld world{service};
    std::string device = std::string(32, 'a');

    ServiceReply call(std::string path, std::string body, std::string token = "") {
        ServiceRequest r;
        r.method = "POST";
        r.path = "/v2/sandboxappid" + path;
        r.headers = {{"token", std::move(token)}};
        r.body = std::move(body);
        return service.handle(world, r);
    }
    ServiceReply authenticate(std::string secret = "sandboxmastersecret",
                              std::int64_t late_ms = 0) {
        const std::string at = std::to_string(world.time.now_ms() - late_ms);
        return call("/auth", "{\"sign\":\"" + to_hex(sha256("sandboxappkey" + at + secret)) +
                                 "\",\"timestamp\":" + at + ",\"appkey\":\"sandboxappkey\"}");
    }
    std::string token() {
        return std::string(
            boost::json::parse(authenticate().body).at("data").at("token").as_string());
    }
    std::string body(std::string cid, std::string id = "0123456789") {
        return R"({"request_id":")" + id + R"(","audience":{"cid":[")" + cid +
               R"("]},"push_message":{"notification":{"title":"T","body":"B","click_type":"none"}}})";
    }
    std::int64_t code(const ServiceReply& reply) {
        return boost::json::parse(reply.body).at("code").as_int64();
    }
};

TEST_F(Getui, a_push_arrives_and_a_repeat_is_recognised) {
    const auto t = token();
    const auto first = call("/push/single/cid", body(device), t);
    EXPECT_EQ(code(first), 0);
    EXPECT_EQ(call("/push/single/cid", body(device), t).body, first.body);
    ASSERT_EQ(world.arrivals.size(), 2U);
    EXPECT_EQ(world.arrivals[0].content, "B");
    EXPECT_FALSE(world.arrivals[0].duplicate);
    EXPECT_TRUE(world.arrivals[1].duplicate);
    EXPECT_TRUE(world.callbacks.empty());
}

TEST_F(Getui, authentication_needs_the_right_signature_and_time) {
    EXPECT_EQ(code(authenticate()), 0);
    EXPECT_EQ(code(authenticate("wrong")), 20001);
    EXPECT_EQ(code(authenticate("sandboxmastersecret", 3'600'000)), 20001);
}

TEST_F(Getui, tokens_end_with_code_10001_and_http_401) {
    const auto t = token();
    world.time.advance(std::chrono::hours(25));
    const auto reply = call("/push/single/cid", body(device), t);
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(code(reply), 10001);
}

TEST_F(Getui, errors_are_getuis) {
    const auto t = token();
    EXPECT_EQ(code(call("/push/single/cid", body("dead" + std::string(28, 'a')), t)), 20001);
    EXPECT_EQ(code(call("/push/single/cid", body(device, "short"), t)), 20001);
    EXPECT_EQ(code(call("/push/single/cid", "{}", t)), 20001);
    const auto busy = call("/push/single/cid", body("4290" + std::string(28, 'a')), t);
    EXPECT_EQ(busy.status, 401);
    EXPECT_EQ(code(busy), 10005);
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(Getui, receipts_are_signed_and_may_be_forged_doubled_or_lost) {
    world.values["callback_url"] = "http://127.0.0.1:1/cb";
    const auto t = token();
    world.receipt_fate.copies = 2;
    world.receipt_fate.forged = true;
    (void)call("/push/single/cid", body(device), t);
    ASSERT_EQ(world.callbacks.size(), 3U);
    const auto wanted = [](const OutboundRequest& sent) {
        const auto line = boost::json::parse(sent.body);
        const auto text = [&](const char* name) { return std::string(line.at(name).as_string()); };
        return to_hex(md5(text("appid") + text("cid") + text("taskid") + text("msgid") +
                          "sandboxmastersecret")) == text("sign");
    };
    EXPECT_FALSE(wanted(world.callbacks[0]));
    EXPECT_TRUE(wanted(world.callbacks[1]));
    EXPECT_TRUE(wanted(world.callbacks[2]));
    world.receipt_fate = {};
    world.receipt_fate.lost = true;
    (void)call("/push/single/cid", body(device, "9876543210"), t);
    EXPECT_EQ(world.callbacks.size(), 3U);
}

}  // namespace
}  // namespace hongyan::universe::getui
