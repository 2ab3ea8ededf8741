#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/webhook/service.hpp"

namespace hongyan::universe::webhook {
namespace {

using testing::RunningUniverse;

constexpr std::string_view body =
    R"({"type":"a.b","timestamp":"2026-01-02T03:04:05Z","data":{"n":1}})";

class WebhookTest : public ::testing::Test {
  protected:
    static ServiceList services() {
        ServiceList list;
        add_services(list);
        return list;
    }
    /// The status of a webhook signed with that key.
    std::string post(std::string_view id, std::string_view text = body, std::int64_t shift_s = 0,
                     std::string_view key = "hongyan-sandbox-webhook-key-1",
                     std::string_view path = "/webhooks/x") {
        const std::string stamp = std::to_string(SystemClock().now_ms() / 1000 + shift_s);
        const std::string all = std::string(id) + "." + stamp + "." + std::string(text);
        const std::string answer = universe_.ask(
            "POST", path, text,
            "webhook-id: " + std::string(id) + "\r\nwebhook-timestamp: " + stamp +
                "\r\nwebhook-signature: v1,AAAA v1," + to_base64(hmac_sha256(key, all)) + "\r\n");
        return answer.substr(9, 3);
    }
    RunningUniverse universe_{services()};
};

TEST_F(WebhookTest, takes_what_is_signed_and_knows_repeats) {
    EXPECT_EQ(post("m1"), "200");
    EXPECT_EQ(post("m1"), "200");
    EXPECT_EQ(post("m2"), "200");
    const auto inbox = universe_->inbox().find({});
    ASSERT_EQ(inbox.size(), 2U);
    EXPECT_EQ(inbox[0].arrival.subject, "a.b");
    EXPECT_EQ(inbox[0].arrival.content, R"({"n":1})");
    EXPECT_EQ(universe_->ledger().counts().at("webhook").duplicates, 1U);
}

TEST_F(WebhookTest, refuses_what_is_not) {
    EXPECT_EQ(post("m1", body, 0, "another key of some length"), "401");
    EXPECT_EQ(post("m1", body, -301), "401");
    EXPECT_EQ(post("m1", body, 310), "401");
    EXPECT_EQ(post("", body), "400");
    EXPECT_EQ(post("m1", "{}"), "400");
    EXPECT_EQ(post("m1", body, 0, "", "/webhooks/gone"), "410");
    EXPECT_TRUE(universe_->inbox().find({}).empty());
}

}  // namespace
}  // namespace hongyan::universe::webhook
