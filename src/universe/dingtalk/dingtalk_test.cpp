#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/dingtalk/service.hpp"

namespace hongyan::universe::dingtalk {
namespace {

using testing::RunningUniverse;

constexpr std::string_view text = R"({"msgtype":"text","text":{"content":"hi"}})";

class DingtalkTest : public ::testing::Test {
  protected:
    static ServiceList services() {
        ServiceList list;
        add_services(list);
        return list;
    }
    void set(std::string_view name, std::string value) {
        EXPECT_TRUE(universe_->change_setting("dingtalk", name, std::move(value)).ok());
    }
    /// The errcode, or what stands in its place.
    std::string send(std::string_view body, std::int64_t shift_ms = 0, int encodings = 1,
                     std::string_view token = "hongyan-dingtalk-token") {
        const std::string secret = "SEC000000000000000000000hongyan";
        const std::string stamp = std::to_string(SystemClock().now_ms() + shift_ms);
        std::string sign = to_base64(hmac_sha256(secret, stamp + "\n" + secret));
        for (int i = 0; i < encodings; ++i) sign = percent_encoded(sign);
        last_ = universe_.ask("POST",
                              "/robot/send?access_token=" + std::string(token) +
                                  "&timestamp=" + stamp + "&sign=" + sign,
                              body, "Content-Type: application/json\r\n");
        const auto at = last_.find("\"errcode\":");
        return at == last_.npos ? last_ : last_.substr(at + 10, last_.find(',', at) - at - 10);
    }

    RunningUniverse universe_{services()};
    std::string last_;
};

TEST_F(DingtalkTest, checks_a_signature_that_is_encoded_once) {
    EXPECT_EQ(send(text), "0");
    EXPECT_EQ(send(text, 0, 2), "310000");
    EXPECT_NE(last_.find("sign not match"), std::string::npos);
    EXPECT_EQ(send(text, -3'700'000), "310000");
    EXPECT_NE(last_.find("invalid timestamp"), std::string::npos);
    EXPECT_EQ(send(text, 0, 1, "other"), "300001");
    EXPECT_EQ(universe_->inbox().find({}).size(), 1U);
}

TEST_F(DingtalkTest, reads_every_form) {
    EXPECT_EQ(send(R"({"msgtype":"markdown","markdown":{"title":"T","text":"x"}})"), "0");
    EXPECT_EQ(send(R"({"msgtype":"link","link":{"title":"T","text":"x","messageUrl":"u"}})"), "0");
    EXPECT_EQ(send(R"({"msgtype":"actionCard","actionCard":{"title":"T","text":"x"}})"), "0");
    EXPECT_EQ(send(R"({"msgtype":"feedCard","feedCard":{"links":[]}})"), "0");
    EXPECT_EQ(send(R"({"msgtype":"markdown","markdown":{"text":"x"}})"), "40035");
    EXPECT_EQ(send("{}"), "40035");
    EXPECT_EQ(send("["), "40035");
    set("keyword", "alarm");
    EXPECT_EQ(send(text), "310000");
    EXPECT_NE(last_.find("keywords not in content"), std::string::npos);
}

TEST_F(DingtalkTest, is_deaf_after_twenty_messages_in_a_minute) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(send(text), "0");
    EXPECT_EQ(send(text), "130101");
    EXPECT_EQ(universe_->inbox().find({}).size(), 20U);
}

}  // namespace
}  // namespace hongyan::universe::dingtalk
