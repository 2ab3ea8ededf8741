#include "channel/wechat/provider.hpp"

#include <gtest/gtest.h>

#include "channel/wechat/address.hpp"
#include "channel/wechat/official_protocol.hpp"
#include "channel/wechat/outcome.hpp"
#include "channel/wechat/wecom_protocol.hpp"
#include "channel/wechat/wecom_robot_protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::string_view openid = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

const Provider& provider(std::string_view name) {
    static const ProviderList list = [] {
        ProviderList made;
        add_providers(made);
        return made;
    }();
    for (const auto& each : list) {
        if (each->name() == name) return *each;
    }
    HY_ASSERT(false);
    return *list.front();
}

OutboundReply reply_of(std::string body, int status = 200) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    reply.started_ms = 1'800'000'000'000;
    return reply;
}

OutboundReply errcode(std::int64_t code) {
    return reply_of(R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":"why"})");
}

Message message_to(std::string_view recipient, std::string options = "") {
    Message message;
    message.id = 77;
    message.recipient = recipient;
    message.content = "hello \"you\"";
    message.options = std::move(options);
    return message;
}

OfficialSettings official_settings() {
    OfficialSettings settings;
    settings.appid = "wx1";
    settings.secret = "s&1";
    settings.endpoint = "http://127.0.0.1:1/wechat/";
    return settings;
}

template <class T>
T settings_of(std::string_view json) {
    auto read = kit::read_described<T>(json);
    EXPECT_TRUE(read.ok());
    return *read;
}

TEST(wechat_provider, describes_itself) {
    for (const char* name : {"wechat", "wechat_subscribe", "wecom", "wecom_robot"}) {
        const Provider& p = provider(name);
        EXPECT_EQ(p.channel(), ChannelKind::wechat);
        EXPECT_FALSE(p.title().empty());
        EXPECT_NE(p.shapes().settings.find("writeOnly"), std::string::npos) << name;
        EXPECT_FALSE(p.check_settings("{}").empty()) << name;
        EXPECT_FALSE(p.check_settings(R"({"nonsense":1})").empty()) << name;
    }
    EXPECT_GT(provider("wechat").traits().idempotency_ms, 0);
    EXPECT_EQ(provider("wechat_subscribe").traits().idempotency_ms, 0);
    EXPECT_EQ(provider("wecom_robot").traits().idempotency_ms, 0);
}

TEST(wechat_provider, tells_recipients_apart) {
    const Content content{"", "text", "", R"({"wechat":{"template_id":"t"}})"};
    const auto takes = [&](std::string_view name, std::string_view recipient) {
        return provider(name).check(recipient, content).empty();
    };
    EXPECT_TRUE(takes("wechat", openid));
    EXPECT_TRUE(takes("wechat", "openid:" + std::string(openid)));
    for (const char* other :
         {"user:zhangsan", "robot", "zhangsan", "party:2", "", "o6 bmjrPTlm6_2sg"}) {
        EXPECT_FALSE(takes("wechat", other)) << other;
    }
    for (const char* mine : {"zhangsan", "user:zhangsan|user:lisi|party:2|tag:3", "user:@all"}) {
        EXPECT_TRUE(takes("wecom", mine)) << mine;
    }
    for (const char* other : {"robot", "robot:ops", "openid:o6_bmjrPTlm6", "party:x",
                              "user:", "user:a|b", "", "a|b", "user:a|", "mailto:a"}) {
        EXPECT_FALSE(takes("wecom", other)) << other;
    }
    EXPECT_TRUE(takes("wecom_robot", "robot:运维"));
    EXPECT_FALSE(takes("wecom_robot", "zhangsan"));
    EXPECT_FALSE(takes("wecom_robot", "robot:"));
}

TEST(wechat_provider, needs_a_template_for_official_messages_only) {
    const Content bare{"", "text", "", ""};
    EXPECT_FALSE(provider("wechat").check(openid, bare).empty());
    EXPECT_TRUE(provider("wecom").check("zhangsan", bare).empty());
    const Content empty{"", "", "", ""};
    EXPECT_FALSE(provider("wecom").check("zhangsan", empty).empty());
    const Content card{"", "text", "", R"({"wecom":{"msg_type":"template_card"}})"};
    const auto problems = provider("wecom").check("zhangsan", card);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, "$.options.wecom.template_card");
}

TEST(wechat_protocol, builds_template_messages_with_an_idempotency_key) {
    OfficialProtocol protocol(official_settings(), OfficialForm::template_message);
    const Message message = message_to(
        openid,
        R"({"wechat":{"template_id":"t1","url":"https://x","data":{"thing1":{"value":"中\"1"}},)"
        R"("miniprogram":{"appid":"wx2","pagepath":"p?x=1"}}})");
    const auto request = protocol.request(message, {.token = "a+b/=", .now_ms = 0});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url,
              "http://127.0.0.1:1/wechat/cgi-bin/message/template/send?access_token=a%2Bb%2F%3D");
    EXPECT_EQ(
        request->body,
        R"({"touser":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","template_id":"t1",)"
        R"("miniprogram":{"appid":"wx2","pagepath":"p?x=1"},"data":{"thing1":{"value":"中\"1"}},)"
        R"("url":"https://x","client_msg_id":")" +
            kit::message_token(message) + R"("})");
}

TEST(wechat_protocol, builds_subscription_messages_without_one) {
    OfficialProtocol protocol(official_settings(), OfficialForm::subscription);
    const auto request = protocol.request(
        message_to(openid, R"({"wechat_subscribe":{"template_id":"t1","page":"https://x"}})"),
        {.token = "t", .now_ms = 0});
    ASSERT_TRUE(request.ok());
    EXPECT_NE(request->url.find("/cgi-bin/message/subscribe/bizsend?"), std::string::npos);
    EXPECT_EQ(request->body,
              R"({"touser":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","template_id":"t1","data":{},)"
              R"("page":"https://x"})");
}

TEST(wechat_protocol, fetches_stable_tokens_and_the_old_kind_on_demand) {
    OfficialSettings settings = official_settings();
    auto request = OfficialProtocol(settings, OfficialForm::template_message).token_request(0);
    EXPECT_EQ(request->url, "http://127.0.0.1:1/wechat/cgi-bin/stable_token");
    EXPECT_EQ(
        request->body,
        R"({"grant_type":"client_credential","appid":"wx1","secret":"s&1","force_refresh":false})");
    settings.token_mode = "legacy";
    request = OfficialProtocol(settings, OfficialForm::template_message).token_request(0);
    EXPECT_EQ(request->method, "GET");
    EXPECT_EQ(request->url,
              "http://127.0.0.1:1/wechat/cgi-bin/"
              "token?grant_type=client_credential&appid=wx1&secret=s%261");
}

TEST(wechat_protocol, tells_refused_credentials_from_trouble_when_it_reads_a_token) {
    const auto token = read_access_token(reply_of(R"({"access_token":"A","expires_in":7200})"));
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(token->value, "A");
    EXPECT_EQ(token->expires_in, Millis(7'200'000));
    for (const int code : {40001, 40013, 40125, 40164, 40243}) {
        EXPECT_EQ(read_access_token(errcode(code)).error().code, ErrorCode::config_invalid);
    }
    for (const auto& reply :
         {errcode(-1), errcode(45009), errcode(4711), reply_of("{}"), reply_of("<html>"),
          reply_of("", 502), reply_of(R"({"access_token":7})")}) {
        EXPECT_EQ(read_access_token(reply).error().code, ErrorCode::unavailable);
    }
}

TEST(wechat_outcome, follows_the_table_of_the_official_account) {
    using K = OutcomeClass;
    const std::vector<std::pair<int, K>> rows{{-1, K::transient},
                                              {0, K::accepted},
                                              {40001, K::token},
                                              {40014, K::token},
                                              {42001, K::token},
                                              {40013, K::configuration},
                                              {40125, K::configuration},
                                              {40164, K::configuration},
                                              {40243, K::configuration},
                                              {41001, K::message_permanent},
                                              {40003, K::recipient_permanent},
                                              {40037, K::configuration},
                                              {40165, K::message_permanent},
                                              {41030, K::message_permanent},
                                              {40241, K::message_permanent},
                                              {43004, K::recipient_permanent},
                                              {50005, K::recipient_permanent},
                                              {43019, K::recipient_permanent},
                                              {43101, K::recipient_permanent},
                                              {43116, K::configuration},
                                              {43117, K::quota},
                                              {44002, K::message_permanent},
                                              {45009, K::rate_limited},
                                              {45011, K::rate_limited},
                                              {45047, K::quota},
                                              {47001, K::message_permanent},
                                              {47003, K::message_permanent},
                                              {48001, K::configuration},
                                              {48004, K::configuration},
                                              {50002, K::configuration},
                                              {12345, K::transient}};
    for (const auto& [code, kind] : rows) {
        const Outcome outcome = judge_official(errcode(code), false);
        EXPECT_EQ(outcome.kind, kind) << code;
        EXPECT_EQ(outcome.suppress, "") << code;
        EXPECT_EQ(outcome.code, std::to_string(code));
    }
}

TEST(wechat_outcome, keeps_every_digit_of_the_message_id) {
    const auto outcome = judge_official(
        reply_of(R"({"errcode":0,"errmsg":"ok","msgid":3512318923471110147})"), false);
    EXPECT_EQ(outcome.provider_message_id, "3512318923471110147");
    EXPECT_EQ(judge_official(reply_of(R"({"errcode":0,"msgid":"m-1"})"), false).provider_message_id,
              "m-1");
}

TEST(wechat_outcome, waits_for_midnight_in_shanghai_when_the_quota_is_used_up) {
    OutboundReply reply = errcode(45009);
    reply.started_ms = 1'799'999'999'000;  // 2027-01-15T07:59:59Z, 15:59:59 in Shanghai
    EXPECT_EQ(judge_official(reply, false).retry_after_ms, 28'801'000);
    EXPECT_EQ(judge_official(errcode(45011), false).retry_after_ms, 60'000);
}

TEST(wechat_outcome, takes_a_repeat_for_arrived_only_after_a_lost_answer) {
    EXPECT_EQ(judge_official(errcode(40241), true).kind, OutcomeClass::accepted);
    EXPECT_EQ(judge_official(errcode(40241), false).kind, OutcomeClass::message_permanent);
}

TEST(wechat_outcome, does_not_know_what_an_unreadable_success_means) {
    for (const char* body : {"", "<html>", "{}", "[]", R"({"errcode":"0"})", "{\"errcode\":0"}) {
        EXPECT_EQ(judge_official(reply_of(body), false).kind, OutcomeClass::unknown) << body;
    }
    EXPECT_EQ(judge_official(reply_of("<html>", 502), false).kind, OutcomeClass::transient);
    EXPECT_EQ(judge_official(reply_of("", 429), false).kind, OutcomeClass::rate_limited);
}

TEST(wechat_outcome, follows_the_table_of_wecom) {
    using K = OutcomeClass;
    const std::vector<std::pair<int, K>> rows{{-1, K::transient},
                                              {40014, K::token},
                                              {42001, K::token},
                                              {40001, K::configuration},
                                              {40013, K::configuration},
                                              {40056, K::configuration},
                                              {48002, K::configuration},
                                              {301002, K::configuration},
                                              {60020, K::configuration},
                                              {40003, K::recipient_permanent},
                                              {60111, K::recipient_permanent},
                                              {81013, K::recipient_permanent},
                                              {82001, K::recipient_permanent},
                                              {86003, K::recipient_permanent},
                                              {60011, K::recipient_permanent},
                                              {44004, K::message_permanent},
                                              {45002, K::message_permanent},
                                              {40058, K::message_permanent},
                                              {45009, K::rate_limited},
                                              {45033, K::rate_limited},
                                              {99999, K::transient}};
    for (const auto& [code, kind] : rows) {
        EXPECT_EQ(judge_wecom(errcode(code), true).kind, kind) << code;
    }
    EXPECT_EQ(judge_wecom_robot(errcode(93000)).kind, K::configuration);
    EXPECT_EQ(judge_wecom_robot(errcode(45009)).retry_after_ms, 60'000);
    EXPECT_EQ(judge_wecom_robot(errcode(0)).kind, K::accepted);
}

TEST(wechat_outcome, sees_the_partial_failure_behind_wecoms_success) {
    const auto reply = reply_of(
        R"({"errcode":0,"errmsg":"ok","invaliduser":"lisi","invalidparty":"","msgid":"m1"})");
    const Outcome one = judge_wecom(reply, true);
    EXPECT_EQ(one.kind, OutcomeClass::recipient_permanent);
    EXPECT_EQ(one.code, "invaliduser");
    const Outcome many = judge_wecom(reply, false);
    EXPECT_EQ(many.kind, OutcomeClass::accepted);
    EXPECT_NE(many.detail.find("lisi"), std::string::npos);
    EXPECT_EQ(many.provider_message_id, "m1");
}

TEST(wecom_protocol, sends_the_same_bytes_in_every_attempt) {
    WecomProtocol protocol(settings_of<WecomSettings>(
        R"({"corpid":"ww1","corpsecret":"s","agentid":1000002,"endpoint":"http://h"})"));
    Message message = message_to("user:a|party:2|tag:3");
    message.subject = "Alarm";
    const auto first = protocol.request(message, {.token = "T", .now_ms = 1});
    message.attempts = 3;
    const auto second = protocol.request(message, {.token = "T", .now_ms = 999'999});
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(first->body, second->body);
    EXPECT_EQ(first->body,
              R"({"touser":"a","toparty":"2","totag":"3","msgtype":"text","agentid":1000002,)"
              R"("text":{"content":"Alarm\nhello \"you\""},"safe":0,"enable_id_trans":0,)"
              R"("enable_duplicate_check":1,"duplicate_check_interval":1800})");
    EXPECT_EQ(protocol.token_request(0)->url, "http://h/cgi-bin/gettoken?corpid=ww1&corpsecret=s");
}

TEST(wecom_protocol, chooses_the_form_by_what_is_given_and_refuses_what_would_be_cut) {
    WecomProtocol protocol(settings_of<WecomSettings>(
        R"({"corpid":"ww1","corpsecret":"s","agentid":1,"max_text_bytes":64})"));
    const auto body = [&](std::string options) {
        auto request = protocol.request(message_to("a", std::move(options)), {});
        return request ? request->body : "";
    };
    EXPECT_NE(
        body(R"({"wecom":{"url":"https://x","title":"T"}})").find(R"("textcard":{"title":"T")"),
        std::string::npos);
    EXPECT_NE(body(R"({"wecom":{"template_card":{"card_type":"text_notice"}}})")
                  .find(R"("template_card":{"card_type":"text_notice"})"),
              std::string::npos);
    EXPECT_NE(body(R"({"wecom":{"articles":[{"title":"t","url":"u"}]}})").find(R"("articles":[{)"),
              std::string::npos);
    Message longer = message_to("a");
    longer.content = std::string(65, 'x');
    EXPECT_EQ(protocol.request(longer, {}).error().code, ErrorCode::content_invalid);
}

TEST(wecom_robot, writes_to_its_own_group_only) {
    WecomRobotProtocol protocol(settings_of<WecomRobotSettings>(
        R"({"webhook_url":"http://h/cgi-bin/webhook/send?key=k","label":"ops"})"));
    EXPECT_TRUE(protocol.request(message_to("robot"), {}).ok());
    EXPECT_FALSE(protocol.request(message_to("robot:dev"), {}).ok());
    const auto request = protocol.request(
        message_to("robot:ops", R"({"wecom_robot":{"mentioned_list":["@all"]}})"), {});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url, "http://h/cgi-bin/webhook/send?key=k");
    EXPECT_EQ(request->body,
              R"({"msgtype":"text","text":{"content":"hello \"you\"","mentioned_list":["@all"]}})");
}

}  // namespace
}  // namespace hongyan::wechat
