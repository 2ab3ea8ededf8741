#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/web_push/browser.hpp"
#include "universe/web_push/service.hpp"
#include "universe/web_push/vapid_check.hpp"
#include "universe/web_push/world_test.hpp"

namespace hongyan::universe::web_push {
namespace {

using namespace std::string_literals;

/// As a sender would, by the RFC's short way.
std::string sealed(const std::string& subscription, const std::string& text) {
    const auto keys = boost::json::parse(subscription).at("keys");
    const auto point = *from_base64(keys.at("p256dh").as_string());
    const auto auth = *from_base64(keys.at("auth").as_string());
    const auto key = SigningKey::generate(SigningKey::Kind::ec_p256);
    const std::string salt(16, 's');
    const auto input = hkdf_sha256(auth, *key.shared_secret(point),
                                   "WebPush: info\0"s + point + key.public_key(), 32);
    const auto cek = hkdf_sha256(salt, input, "Content-Encoding: aes128gcm\0"s, 16);
    const auto nonce = hkdf_sha256(salt, input, "Content-Encoding: nonce\0"s, 12);
    return salt + "\0\0\x10\0\x41"s + key.public_key() +
           aes_gcm_encrypt(cek, nonce, text + "\x02" + std::string(3, '\0'));
}

struct WebPush : testing::Test {
    ServiceList list;
    HttpService& service = (add_services(list), *list.http.at(0));
    FakeWorld world{service};
    SigningKey key = SigningKey::generate(SigningKey::Kind::ec_p256);

    std::string vapid(std::string audience = "http://127.0.0.1:8090", std::int64_t hours = 12) {
        return "vapid t=" +
               make_jwt(key, "{}",
                        "{\"aud\":\"" + audience + "\",\"sub\":\"mailto:a@b.c\",\"exp\":" +
                            std::to_string(world.time.now_ms() / 1000 + hours * 3600) + "}") +
               ", k=" + to_base64url(key.public_key());
    }
    std::string subscription(const std::string& id) {
        ServiceRequest r;
        r.method = "GET";
        r.path = "/subscriptions/" + id;
        return service.handle(world, r).body;
    }
    ServiceRequest request(const std::string& id = "alice", const std::string& text = "hi") {
        ServiceRequest r;
        r.method = "POST";
        r.path = "/wpush/v2/" + id;
        r.authority = "127.0.0.1:8090";
        r.headers = {{"authorization", vapid()}, {"ttl", "60"}, {"content-encoding", "aes128gcm"}};
        r.body = sealed(subscription(id), text);
        return r;
    }
    void set(ServiceRequest& r, std::string_view name, std::string value) {
        std::erase_if(r.headers, [&](const auto& header) { return header.first == name; });
        r.headers.emplace_back(name, std::move(value));
    }
    int status(const ServiceRequest& r) { return service.handle(world, r).status; }
};

TEST_F(WebPush, a_message_is_decrypted_as_the_browser_would) {
    const auto reply = service.handle(world, request("alice", R"({"title":"T","body":"B"})"));
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.headers.at(0).first, "location");
    ASSERT_EQ(world.arrivals.size(), 1U);
    EXPECT_EQ(world.arrivals[0].recipient, "alice");
    EXPECT_EQ(world.arrivals[0].subject, "T");
    EXPECT_EQ(world.arrivals[0].content, "B");
    EXPECT_EQ(world.arrivals[0].sender, "mailto:a@b.c");
}

TEST_F(WebPush, what_was_sealed_for_another_is_refused) {
    auto r = request("alice");
    r.path = "/wpush/v2/bob";
    EXPECT_EQ(status(r), 400);
    r = request("alice");
    r.body.back() = static_cast<char>(r.body.back() ^ 1);
    EXPECT_EQ(status(r), 400);
    r.body = "short";
    EXPECT_EQ(status(r), 400);
    EXPECT_TRUE(world.arrivals.empty());
}

TEST_F(WebPush, the_sender_is_checked) {
    auto r = request();
    set(r, "authorization", "");
    EXPECT_EQ(status(r), 401);
    set(r, "authorization", "WebPush x.y.z");
    EXPECT_EQ(status(r), 401);
    set(r, "authorization", vapid("https://push.example.net"));
    EXPECT_EQ(status(r), 403);
    set(r, "authorization", vapid("http://127.0.0.1:8090", 25));
    EXPECT_EQ(status(r), 403);
    set(r, "authorization", vapid("http://127.0.0.1:8090", -1));
    EXPECT_EQ(status(r), 403);
    const auto other = SigningKey::generate(SigningKey::Kind::ec_p256);
    const auto mine = vapid();
    set(r, "authorization",
        mine.substr(0, mine.find(", k=")) + ", k=" + to_base64url(other.public_key()));
    EXPECT_EQ(status(r), 403);
}

TEST_F(WebPush, a_subscription_may_be_bound_to_one_sender) {
    ServiceRequest r;
    r.method = "GET";
    r.path = "/subscriptions/carol";
    const auto other = SigningKey::generate(SigningKey::Kind::ec_p256);
    r.query = "key=" + to_base64url(other.public_key());
    (void)service.handle(world, r);
    EXPECT_EQ(status(request("carol")), 403);
    key = other;
    EXPECT_EQ(status(request("carol")), 201);
}

TEST_F(WebPush, headers_and_fates_have_their_status) {
    EXPECT_EQ(status(request("gone-dave")), 410);
    EXPECT_EQ(status(request("missing-dave")), 404);
    EXPECT_EQ(status(request("busy-dave")), 429);
    auto r = request();
    set(r, "ttl", "soon");
    EXPECT_EQ(status(r), 400);
    r = request();
    set(r, "topic", std::string(33, 'x'));
    EXPECT_EQ(status(r), 400);
    r = request();
    set(r, "urgency", "now");
    EXPECT_EQ(status(r), 400);
    r = request("alice", std::string(4096, 'x'));
    EXPECT_EQ(status(r), 413);
    r = request();
    set(r, "content-encoding", "aesgcm");
    EXPECT_EQ(status(r), 400);
}

// RFC 8292, 2.4
TEST(WebPushVapid, the_rfc_token_is_taken_in_its_time) {
    const std::string header =
        "vapid "
        "t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9."
        "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwd"
        "XNoQGV4YW1wbGUuY29tIn0."
        "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, "
        "k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
    const std::int64_t end_ms = 1'453'523'768'000;
    EXPECT_EQ(check_vapid(header, "https://push.example.net", end_ms - 3'600'000).status, 0);
    EXPECT_EQ(check_vapid(header, "https://push.example.net", end_ms).status, 403);
    EXPECT_EQ(check_vapid(header, "https://push.example.org", end_ms - 3'600'000).status, 403);
}

}  // namespace
}  // namespace hongyan::universe::web_push
