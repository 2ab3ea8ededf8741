#include <gtest/gtest.h>

#include "base/signing.hpp"
#include "channel/dingtalk/protocol.hpp"
#include "channel/dingtalk/provider.hpp"
#include "kit/described.hpp"

namespace hongyan::dingtalk {
namespace {

constexpr std::int64_t stamp = 1'577'262'236'757;

DingtalkProtocol protocol(std::string_view more = "") {
    auto read = kit::read_described<Settings>(
        R"({"access_token":"a&b","endpoint":"http://h/dingtalk/")" + std::string(more) + "}");
    EXPECT_TRUE(read.ok());
    return DingtalkProtocol(*read);
}

Message message_of(std::string options = "", std::string subject = "") {
    Message message;
    message.recipient = "robot";
    message.subject = std::move(subject);
    message.content = "C \"1\"";
    message.options = std::move(options);
    return message;
}

std::string body(std::string options, std::string subject = "") {
    auto request = protocol().request(message_of(std::move(options), std::move(subject)), {});
    return request ? request->body : request.error().detail;
}

Outcome judge(std::string text, int status = 200) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(text);
    return protocol().judge(message_of(), reply);
}

OutcomeClass kind(std::int64_t code, std::string_view message = "") {
    return judge(R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":")" + std::string(message) +
                 "\"}")
        .kind;
}

TEST(dingtalk, signs_by_dingtalks_rule_and_encodes_once) {
    EXPECT_EQ(sign(stamp, "SEC1234567890abcdef"), "f7qQ1A8KagEZ45y1gasTtKsEq5ERTeDXP9T+WkIqzDk=");
    EXPECT_EQ(sign(stamp, "this is secret"), "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=");
    const auto request = protocol(R"(,"secret":"SEC1234567890abcdef")")
                             .request(message_of(), {.token = "", .now_ms = stamp});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url,
              "http://h/dingtalk/robot/send?access_token=a%26b&timestamp=1577262236757&sign="
              "f7qQ1A8KagEZ45y1gasTtKsEq5ERTeDXP9T%2BWkIqzDk%3D");
    EXPECT_EQ(protocol().request(message_of(), {})->url,
              "http://h/dingtalk/robot/send?access_token=a%26b");
}

TEST(dingtalk, builds_every_form) {
    EXPECT_EQ(body(""), R"({"msgtype":"text","text":{"content":"C \"1\""}})");
    EXPECT_EQ(body("", "S"), R"({"msgtype":"markdown","markdown":{"title":"S","text":"C \"1\""}})");
    EXPECT_EQ(body(R"({"dingtalk":{"title":"T","at_mobiles":["138"],"at_all":true}})"),
              R"({"msgtype":"markdown","markdown":{"title":"T","text":"C \"1\" @138"},)"
              R"("at":{"atMobiles":["138"],"atUserIds":[],"isAtAll":true}})");
    EXPECT_EQ(
        body(R"({"dingtalk":{"message_url":"https://x","title":"T"}})"),
        R"({"msgtype":"link","link":{"title":"T","text":"C \"1\"","messageUrl":"https://x","picUrl":""}})");
    EXPECT_EQ(body(R"({"dingtalk":{"action_card":{"title":"T"}}})"),
              R"({"msgtype":"actionCard","actionCard":{"title":"T"}})");
    EXPECT_EQ(body(R"({"dingtalk":{"feed_card":{"links":[]}}})"),
              R"({"msgtype":"feedCard","feedCard":{"links":[]}})");
}

TEST(dingtalk, follows_the_table_of_codes) {
    using K = OutcomeClass;
    EXPECT_EQ(kind(0, "ok"), K::accepted);
    EXPECT_EQ(kind(-1), K::transient);
    EXPECT_EQ(kind(130101), K::rate_limited);
    EXPECT_EQ(kind(90030), K::rate_limited);
    EXPECT_EQ(kind(300001), K::configuration);
    EXPECT_EQ(kind(400101), K::configuration);
    EXPECT_EQ(kind(40035), K::message_permanent);
    EXPECT_EQ(kind(400105), K::message_permanent);
    EXPECT_EQ(kind(310000, "keywords not in content"), K::message_permanent);
    EXPECT_EQ(kind(310000, "sign not match"), K::token);
    EXPECT_EQ(kind(310000, "invalid timestamp"), K::token);
    EXPECT_EQ(kind(310000, "ip 1.2.3.4 not in whitelist"), K::configuration);
    EXPECT_EQ(kind(4711), K::transient);
    EXPECT_EQ(judge(R"({"errcode":130101})").retry_after_ms, 600'000);
}

TEST(dingtalk, does_not_know_what_an_unreadable_success_means) {
    for (const char* text : {"", "ok", "{}", R"({"errcode":"0"})", "[0]"}) {
        EXPECT_EQ(judge(text).kind, OutcomeClass::unknown) << text;
    }
    EXPECT_EQ(judge("<html>", 503).kind, OutcomeClass::transient);
}

TEST(dingtalk, writes_to_its_own_group_and_within_its_limit) {
    Message message = message_of();
    message.recipient = "robot:dev";
    EXPECT_TRUE(protocol().request(message, {}).ok());
    EXPECT_FALSE(protocol(R"(,"label":"ops")").request(message, {}).ok());
    message.content = std::string(20'000, 'x');
    EXPECT_FALSE(protocol().request(message, {}).ok());
}

TEST(dingtalk, describes_itself_and_checks_messages) {
    ProviderList list;
    add_providers(list);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]->channel(), ChannelKind::dingtalk);
    EXPECT_FALSE(list[0]->check_settings("{}").empty());
    EXPECT_TRUE(list[0]->check("robot", {"", "x", "", ""}).empty());
    for (const char* bad : {"", "ops", "robot:", "user:x", "robot:a b"}) {
        EXPECT_EQ(list[0]->check(bad, {"", "x", "", ""}).size(), 1U) << bad;
    }
    EXPECT_EQ(list[0]->check("robot", {"", "x", "", R"({"dingtalk":{"msg_type":"link"}})"}).size(),
              1U);
}

}  // namespace
}  // namespace hongyan::dingtalk
