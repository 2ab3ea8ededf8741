#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "universe/apns/service.hpp"
#include "universe/apns/world_test.hpp"

namespace hongyan::universe::apns {
namespace {

struct Apns : testing::Test {
    ServiceList list;
    HttpService& service = (add_services(list), *list.http.at(0));
    FakeWorld world{service};
    std::string device = std::string(64, 'a');
    SigningKey key = *SigningKey::from_pem(std::string(
        boost::json::parse(service.sample_account(world).settings).at("private_key").as_string()));

    std::string jwt(std::int64_t age_seconds = 0, std::string team = "SANDBOX123",
                    std::string kid = "SANDBOXKEY") {
        return "bearer " +
               make_jwt(key, "{\"kid\":\"" + kid + "\"}",
                        "{\"iss\":\"" + team + "\",\"iat\":" +
                            std::to_string(world.time.now_ms() / 1000 - age_seconds) + "}");
    }
    ServiceRequest request() {
        ServiceRequest r;
        r.method = "POST";
        r.path = "/3/device/" + device;
        r.headers = {{"authorization", jwt()},
                     {"apns-topic", "com.example.app"},
                     {"apns-push-type", "alert"},
                     {"apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b"},
                     {"apns-priority", "10"}};
        r.body = R"({"aps":{"alert":{"title":"T","body":"B"}},"k":"v"})";
        r.http2 = true;
        return r;
    }
    void set(ServiceRequest& r, std::string_view name, std::string value) {
        for (auto& [key_name, old] : r.headers) {
            if (key_name == name) old = value;
        }
    }
    std::string reason(const ServiceRequest& r) {
        const auto reply = service.handle(world, r);
        if (reply.status == 200) return "200";
        const auto body = boost::json::parse(reply.body);
        return std::to_string(reply.status) + " " + std::string(body.at("reason").as_string());
    }
};

TEST_F(Apns, a_good_request_arrives_as_the_device_shows_it) {
    const auto reply = service.handle(world, request());
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "");
    ASSERT_EQ(world.arrivals.size(), 1U);
    EXPECT_EQ(world.arrivals[0].recipient, device);
    EXPECT_EQ(world.arrivals[0].subject, "T");
    EXPECT_EQ(world.arrivals[0].content, "B");
    EXPECT_EQ(world.arrivals[0].token, "eabeae54-14a8-11e5-b60b-1697f925ec7b");
    EXPECT_EQ(boost::json::parse(world.arrivals[0].detail).at("data").at("k"), "v");
}

TEST_F(Apns, provider_tokens_are_checked_as_apple_does) {
    auto r = request();
    set(r, "authorization", "");
    EXPECT_EQ(reason(r), "403 MissingProviderToken");
    set(r, "authorization", "bearer x.y.z");
    EXPECT_EQ(reason(r), "403 InvalidProviderToken");
    set(r, "authorization", jwt(0, "OTHERTEAM1"));
    EXPECT_EQ(reason(r), "403 InvalidProviderToken");
    set(r, "authorization", jwt(0, "SANDBOX123", "OTHERKEY12"));
    EXPECT_EQ(reason(r), "403 InvalidProviderToken");
    set(r, "authorization", jwt(3601));
    EXPECT_EQ(reason(r), "403 ExpiredProviderToken");
    set(r, "authorization", jwt(-3600));
    EXPECT_EQ(reason(r), "403 InvalidProviderToken");
    auto forged = jwt();
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    set(r, "authorization", forged);
    EXPECT_EQ(reason(r), "403 InvalidProviderToken");
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(Apns, too_many_new_tokens_are_refused_and_known_ones_still_work) {
    world.values["token_updates_per_20_minutes"] = "2";
    auto r = request();
    const std::string first = jwt(1);
    set(r, "authorization", first);
    EXPECT_EQ(reason(r), "200");
    set(r, "authorization", jwt(2));
    EXPECT_EQ(reason(r), "200");
    set(r, "authorization", jwt(3));
    EXPECT_EQ(reason(r), "429 TooManyProviderTokenUpdates");
    set(r, "authorization", first);
    EXPECT_EQ(reason(r), "200");
}

TEST_F(Apns, each_header_has_its_reason) {
    const std::tuple<const char*, const char*, const char*> rows[] = {
        {"apns-id", "not-a-uuid", "400 BadMessageId"},
        {"apns-priority", "7", "400 BadPriority"},
        {"apns-push-type", "shout", "400 InvalidPushType"},
        {"apns-push-type", "background", "400 BadPriority"},
        {"apns-push-type", "voip", "400 BadTopic"},
        {"apns-topic", "", "400 MissingTopic"},
        {"apns-topic", "com.other", "400 TopicDisallowed"}};
    for (const auto& [name, value, wanted] : rows) {
        auto r = request();
        set(r, name, value);
        EXPECT_EQ(reason(r), wanted) << name;
    }
    auto r = request();
    r.headers.emplace_back("apns-collapse-id", std::string(65, 'x'));
    EXPECT_EQ(reason(r), "400 BadCollapseId");
    r = request();
    r.headers.emplace_back("apns-topic", "com.example.app");
    EXPECT_EQ(reason(r), "400 DuplicateHeaders");
    r = request();
    r.headers.emplace_back("apns-expiration", "soon");
    EXPECT_EQ(reason(r), "400 BadExpirationDate");
}

TEST_F(Apns, devices_and_payloads_have_their_reasons) {
    auto r = request();
    r.path = "/3/device/" + std::string(64, '0');
    EXPECT_EQ(reason(r), "400 BadDeviceToken");
    r.path = "/3/device/xyz";
    EXPECT_EQ(reason(r), "400 BadDeviceToken");
    r.path = "/3/device/";
    EXPECT_EQ(reason(r), "400 MissingDeviceToken");
    r.path = "/3/other/x";
    EXPECT_EQ(reason(r), "404 BadPath");
    r = request();
    r.method = "GET";
    EXPECT_EQ(reason(r), "405 MethodNotAllowed");
    r = request();
    r.path = "/3/device/dead" + std::string(60, 'a');
    EXPECT_EQ(reason(r), "410 Unregistered");
    EXPECT_EQ(boost::json::parse(service.handle(world, r).body).at("timestamp").as_int64(),
              world.time.now_ms() - 86'400'000);
    r = request();
    r.body = "";
    EXPECT_EQ(reason(r), "400 PayloadEmpty");
    r.body = "{\"aps\":{},\"x\":\"" + std::string(4096, 'x') + "\"}";
    EXPECT_EQ(reason(r), "413 PayloadTooLarge");
    r.body = R"({"simulate":"Shutdown"})";
    EXPECT_EQ(reason(r), "503 Shutdown");
    world.values["unregistered_tokens"] = "x, " + device;
    EXPECT_EQ(reason(request()), "410 Unregistered");
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(Apns, http_1_is_refused) {
    auto r = request();
    r.http2 = false;
    EXPECT_EQ(service.handle(world, r).status, 505);
}

TEST_F(Apns, faults_are_apples_own_words) {
    for (const char* kind :
         {"rate_limited", "server_error", "token_expired", "quota", "invalid_recipient"}) {
        const auto reply = service.fault(world, kind, request());
        ASSERT_TRUE(reply) << kind;
        EXPECT_GE(reply->status, 400);
    }
    EXPECT_FALSE(service.fault(world, "error_in_body", request()));
}

}  // namespace
}  // namespace hongyan::universe::apns
