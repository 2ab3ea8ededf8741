#include "channel/feishu/provider.hpp"

#include <gtest/gtest.h>

#include "channel/feishu/address.hpp"
#include "channel/feishu/app_protocol.hpp"
#include "channel/feishu/compose.hpp"
#include "channel/feishu/outcome.hpp"
#include "channel/feishu/robot_protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::feishu {
namespace {

OutboundReply reply_of(std::string body, int status = 200) {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(body);
    reply.started_ms = 1'800'000'000'000;
    return reply;
}

OutboundReply code_reply(std::int64_t code, int status) {
    return reply_of(R"({"code":)" + std::to_string(code) + R"(,"msg":"why"})", status);
}

Message message_of(std::string options = "") {
    Message message;
    message.id = 42;
    message.recipient = "ou_1";
    message.content = "line \"1\"\nline 2";
    message.options = std::move(options);
    return message;
}

template <class T>
T settings_of(std::string_view json) {
    auto read = kit::read_described<T>(json);
    EXPECT_TRUE(read.ok());
    return *read;
}

RobotProtocol robot(std::string_view more = "") {
    return RobotProtocol(settings_of<RobotSettings>(
        R"({"webhook_url":"http://h/open-apis/bot/v2/hook/1")" + std::string(more) + "}"));
}

std::string robot_body_of(std::string options, std::string_view settings = "") {
    Message message = message_of(std::move(options));
    message.recipient = "robot";
    auto request = robot(settings).request(message, {.token = "", .now_ms = 1'599'360'473'999});
    return request ? request->body : request.error().detail;
}

TEST(feishu_robot, signs_by_feishus_rule) {
    EXPECT_EQ(robot_sign("1599360473", "demo"), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
    EXPECT_EQ(robot_body_of("", R"(,"secret":"demo")"),
              R"({"timestamp":"1599360473","sign":"l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=",)"
              R"("msg_type":"text","content":{"text":"line \"1\"\nline 2"}})");
}

TEST(feishu_robot, wraps_each_form_as_the_webhook_wants_it) {
    EXPECT_EQ(robot_body_of(R"({"feishu_robot":{"title":"T","mention":["all"]}})"),
              R"({"msg_type":"post","content":{"post":{"zh_cn":{"title":"T","content":[)"
              R"([{"tag":"text","text":"line \"1\""}],[{"tag":"text","text":"line 2"}],)"
              R"([{"tag":"at","user_id":"all"}]]}}}})");
    EXPECT_EQ(robot_body_of(R"({"feishu_robot":{"card":{"schema":"2.0","n":1.5}}})"),
              R"({"msg_type":"interactive","card":{"schema":"2.0","n":1.5}})");
    EXPECT_EQ(robot_body_of(R"({"feishu_robot":{"image_key":"img_1"}})"),
              R"({"msg_type":"image","content":{"image_key":"img_1"}})");
    EXPECT_EQ(robot_body_of(R"({"feishu_robot":{"share_chat_id":"oc_1"}})"),
              R"({"msg_type":"share_chat","content":{"share_chat_id":"oc_1"}})");
    EXPECT_EQ(
        robot_body_of(R"({"feishu_robot":{"mention":["ou_1"]}})"),
        R"({"msg_type":"text","content":{"text":"line \"1\"\nline 2 <at user_id=\"ou_1\"></at>"}})");
}

TEST(feishu_robot, refuses_what_is_too_long_or_of_another_group) {
    EXPECT_NE(robot_body_of("", R"(,"max_body_bytes":1024)").find("line"), std::string::npos);
    Message message = message_of();
    message.recipient = "robot:dev";
    EXPECT_TRUE(robot().request(message, {}).ok());
    EXPECT_FALSE(robot(R"(,"label":"ops")").request(message, {}).ok());
    message.recipient = "robot";
    message.content = std::string(20'500, 'x');
    EXPECT_EQ(robot().request(message, {}).error().code, ErrorCode::content_invalid);
}

TEST(feishu_robot, follows_the_table_of_codes) {
    using K = OutcomeClass;
    const std::vector<std::pair<int, K>> rows{{0, K::accepted},
                                              {9499, K::message_permanent},
                                              {19001, K::configuration},
                                              {19021, K::token},
                                              {19022, K::configuration},
                                              {19024, K::message_permanent},
                                              {19036, K::message_permanent},
                                              {11232, K::rate_limited},
                                              {11246, K::message_permanent},
                                              {99991400, K::rate_limited},
                                              {4711, K::transient}};
    for (const auto& [code, kind] : rows) {
        EXPECT_EQ(judge_robot(code_reply(code, 200)).kind, kind) << code;
    }
    EXPECT_GE(judge_robot(code_reply(11232, 200)).retry_after_ms, 1'000);
    EXPECT_EQ(judge_robot(reply_of(R"({"code":9499,"msg":"Bot Not Enabled"})")).kind,
              K::configuration);
}

TEST(feishu_robot, never_takes_the_http_status_for_success) {
    EXPECT_EQ(judge_robot(reply_of(R"({"StatusCode":0,"StatusMessage":"success"})")).kind,
              OutcomeClass::accepted);
    for (const char* body : {"", "ok", "{}", R"({"code":"0"})", R"({"msg":"success"})"}) {
        EXPECT_EQ(judge_robot(reply_of(body)).kind, OutcomeClass::unknown) << body;
    }
    EXPECT_EQ(judge_robot(reply_of("<html>", 502)).kind, OutcomeClass::transient);
    EXPECT_EQ(judge_robot(code_reply(0, 500)).kind, OutcomeClass::transient);
    EXPECT_EQ(judge_robot(reply_of(R"({"code":19001,"StatusCode":0})")).kind,
              OutcomeClass::configuration);
}

TEST(feishu_app, sends_content_as_json_in_a_string_with_a_uuid) {
    AppProtocol app(settings_of<AppSettings>(
        R"({"app_id":"cli_1","app_secret":"s","endpoint":"http://h/feishu/"})"));
    const Message message = message_of();
    auto request = app.request(message, {.token = "t-1", .now_ms = 0});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url, "http://h/feishu/open-apis/im/v1/messages?receive_id_type=open_id");
    EXPECT_EQ(request->body, R"({"receive_id":"ou_1","msg_type":"text",)"
                             R"("content":"{\"text\":\"line \\\"1\\\"\\nline 2\"}","uuid":")" +
                                 kit::message_token(message) + "\"}");
    EXPECT_EQ(request->headers.back().second, "Bearer t-1");
    request = app.request(message_of(R"({"feishu":{"post":{"zh_cn":{"content":[[]]}}}})"), {});
    EXPECT_NE(request->body.find(R"("content":"{\"zh_cn\":{\"content\":[[]]}}")"),
              std::string::npos);
    Message card = message_of(R"({"feishu":{"card":{"x":")" + std::string(31'000, 'x') + "\"}}}");
    EXPECT_FALSE(app.request(card, {}).ok());
}

TEST(feishu_app, infers_the_type_of_the_recipient) {
    const std::vector<std::tuple<std::string, std::string, std::string>> rows{
        {"ou_1", "open_id", "ou_1"},
        {"on_1", "union_id", "on_1"},
        {"oc_1", "chat_id", "oc_1"},
        {"a@example.com", "email", "a@example.com"},
        {"g6964gd3", "user_id", "g6964gd3"},
        {"user_id:ou_x", "user_id", "ou_x"},
        {"email:a@example.com", "email", "a@example.com"}};
    for (const auto& [recipient, type, id] : rows) {
        const auto address = read_address(recipient);
        ASSERT_TRUE(address.has_value()) << recipient;
        EXPECT_EQ(address->id_type, type);
        EXPECT_EQ(address->id, id);
    }
    for (const char* bad : {"", "robot", "robot:x", "phone:1", "a b", "a@", "@b", "a@b@c",
                            "email:x", "user_id:", "ou_1&x=1", "a\"@b.c"}) {
        EXPECT_FALSE(read_address(bad).has_value()) << bad;
    }
}

TEST(feishu_app, follows_the_table_of_codes_behind_http_400) {
    using K = OutcomeClass;
    const std::vector<std::pair<std::int64_t, K>> rows{{99991663, K::token},
                                                       {99991664, K::token},
                                                       {99991671, K::token},
                                                       {99991661, K::token},
                                                       {99991672, K::configuration},
                                                       {99991400, K::rate_limited},
                                                       {99992351, K::recipient_permanent},
                                                       {230001, K::message_permanent},
                                                       {230002, K::recipient_permanent},
                                                       {232009, K::recipient_permanent},
                                                       {230038, K::recipient_permanent},
                                                       {230006, K::configuration},
                                                       {230027, K::configuration},
                                                       {230013, K::recipient_permanent},
                                                       {230018, K::recipient_permanent},
                                                       {230035, K::recipient_permanent},
                                                       {230020, K::quota},
                                                       {230022, K::message_permanent},
                                                       {230025, K::message_permanent},
                                                       {230028, K::message_permanent},
                                                       {230054, K::message_permanent},
                                                       {230055, K::message_permanent}};
    for (const auto& [code, kind] : rows) {
        EXPECT_EQ(judge_app(code_reply(code, 400)).kind, kind) << code;
    }
    EXPECT_EQ(judge_app(code_reply(2200, 200)).kind, K::transient);
    EXPECT_EQ(judge_app(code_reply(2200, 500)).kind, K::transient);
}

TEST(feishu_app, reads_the_message_id_and_the_gateways_pause) {
    const auto good =
        judge_app(reply_of(R"({"code":0,"msg":"success","data":{"message_id":"om_1"}})"));
    EXPECT_EQ(good.kind, OutcomeClass::accepted);
    EXPECT_EQ(good.provider_message_id, "om_1");
    OutboundReply limited = code_reply(99991400, 429);
    limited.headers = {{"x-ogw-ratelimit-reset", "7"}};
    EXPECT_EQ(judge_app(limited).retry_after_ms, 7'000);
    limited.headers = {{"x-ogw-ratelimit-reset", "-7"}, {"retry-after", "3"}};
    EXPECT_EQ(judge_app(limited).retry_after_ms, 3'000);
    EXPECT_EQ(judge_app(reply_of("", 429)).kind, OutcomeClass::rate_limited);
}

TEST(feishu_app, tells_refused_credentials_from_trouble_when_it_reads_a_token) {
    AppProtocol app(settings_of<AppSettings>(R"({"app_id":"cli_1","app_secret":"s"})"));
    const auto token = app.read_token(
        reply_of(R"({"code":0,"msg":"ok","tenant_access_token":"t-1","expire":7200})"));
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(token->value, "t-1");
    EXPECT_EQ(token->expires_in, Millis(7'200'000));
    EXPECT_EQ(app.read_token(code_reply(10014, 200)).error().code, ErrorCode::config_invalid);
    EXPECT_EQ(app.read_token(code_reply(10003, 400)).error().code, ErrorCode::config_invalid);
    for (const auto& reply : {code_reply(99991400, 429), code_reply(1, 503), code_reply(2200, 200),
                              reply_of("", 502), reply_of(R"({"code":0})"), reply_of("{")}) {
        EXPECT_EQ(app.read_token(reply).error().code, ErrorCode::unavailable) << reply.body;
    }
}

TEST(feishu_provider, describes_itself_and_checks_messages) {
    ProviderList list;
    add_providers(list);
    ASSERT_EQ(list.size(), 2U);
    for (const auto& p : list) {
        EXPECT_EQ(p->channel(), ChannelKind::feishu);
        EXPECT_NE(p->shapes().settings.find("writeOnly"), std::string::npos);
        EXPECT_FALSE(p->check_settings("{}").empty());
        const bool is_robot = p->name() == "feishu_robot";
        const char* recipient = is_robot ? "robot:ops" : "ou_1";
        const char* other = is_robot ? "ou_1" : "robot:ops";
        EXPECT_TRUE(p->check(recipient, {"", "text", "", ""}).empty());
        EXPECT_EQ(p->check(other, {"", "text", "", ""}).size(), 1U);
        EXPECT_EQ(p->check(recipient, {"", "", "", ""}).size(), 1U);
        const std::string bad =
            "{\"" + std::string(p->name()) + R"(":{"msg_type":"interactive","colour":1}})";
        EXPECT_FALSE(p->check(recipient, {"", "text", "", bad}).empty());
    }
    EXPECT_EQ(list[0]->traits().idempotency_ms, 0);
    EXPECT_GT(list[1]->traits().idempotency_ms, 0);
    EXPECT_TRUE(
        list[0]
            ->check_settings(R"({"webhook_url":"https://open.feishu.cn/open-apis/bot/v2/hook/x"})")
            .empty());
    EXPECT_FALSE(list[0]->check_settings(R"({"webhook_url":"file:///etc"})").empty());
}

}  // namespace
}  // namespace hongyan::feishu
