#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "universe/jpush/service.hpp"
#include "universe/jpush/world_test.hpp"

namespace hongyan::universe::jpush {
namespace {

struct Jpush : testing::Test {
    ServiceList list;
    HttpService& service = (add_services(list), *list.http.at(0));
    FakeWorld world{service};

    ServiceRequest request(std::string method, std::string path, std::string body = "") {
        ServiceRequest r;
        r.method = std::move(method);
        r.path = std::move(path);
        r.headers = {
            {"authorization",
             "Basic N2Q0MzFlNDJkZmE2YTZkNjkzYWMyZDA0OjVlOTg3YWM2ZDJlMDRkOTVhOWQ4ZjBkMQ=="}};
        r.body = std::move(body);
        return r;
    }
    std::string push_body(std::string id, std::string cid = "", std::string more = "") {
        return "{" + (cid.empty() ? "" : "\"cid\":\"" + cid + "\",") +
               R"("platform":"all","audience":{"registration_id":[")" + id +
               R"("]},"notification":{"android":{"alert":"B","title":"T"}},)" +
               R"("options":{"apns_production":true})" + more + "}";
    }
    /// 0 if it was taken.
    std::int64_t code(const ServiceRequest& r) {
        const auto reply = service.handle(world, r);
        if (reply.status == 200) return 0;
        return boost::json::parse(reply.body).at("error").at("code").as_int64();
    }
    std::string cid() {
        const auto reply = service.handle(world, request("GET", "/v3/push/cid"));
        return std::string(boost::json::parse(reply.body).at("cidlist").at(0).as_string());
    }
};

TEST_F(Jpush, a_push_arrives_and_answers_with_texts) {
    const auto reply = service.handle(world, request("POST", "/v3/push", push_body("abc123")));
    EXPECT_EQ(reply.status, 200);
    const auto body = boost::json::parse(reply.body);
    EXPECT_TRUE(body.at("msg_id").is_string());
    EXPECT_TRUE(body.at("sendno").is_string());
    ASSERT_EQ(world.arrivals.size(), 1U);
    EXPECT_EQ(world.arrivals[0].recipient, "abc123");
    EXPECT_EQ(world.arrivals[0].subject, "T");
    EXPECT_EQ(world.arrivals[0].content, "B");
}

TEST_F(Jpush, a_repeat_of_a_cid_gets_the_first_answer) {
    const std::string one = cid();
    const auto r = request("POST", "/v3/push", push_body("abc123", one));
    const auto first = service.handle(world, r);
    const auto second = service.handle(world, r);
    EXPECT_EQ(first.body, second.body);
    ASSERT_EQ(world.arrivals.size(), 2U);
    EXPECT_FALSE(world.arrivals[0].duplicate);
    EXPECT_TRUE(world.arrivals[1].duplicate);
    EXPECT_EQ(code(request("POST", "/v3/push", push_body("abc123", "invented"))), 1003);
}

TEST_F(Jpush, free_apps_get_ten_cids_at_once) {
    auto r = request("GET", "/v3/push/cid");
    r.query = "count=500&type=push";
    EXPECT_EQ(boost::json::parse(service.handle(world, r).body).at("cidlist").as_array().size(),
              10U);
    world.values["vip"] = "true";
    EXPECT_EQ(boost::json::parse(service.handle(world, r).body).at("cidlist").as_array().size(),
              500U);
}

TEST_F(Jpush, errors_are_jpushs) {
    auto r = request("POST", "/v3/push", push_body("abc123"));
    r.headers.clear();
    EXPECT_EQ(code(r), 1004);
    r.headers = {{"authorization", "Basic " + to_base64("7d431e42dfa6a6d693ac2d04:wrong")}};
    EXPECT_EQ(code(r), 1004);
    EXPECT_EQ(code(request("GET", "/v3/push")), 1001);
    EXPECT_EQ(code(request("POST", "/v3/push", "[")), 1003);
    EXPECT_EQ(code(request("POST", "/v3/push", "{}")), 1002);
    EXPECT_EQ(code(request("POST", "/v3/push", push_body("dead123"))), 1011);
    EXPECT_EQ(code(request("POST", "/v3/push", push_body("bad0123"))), 1003);
    EXPECT_EQ(
        code(request("POST", "/v3/push",
                     R"({"platform":"all","audience":"all","notification":{"ios":{"alert":")" +
                         std::string(2100, 'x') + "\"}}}")),
        1005);
    world.values["calls_per_minute"] = "1";
    EXPECT_EQ(code(request("POST", "/v3/push", push_body("abc123"))), 2002);
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(Jpush, validate_reaches_nobody) {
    EXPECT_EQ(code(request("POST", "/v3/push/validate", push_body("abc123"))), 0);
    EXPECT_TRUE(world.arrivals.empty());
}

}  // namespace
}  // namespace hongyan::universe::jpush
