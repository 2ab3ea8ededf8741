#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "universe/fcm/service.hpp"
#include "universe/fcm/world_test.hpp"

namespace hongyan::universe::fcm {
namespace {

struct Fcm : testing::Test {
    ServiceList list;
    HttpService& service = (add_services(list), *list.http.at(0));
    FakeWorld world{service};
    boost::json::object account =
        boost::json::parse(boost::json::parse(service.sample_account(world).settings)
                               .at("service_account")
                               .as_string())
            .as_object();
    SigningKey key = *SigningKey::from_pem(std::string(account.at("private_key").as_string()));
    std::string device = "abcdefgh:" + std::string(140, 'A');

    std::string text(std::string_view name) { return std::string(account.at(name).as_string()); }
    ServiceReply grant(std::string_view audience, std::int64_t life = 3600,
                       std::string scope = "https://www.googleapis.com/auth/firebase.messaging") {
        const std::int64_t now = world.time.now_ms() / 1000;
        const std::string claims = "{\"iss\":\"" + text("client_email") + "\",\"aud\":\"" +
                                   std::string(audience) + "\",\"scope\":\"" + scope +
                                   "\",\"iat\":" + std::to_string(now) +
                                   ",\"exp\":" + std::to_string(now + life) + "}";
        ServiceRequest r;
        r.method = "POST";
        r.path = "/token";
        r.body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                 make_jwt(key, "{}", claims);
        return service.handle(world, r);
    }
    std::string token() {
        return std::string(
            boost::json::parse(grant(text("token_uri")).body).at("access_token").as_string());
    }
    ServiceRequest request(std::string body) {
        ServiceRequest r;
        r.method = "POST";
        r.path = "/v1/projects/sandbox-project/messages:send";
        r.headers = {{"authorization", "Bearer " + token()}};
        r.body = std::move(body);
        return r;
    }
    std::string body(std::string to, std::string more = "") {
        return R"({"message":{"token":")" + to + R"(","notification":{"title":"T","body":"B"})" +
               more + "}}";
    }
    /// "404 UNREGISTERED", or the field that was found wrong.
    std::string error(const ServiceRequest& r) {
        const auto reply = service.handle(world, r);
        if (reply.status == 200) return "200";
        const auto document = boost::json::parse(reply.body);
        const auto& e = document.at("error");
        std::string out =
            std::to_string(reply.status) + " " + std::string(e.at("status").as_string());
        if (!e.as_object().contains("details")) return out;
        for (const auto& detail : e.at("details").as_array()) {
            if (const auto* code = detail.as_object().if_contains("errorCode"))
                out += " " + std::string(code->as_string());
        }
        return out;
    }
};

TEST_F(Fcm, the_sample_account_gets_a_token_and_sends) {
    const auto reply = service.handle(world, request(body(device)));
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(boost::json::parse(reply.body)
                    .at("name")
                    .as_string()
                    .starts_with("projects/sandbox-project/messages/0:"));
    ASSERT_EQ(world.arrivals.size(), 1U);
    EXPECT_EQ(world.arrivals[0].subject, "T");
    EXPECT_EQ(world.arrivals[0].content, "B");
    EXPECT_EQ(world.arrivals[0].recipient, device);
}

TEST_F(Fcm, assertions_are_checked) {
    EXPECT_EQ(grant("https://oauth2.googleapis.com/token").status, 200);
    EXPECT_EQ(grant("https://evil.example/token").status, 400);
    EXPECT_EQ(grant(text("token_uri"), 7200).status, 400);
    EXPECT_EQ(grant(text("token_uri"), -600).status, 400);
    EXPECT_EQ(grant(text("token_uri"), 3600, "https://www.googleapis.com/auth/drive").status, 400);
    key = SigningKey::generate(SigningKey::Kind::rsa);
    const auto reply = grant(text("token_uri"));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(boost::json::parse(reply.body).at("error"), "invalid_grant");
}

TEST_F(Fcm, access_tokens_end) {
    auto r = request(body(device));
    EXPECT_EQ(error(r), "200");
    world.time.advance(std::chrono::hours(1));
    EXPECT_EQ(error(r), "401 UNAUTHENTICATED");
    r.headers.clear();
    EXPECT_EQ(error(r), "401 UNAUTHENTICATED");
}

TEST_F(Fcm, errors_are_googles) {
    EXPECT_EQ(error(request(body("unregistered:" + device))), "404 NOT_FOUND UNREGISTERED");
    EXPECT_EQ(error(request(body("sender-mismatch:" + device))),
              "403 PERMISSION_DENIED SENDER_ID_MISMATCH");
    EXPECT_EQ(error(request(body("quota-exceeded:" + device))),
              "429 RESOURCE_EXHAUSTED QUOTA_EXCEEDED");
    EXPECT_EQ(error(request(body("third-party-auth:" + device))),
              "401 UNAUTHENTICATED THIRD_PARTY_AUTH_ERROR");
    EXPECT_EQ(error(request(body("short"))), "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request(body(device, R"(,"data":{"n":1})"))),
              "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request(body(device, R"(,"data":{"from":"1"})"))),
              "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request(body(device, R"(,"android":{"ttl":60})"))),
              "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request(body(device, R"(,"topic":"x")"))),
              "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request(body(device, ",\"data\":{\"x\":\"" + std::string(4096, 'x') + "\"}"))),
              "400 INVALID_ARGUMENT INVALID_ARGUMENT");
    EXPECT_EQ(error(request("[")), "400 INVALID_ARGUMENT");
    auto other = request(body(device));
    other.path = "/v1/projects/other/messages:send";
    EXPECT_EQ(error(other), "403 PERMISSION_DENIED");
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(Fcm, validate_only_reaches_nobody) {
    EXPECT_EQ(error(request("{\"validate_only\":true," + body(device).substr(1))), "200");
    EXPECT_TRUE(world.arrivals.empty());
}

}  // namespace
}  // namespace hongyan::universe::fcm
