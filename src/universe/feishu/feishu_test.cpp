#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/feishu/service.hpp"

namespace hongyan::universe::feishu {
namespace {

using testing::RunningUniverse;

class FeishuTest : public ::testing::Test {
  protected:
    static ServiceList services() {
        ServiceList list;
        add_services(list);
        return list;
    }
    void set(std::string_view service, std::string_view name, std::string value) {
        EXPECT_TRUE(universe_->change_setting(service, name, std::move(value)).ok());
    }
    std::string token() {
        const auto body =
            ask("/feishu/open-apis/auth/v3/tenant_access_token/internal",
                R"({"app_id":"cli_hongyan_sandbox","app_secret":"hongyan-app-secret"})");
        const auto at = body.find("\"t-");
        return at == body.npos ? "" : body.substr(at + 1, body.find('"', at + 1) - at - 1);
    }
    /// The answer's body.
    std::string ask(std::string_view path, std::string_view body, std::string_view headers = "") {
        const std::string all = universe_.ask("POST", path, body, headers);
        const auto at = all.find("\r\n\r\n");
        return at == all.npos ? "" : all.substr(at + 4);
    }
    std::string send(std::string_view id_type, std::string_view body) {
        return ask("/open-apis/im/v1/messages?receive_id_type=" + std::string(id_type), body,
                   "Authorization: Bearer " + token() + "\r\n");
    }
    static std::int64_t code(const std::string& body) {
        boost::system::error_code failed;
        const auto value = boost::json::parse(body, failed);
        return failed ? -1 : value.at("code").as_int64();
    }
    std::int64_t robot(std::string_view fields, std::int64_t shift_s = 0,
                       std::string secret = "hongyan-robot-secret") {
        const std::string stamp = std::to_string(SystemClock().now_ms() / 1000 + shift_s);
        const std::string sign = to_base64(hmac_sha256(stamp + "\n" + secret, ""));
        return code(ask("/feishu_robot/open-apis/bot/v2/hook/hongyan-sandbox-robot",
                        R"({"timestamp":")" + stamp + R"(","sign":")" + sign + "\"" +
                            std::string(fields) + "}"));
    }
    std::vector<Inbox::Entry> inbox() { return universe_->inbox().find({}); }

    RunningUniverse universe_{services()};
};

constexpr std::string_view text_message =
    R"({"receive_id":"ou_1","msg_type":"text","content":"{\"text\":\"hi\"}","uuid":"u-1"})";

TEST_F(FeishuTest, gives_the_same_token_again_and_refuses_wrong_secrets) {
    const std::string first = token();
    EXPECT_TRUE(first.starts_with("t-"));
    EXPECT_EQ(token(), first);
    EXPECT_EQ(code(ask("/feishu/open-apis/auth/v3/tenant_access_token/internal",
                       R"({"app_id":"cli_hongyan_sandbox","app_secret":"no"})")),
              10014);
}

TEST_F(FeishuTest, takes_one_message_for_one_uuid) {
    const std::string first = send("open_id", text_message);
    EXPECT_EQ(code(first), 0);
    const auto id_at = first.find("om_");
    ASSERT_NE(id_at, first.npos);
    EXPECT_NE(send("open_id", text_message).find(first.substr(id_at, 20)), std::string::npos);
    EXPECT_EQ(inbox().size(), 1U);
}

TEST_F(FeishuTest, refuses_messages_as_feishu_does) {
    const auto with = [&](std::string_view id_type, std::string_view id, std::string_view content,
                          std::string_view type = "text") {
        return code(send(id_type, R"({"receive_id":")" + std::string(id) + R"(","msg_type":")" +
                                      std::string(type) + R"(","content":)" + std::string(content) +
                                      "}"));
    };
    const std::string_view good = R"("{\"text\":\"x\"}")";
    EXPECT_EQ(with("open_id", "ou_dead1", good), 99992351);
    EXPECT_EQ(with("open_id", "oc_1", good), 99992351);
    EXPECT_EQ(with("chat_id", "oc_without_bot", good), 230002);
    EXPECT_EQ(with("open_id", "ou_outside", good), 230013);
    EXPECT_EQ(with("phone", "ou_2", good), 99992402);
    EXPECT_EQ(with("open_id", "ou_2", R"({"text":"x"})"), 230001);
    EXPECT_EQ(with("open_id", "ou_2", R"("text")"), 230001);
    EXPECT_EQ(with("open_id", "ou_2", good, "post"), 230001);
    EXPECT_EQ(with("open_id", "ou_2", good, "shout"), 230001);
    const std::string card = R"("{\"elements\":[],\"x\":\")" + std::string(31'000, 'x') + R"(\"}")";
    EXPECT_EQ(with("open_id", "ou_2", card, "interactive"), 230025);
    EXPECT_EQ(code(ask("/open-apis/im/v1/messages?receive_id_type=open_id", text_message)),
              99991661);
    EXPECT_EQ(code(ask("/open-apis/im/v1/messages?receive_id_type=open_id", text_message,
                       "Authorization: Bearer t-nothing\r\n")),
              99991663);
    EXPECT_TRUE(inbox().empty());
}

TEST_F(FeishuTest, limits_messages_to_one_recipient) {
    std::int64_t last = 0;
    for (int i = 0; i < 6; ++i) {
        last = code(send(
            "open_id", R"({"receive_id":"ou_9","msg_type":"text","content":"{\"text\":\"hi\"}"})"));
    }
    EXPECT_EQ(last, 230020);
}

TEST_F(FeishuTest, tells_of_read_messages_encrypted_and_signed) {
    set("feishu", "callback_url", "http://127.0.0.1:1/cb");
    EXPECT_EQ(code(send("open_id", text_message)), 0);
    const auto calls = universe_.outbound().wait_for(1);
    ASSERT_EQ(calls.size(), 1U);
    std::string signature;
    std::string before;
    for (const auto& [name, value] : calls[0].headers) {
        if (name == "X-Lark-Signature") signature = value;
        if (name == "X-Lark-Request-Timestamp" || name == "X-Lark-Request-Nonce") before += value;
    }
    EXPECT_EQ(signature, to_hex(sha256(before + "hongyan-encrypt-key" + calls[0].body)));
    const auto body = boost::json::parse(calls[0].body);
    const auto sealed = from_base64(std::string_view(body.at("encrypt").as_string()));
    ASSERT_TRUE(sealed.has_value());
    const auto clear = aes_256_cbc_decrypt(sha256("hongyan-encrypt-key"), sealed->substr(0, 16),
                                           sealed->substr(16));
    ASSERT_TRUE(clear.ok());
    EXPECT_NE(clear->find("im.message.message_read_v1"), std::string::npos);
    EXPECT_NE(clear->find("\"om_"), std::string::npos);
}

TEST_F(FeishuTest, checks_the_robots_signature_within_the_hour) {
    set("feishu_robot", "rate_per_second", "0");
    const std::string_view text = R"(,"msg_type":"text","content":{"text":"hi"})";
    EXPECT_EQ(robot(text), 0);
    EXPECT_EQ(robot(text, -3'500), 0);
    EXPECT_EQ(robot(text, -3'700), 19021);
    EXPECT_EQ(robot(text, 3'700), 19021);
    EXPECT_EQ(robot(text, 0, "wrong"), 19021);
    EXPECT_EQ(code(ask("/feishu_robot/open-apis/bot/v2/hook/nobody", "{}")), 19001);
    EXPECT_EQ(inbox().size(), 2U);
}

TEST_F(FeishuTest, reads_every_form_of_a_robots_message) {
    set("feishu_robot", "rate_per_second", "0");
    EXPECT_EQ(robot(R"(,"msg_type":"post","content":{"post":{"zh_cn":{"title":"T","content":)"
                    R"([[{"tag":"text","text":"a "},{"tag":"a","text":"b","href":"c"}],[]]}}})"),
              0);
    EXPECT_EQ(robot(R"(,"msg_type":"interactive","card":{"elements":[]})"), 0);
    EXPECT_EQ(robot(R"(,"msg_type":"interactive","content":{"elements":[]})"), 11246);
    EXPECT_EQ(robot(R"(,"msg_type":"post","content":{"zh_cn":{}})"), 9499);
    EXPECT_EQ(robot(""), 19002);
    set("feishu_robot", "keyword", "alarm");
    EXPECT_EQ(robot(R"(,"msg_type":"text","content":{"text":"hi"})"), 19024);
    EXPECT_EQ(robot(R"(,"msg_type":"text","content":{"text":"an alarm"})"), 0);
}

TEST_F(FeishuTest, limits_a_robot_to_five_messages_a_second) {
    std::int64_t last = 0;
    for (int i = 0; i < 6; ++i) last = robot(R"(,"msg_type":"text","content":{"text":"hi"})");
    EXPECT_EQ(last, 11232);
}

}  // namespace
}  // namespace hongyan::universe::feishu
