#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/wechat/events.hpp"
#include "universe/wechat/service.hpp"
#include "universe/wechat/tokens.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;
using testing::RunningUniverse;

constexpr std::string_view openid = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

class WechatTest : public ::testing::Test {
  protected:
    static ServiceList services() {
        ServiceList list;
        add_services(list);
        return list;
    }
    void set(std::string_view service, std::string_view name, std::string value) {
        EXPECT_TRUE(universe_->change_setting(service, name, std::move(value)).ok());
    }
    object ask(std::string_view method, std::string_view path, std::string_view body = "") {
        const std::string all = universe_.ask(method, path, body);
        boost::system::error_code failed;
        auto value = boost::json::parse(all.substr(all.find("\r\n\r\n") + 4), failed);
        return failed || !value.is_object() ? object{} : value.get_object();
    }
    object stable(std::string_view secret, bool force = false) {
        return ask("POST", "/wechat/cgi-bin/stable_token",
                   R"({"grant_type":"client_credential","appid":"wx0000hongyan0000a","secret":")" +
                       std::string(secret) + R"(","force_refresh":)" + (force ? "true" : "false") +
                       "}");
    }
    std::string token() {
        return std::string(stable("hongyan-wechat-secret").at("access_token").as_string());
    }
    object send(std::string_view body) {
        return ask("POST", "/cgi-bin/message/template/send?access_token=" + token(), body);
    }
    static std::string message(std::string_view to, std::string_view more = "") {
        return R"({"touser":")" + std::string(to) +
               R"(","template_id":"t1","data":{"thing1":{"value":"Order"},"first":{"value":"x"}})" +
               std::string(more) + "}";
    }
    static std::int64_t code(const object& body) {
        const auto* found = body.if_contains("errcode");
        return found == nullptr ? 0 : found->as_int64();
    }
    object wecom(std::string_view body) {
        const auto granted = ask("GET",
                                 "/wecom/cgi-bin/gettoken?corpid=ww0000hongyan0000b&corpsecret="
                                 "hongyan-wecom-secret");
        return ask("POST",
                   "/cgi-bin/message/send?access_token=" +
                       std::string(granted.at("access_token").as_string()),
                   body);
    }
    std::vector<Inbox::Entry> inbox() { return universe_->inbox().find({}); }

    RunningUniverse universe_{services()};
};

TEST(wechat_tokens, stay_the_same_until_five_minutes_before_their_end) {
    Tokens tokens;
    const Granted first = tokens.stable(0, 7'200, false);
    EXPECT_EQ(first.seconds, 7'200);
    const Granted later = tokens.stable(6'899'000, 7'200, false);
    EXPECT_EQ(later.token, first.token);
    EXPECT_EQ(later.seconds, 301);
    const Granted renewed = tokens.stable(6'900'000, 7'200, false);
    EXPECT_NE(renewed.token, first.token);
    EXPECT_EQ(tokens.check(first.token, 6'900'000), TokenState::valid);
    EXPECT_EQ(tokens.check(first.token, 7'200'000), TokenState::expired);
    EXPECT_EQ(tokens.check(renewed.token, 7'200'000), TokenState::valid);
}

TEST(wechat_tokens, forced_refresh_ends_the_old_one_and_is_rare) {
    Tokens tokens;
    const Granted first = tokens.stable(0, 7'200, false);
    const Granted second = tokens.stable(1'000, 7'200, true);
    EXPECT_EQ(tokens.check(first.token, 1'001), TokenState::expired);
    EXPECT_EQ(tokens.check(second.token, 1'001), TokenState::valid);
    EXPECT_EQ(tokens.stable(30'000, 7'200, true).token, "");
    for (int i = 1; i < 20; ++i) {
        EXPECT_NE(tokens.stable(1'000 + i * 30'000, 7'200, true).token, "") << i;
    }
    EXPECT_EQ(tokens.stable(2'000'000, 7'200, true).token, "");
}

TEST(wechat_tokens, the_old_kind_ends_the_one_before_but_not_the_stable_one) {
    Tokens tokens;
    const Granted stable = tokens.stable(0, 7'200, false);
    const Granted first = tokens.legacy(0, 7'200);
    const Granted second = tokens.legacy(1'000, 7'200);
    EXPECT_EQ(tokens.check(first.token, 300'000), TokenState::valid);
    EXPECT_EQ(tokens.check(first.token, 301'000), TokenState::expired);
    EXPECT_EQ(tokens.check(second.token, 301'000), TokenState::valid);
    EXPECT_EQ(tokens.check(stable.token, 301'000), TokenState::valid);
    EXPECT_EQ(tokens.check("nonsense", 0), TokenState::unknown);
}

TEST(wechat_events, seal_and_sign_the_published_reply) {
    const std::string sealed = seal(std::string(43, 'A'), "707722b803182950",
                                    R"({"demo_resp":"good luck"})", "wxba5fad812f8e6fb9");
    EXPECT_EQ(
        sealed,
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==");
    EXPECT_EQ(sign("AAAAA", "1713424427", "415670741", sealed),
              "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
    EXPECT_EQ(sign("AAAAA", "1714036504", "1514711492"),
              "f464b24fc39322e44b38aa78f5edd27bd1441696");
}

TEST_F(WechatTest, gives_tokens_for_the_right_credentials_only) {
    EXPECT_EQ(token(), token());
    EXPECT_EQ(code(stable("no")), 40125);
    const std::string before = token();
    const object forced = stable("hongyan-wechat-secret", true);
    EXPECT_NE(std::string(forced.at("access_token").as_string()), before);
    EXPECT_EQ(code(ask("GET", "/cgi-bin/token?grant_type=client_credential&appid=x&secret=y")),
              40013);
    EXPECT_EQ(code(ask("GET",
                       "/cgi-bin/token?grant_type=client_credential&appid="
                       "wx0000hongyan0000a&secret=y")),
              40001);
    EXPECT_EQ(code(ask("POST", "/cgi-bin/message/template/send?access_token=x", message(openid))),
              40001);
    EXPECT_EQ(code(ask("POST", "/cgi-bin/message/template/send", message(openid))), 41001);
}

TEST_F(WechatTest, takes_one_message_for_one_client_msg_id) {
    const object first = send(message(openid, R"(,"client_msg_id":"m1")"));
    const object second = send(message(openid, R"(,"client_msg_id":"m1")"));
    EXPECT_EQ(code(first), 0);
    EXPECT_GT(first.at("msgid").as_int64(), std::int64_t{1} << 53);
    EXPECT_EQ(first.at("msgid"), second.at("msgid"));
    ASSERT_EQ(inbox().size(), 1U);
    EXPECT_EQ(inbox()[0].arrival.content, "thing1: Order");
}

TEST_F(WechatTest, refuses_messages_as_wechat_does) {
    EXPECT_EQ(code(send(message("short"))), 40003);
    EXPECT_EQ(code(send(message("oUnknown00000000000000000000"))), 40003);
    EXPECT_EQ(code(send(message("oUnfollowed00000000000000000"))), 43004);
    EXPECT_EQ(code(send("")), 44002);
    EXPECT_EQ(code(send("{")), 47001);
    EXPECT_EQ(code(send(R"({"touser":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","template_id":"t1"})")), 47003);
    EXPECT_EQ(
        code(send(R"({"touser":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","template_id":"invalid-template"})")),
        40037);
    const object refused = ask("POST", "/cgi-bin/message/subscribe/bizsend?access_token=" + token(),
                               message("oRefused00000000000000000000"));
    EXPECT_EQ(code(refused), 43101);
    EXPECT_NE(std::string_view(refused.at("errmsg").as_string()).find("rid: "), std::string::npos);
    set("wechat", "templates", "t2");
    EXPECT_EQ(code(send(message(openid))), 40037);
    EXPECT_TRUE(inbox().empty());
}

TEST_F(WechatTest, tells_of_finished_messages_in_clear) {
    set("wechat", "callback_url", "http://127.0.0.1:1/cb?x=1");
    set("wechat", "encoding_aes_key", "");
    EXPECT_EQ(code(send(message("oBlocking0000000000000000000"))), 0);
    const auto calls = universe_.outbound().wait_for(1);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_TRUE(calls[0].url.starts_with("http://127.0.0.1:1/cb?x=1&signature="));
    EXPECT_NE(calls[0].body.find("<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"),
              std::string::npos);
    EXPECT_NE(calls[0].body.find("<MsgID>"), std::string::npos);
    EXPECT_NE(calls[0].body.find("failed:user block"), std::string::npos);
}

TEST_F(WechatTest, tells_of_them_encrypted_with_both_signatures) {
    set("wechat", "callback_url", "http://127.0.0.1:1/cb");
    EXPECT_EQ(code(send(message(openid))), 0);
    const auto calls = universe_.outbound().wait_for(1);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_NE(calls[0].url.find("&encrypt_type=aes&msg_signature="), std::string::npos);
    EXPECT_NE(calls[0].body.find("<Encrypt><![CDATA["), std::string::npos);
    EXPECT_EQ(calls[0].body.find("TEMPLATESENDJOBFINISH"), std::string::npos);
    EXPECT_GT(calls[0].body.size(), 300U);
}

TEST_F(WechatTest, wecom_names_who_got_nothing) {
    const std::string_view rest = R"(,"msgtype":"text","agentid":1000002,"text":{"content":"hi"}})";
    const object partly = wecom(R"({"touser":"a|nobody")" + std::string(rest));
    EXPECT_EQ(code(partly), 0);
    EXPECT_EQ(partly.at("invaliduser"), "nobody");
    EXPECT_EQ(code(wecom(R"({"touser":"nobody")" + std::string(rest))), 81013);
    EXPECT_EQ(code(wecom(R"({"touser":"a","msgtype":"text","agentid":7,"text":{"content":"hi"}})")),
              40056);
    EXPECT_EQ(code(wecom(R"({"touser":"a","msgtype":"text","agentid":1000002,"text":{}})")), 44004);
    EXPECT_EQ(code(wecom(R"({"touser":"a","msgtype":"shout","agentid":1000002})")), 40008);
    EXPECT_EQ(code(ask("POST", "/cgi-bin/message/send?access_token=x", "{}")), 40014);
    EXPECT_EQ(inbox().size(), 1U);
}

TEST_F(WechatTest, wecom_drops_identical_messages_only_if_asked) {
    const auto body = [](std::string_view check) {
        return R"({"touser":"b","msgtype":"text","agentid":1000002,"text":{"content":"hi"},)"
               R"("enable_duplicate_check":)" +
               std::string(check) + "}";
    };
    const object first = wecom(body("1"));
    const object second = wecom(body("1"));
    EXPECT_EQ(first.at("msgid"), second.at("msgid"));
    EXPECT_EQ(inbox().size(), 1U);
    EXPECT_EQ(code(wecom(body("0"))), 0);
    EXPECT_EQ(code(wecom(body("0"))), 0);
    EXPECT_EQ(inbox().size(), 3U);
}

TEST_F(WechatTest, wecom_drops_what_a_member_gets_too_much_of_in_silence) {
    set("wecom", "member_per_minute", "2");
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(code(wecom(R"({"touser":"c","msgtype":"text","agentid":"1000002","text":)"
                             R"({"content":"n)" +
                             std::to_string(i) + "\"}}")),
                  0);
    }
    EXPECT_EQ(inbox().size(), 2U);
}

TEST_F(WechatTest, robots_take_twenty_messages_a_minute) {
    const std::string_view path = "/cgi-bin/webhook/send?key=hongyan-wecom-robot";
    const std::string_view text = R"({"msgtype":"text","text":{"content":"hi"}})";
    for (int i = 0; i < 20; ++i) EXPECT_EQ(code(ask("POST", path, text)), 0);
    EXPECT_EQ(code(ask("POST", path, text)), 45009);
    EXPECT_EQ(code(ask("POST", "/cgi-bin/webhook/send?key=no", text)), 93000);
    EXPECT_EQ(code(ask("POST", path, "{}")), 40008);
}

}  // namespace
}  // namespace hongyan::universe::wechat
