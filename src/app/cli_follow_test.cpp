#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "app/cli_fixture.hpp"
#include "app/cli_session.hpp"
#include "app/cli_table.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

constexpr const char* half_failed =
    R"({"task_id":4,"status":"completed","total_count":2,"success_count":1,"failed_count":1,)"
    R"("cancelled_count":0,"pending_count":0})";

TEST_F(cli, habits_of_other_programs_work) {
    EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
    EXPECT_EQ(run({"help", "dlq", "retry"}).out, run({"dlq", "retry", "--help"}).out);
    for (const auto* flag : {"version", "--version", "-V"})
        EXPECT_TRUE(run({flag}).out.starts_with("hongyan ")) << flag;
    EXPECT_TRUE(run({"--json", "version"}).out.starts_with("{\"name\":\"hongyan\""));
    EXPECT_TRUE(run({"--version", "--json"}).out.starts_with("{\"name\":\"hongyan\""));
    EXPECT_TRUE(has(run({"--json"}).err, "a command is missing"));
}

TEST_F(cli, wrong_arguments_are_told_in_plain_words) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"key", "revoke", "abc"}, "ID is not a whole number: \"abc\"."},
        {{"send", "--to"}, "--to: its value is missing."},
        {{"send", "--to", "1", "--to", "2"}, "--to stands there more than once."},
        {{"send", "--wait=maybe"}, "--wait takes no value, but got \"maybe\"."},
        {{"send", "-x"}, "there is no option \"-x\""},
        {{"serve", "extra"}, "not expected: extra."},
        {{"config", "check", "a", "--config", "b"}, "give either --config or FILE."},
        {{"key", "list", "--server", "ftp://x"}, "\"ftp://x\" is no server"},
        {{"key", "list", "--server", "http://"}, "\"http://\" is no server"},
        {{"send", "--channel", "sms", "--to", "1", "--content", "x", "--metadata", "a"},
         "--metadata: \"a\" is not NAME=TEXT"}};
    for (const auto& [arguments, words] : cases) {
        const Ran ran = run(arguments);
        EXPECT_EQ(ran.code, exit_usage) << ran.err;
        EXPECT_TRUE(has(ran.err, words)) << ran.err;
    }
}

TEST_F(cli, a_key_of_several_lines_is_refused_before_it_travels) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer { return {200, "{}"}; });
    const Ran ran = run({"key", "list", "--key-file", write("one\nX-Evil: two\n")});
    EXPECT_EQ(ran.code, exit_usage);
    EXPECT_TRUE(server.seen().empty());
}

TEST_F(cli, a_file_to_check_is_named_without_a_flag) {
    const Ran ran = run({"config", "check", write("[email]\nsmtp_urll = \"\"\n")});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err,
                    ":2:1: there is no setting \"email.smtp_urll\"; did you mean "
                    "\"email.smtp_url\"?"))
        << ran.err;
}

TEST_F(cli, every_send_can_be_repeated_after_a_lost_answer) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {202, R"({"message_id":"5","trace_id":"msg_5","status":"pending"})"};
    });
    const std::vector<std::string> command = {"send",
                                              "--channel",
                                              "sms",
                                              "--to",
                                              "1",
                                              "--content",
                                              "x",
                                              "--metadata",
                                              "order=a=b",
                                              "--callback-url",
                                              "https://example.com/hook"};
    EXPECT_EQ(run(command).code, 0);
    EXPECT_EQ(run(command).code, 0);
    const auto key_of = [](const SeenRequest& request) {
        const auto at = request.head.find("Idempotency-Key: cli-");
        return at == std::string::npos ? "" : request.head.substr(at, 45);
    };
    const auto seen = server.seen();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(key_of(seen[0]).size(), 45U);
    EXPECT_NE(key_of(seen[0]), key_of(seen[1]));
    EXPECT_EQ(
        json::parse(seen[0].body),
        json::parse(R"({"channel":"sms","content":"x","recipient":"1",)"
                    R"("metadata":{"order":"a=b"},"callback_url":"https://example.com/hook"})"));
}

TEST_F(cli, a_lost_answer_is_told_with_the_key_that_makes_a_repeat_safe) {
    serve([](const SeenRequest&) -> GivenAnswer { return {.status = 0, .body = ""}; });
    const Ran ran = run({"send", "--channel", "sms", "--to", "1", "--content", "x"});
    EXPECT_EQ(ran.code, exit_unreachable);
    EXPECT_TRUE(has(ran.err, "It may have been accepted.")) << ran.err;
    EXPECT_TRUE(has(ran.err, "--idempotency-key cli-")) << ran.err;
}

TEST_F(cli, batch_waits_for_its_tasks_and_its_exit_code_tells_of_failures) {
    int asked = 0;
    serve([&](const SeenRequest& request) -> GivenAnswer {
        if (request.line.starts_with("POST")) return {202, R"({"task_id":4})"};
        EXPECT_EQ(request.line, "GET /api/messages/tasks/4");
        if (++asked == 1) return {200, R"({"task_id":4,"status":"processing","total_count":2})"};
        return {200, half_failed};
    });
    const auto path = write("recipient\n1\n2\n");
    Ran ran = run({"batch", path, "--channel", "sms", "--content", "x", "--wait"});
    EXPECT_EQ(ran.code, exit_failure) << ran.err;
    EXPECT_TRUE(has(ran.out, "task 4: completed, 1 of 2 sent, 1 failed\n")) << ran.out;
    ran = run({"batch", path, "--channel", "sms", "--content", "x", "--wait", "--json"});
    const auto document = json::parse(ran.out);
    EXPECT_EQ(text_at(items_at(document, "tasks")[0].at("task"), "failed_count"), "1");
}

TEST_F(cli, task_shows_a_batch_and_fails_only_when_told_to_wait) {
    serve([&](const SeenRequest&) -> GivenAnswer { return {200, half_failed}; });
    EXPECT_EQ(run({"task", "4"}).code, exit_ok);
    EXPECT_EQ(run({"task", "4", "--wait"}).code, exit_failure);
    EXPECT_EQ(run({"task", "4", "--json"}).out, std::string(half_failed) + "\n");
}

TEST_F(cli, a_template_is_not_pushed_when_it_is_unknown_whether_it_exists) {
    TestServer busy([](const SeenRequest&) -> GivenAnswer {
        return {429, R"({"type":"/problems/rate-limited","title":"A limit is reached."})",
                "Retry-After: 7\r\n"};
    });
    environment_ = {{"HONGYAN_SERVER", busy.url()}, {"HONGYAN_API_KEY", "hy_test"}};
    const Ran ran = run({"template", "push", write(R"({"name":"a","channel":"sms"})")});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err, "Try again in 7 s.")) << ran.err;
    ASSERT_EQ(busy.seen().size(), 1U);
    EXPECT_TRUE(busy.seen()[0].line.starts_with("GET ")) << busy.seen()[0].line;
}

TEST(json_text, values_are_indented_for_people) {
    EXPECT_EQ(indented_json(json::parse(R"({"a":[1,"雁\n"],"b":{},"c":[]})")),
              "{\n  \"a\": [\n    1,\n    \"雁\\n\"\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

}  // namespace
}  // namespace hongyan::app
