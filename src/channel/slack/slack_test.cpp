#include <gtest/gtest.h>

#include "channel/slack/protocol.hpp"
#include "channel/slack/provider.hpp"
#include "kit/described.hpp"

namespace hongyan::slack {
namespace {

SlackProtocol protocol(std::string_view more = "") {
    auto read = kit::read_described<Settings>(R"({"webhook_url":"http://h/services/T0/B0/x")" +
                                              std::string(more) + "}");
    EXPECT_TRUE(read.ok());
    return SlackProtocol(*read);
}

Message message_of(std::string options = "") {
    Message message;
    message.recipient = "#ops";
    message.subject = "A & B";
    message.content = "<!channel> \"hi\"";
    message.options = std::move(options);
    return message;
}

Outcome judge(int status, std::string text, std::string retry_after = "") {
    OutboundReply reply;
    reply.end = CallEnd::answered;
    reply.status = status;
    reply.body = std::move(text);
    if (!retry_after.empty()) reply.headers = {{"retry-after", std::move(retry_after)}};
    return protocol().judge(message_of(), reply);
}

TEST(slack, escapes_what_would_mean_something) {
    EXPECT_EQ(escaped("a & <b> &amp;"), "a &amp; &lt;b&gt; &amp;amp;");
    const auto request = protocol().request(message_of(), {});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->url, "http://h/services/T0/B0/x");
    EXPECT_EQ(request->body,
              R"({"text":"*A &amp; B*\n&lt;!channel&gt; \"hi\"","unfurl_links":false})");
}

TEST(slack, sends_blocks_and_own_markup_as_they_stand) {
    const auto request = protocol().request(
        message_of(R"({"slack":{"mrkdwn":true,"blocks":[{"type":"divider"}],"thread_ts":"1.2"}})"),
        {});
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->body, R"({"text":"A & B\n<!channel> \"hi\"","blocks":[{"type":"divider"}],)"
                             R"("thread_ts":"1.2","unfurl_links":false})");
}

TEST(slack, follows_the_table_of_words) {
    using K = OutcomeClass;
    EXPECT_EQ(judge(200, "ok").kind, K::accepted);
    EXPECT_EQ(judge(200, "ok\n").kind, K::accepted);
    for (const char* body : {"", "invalid", "<html>", R"({"ok":true})"}) {
        EXPECT_EQ(judge(200, body).kind, K::unknown) << body;
    }
    for (const char* word : {"invalid_payload", "no_text", "user_not_found"}) {
        EXPECT_EQ(judge(400, word).kind, K::message_permanent) << word;
        EXPECT_EQ(judge(400, word).code, word);
    }
    for (const char* word : {"action_prohibited", "invalid_token"}) {
        EXPECT_EQ(judge(403, word).kind, K::configuration) << word;
    }
    for (const char* word : {"channel_not_found", "no_service", "no_team", ""}) {
        EXPECT_EQ(judge(404, word).kind, K::configuration) << word;
    }
    EXPECT_EQ(judge(410, "channel_is_archived").kind, K::configuration);
    EXPECT_EQ(judge(500, "rollup_error").kind, K::transient);
    EXPECT_EQ(judge(503, "<html>").kind, K::transient);
    EXPECT_EQ(judge(429, "", "30").kind, K::rate_limited);
    EXPECT_EQ(judge(429, "rate_limited", "30").retry_after_ms, 30'000);
}

TEST(slack, writes_to_its_own_channel_and_within_the_limit) {
    EXPECT_TRUE(protocol(R"(,"label":"ops")").request(message_of(), {}).ok());
    EXPECT_FALSE(protocol(R"(,"label":"dev")").request(message_of(), {}).ok());
    Message message = message_of();
    message.content = std::string(40'000, 'x');
    EXPECT_EQ(protocol().request(message, {}).error().code, ErrorCode::content_invalid);
}

TEST(slack, describes_itself_and_checks_messages) {
    ProviderList list;
    add_providers(list);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]->channel(), ChannelKind::slack);
    EXPECT_FALSE(list[0]->check_settings("{}").empty());
    for (const char* good : {"robot", "#ops", "ops", "robot:ops", "运维"}) {
        EXPECT_TRUE(list[0]->check(good, {"", "x", "", ""}).empty()) << good;
    }
    for (const char* bad : {"", "#", "a b", "user:x", "a@b.c", "##x"}) {
        EXPECT_FALSE(list[0]->check(bad, {"", "x", "", ""}).empty()) << bad;
    }
    EXPECT_FALSE(list[0]->check("robot", {"", "x", "", R"({"slack":{"blocks":{}}})"}).empty());
    EXPECT_FALSE(list[0]->check("robot", {"", "", "", ""}).empty());
}

}  // namespace
}  // namespace hongyan::slack
