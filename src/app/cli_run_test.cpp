#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>

#include "app/cli_fixture.hpp"
#include "app/cli_message.hpp"
#include "app/cli_parser.hpp"
#include "model/enums.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

TEST_F(cli, serve_and_data_commands_get_their_arguments) {
    EXPECT_EQ(run({"serve", "--config", "a.toml", "--data", "d", "--listen", "0.0.0.0:1", "--set",
                   "log.level=debug", "--set", "email.from=a=b"})
                  .code,
              0);
    EXPECT_EQ(served_.config_file, "a.toml");
    EXPECT_EQ(served_.overrides, (std::map<std::string, std::string>{{"data_dir", "d"},
                                                                     {"listen", "0.0.0.0:1"},
                                                                     {"log.level", "debug"},
                                                                     {"email.from", "a=b"}}));
    environment_ = {{"HONGYAN_DATA_DIR", "from_environment"}};
    EXPECT_EQ(run({"backup", "out.db", "--json"}).code, 0);
    EXPECT_EQ(data_.data_dir, "from_environment");
    EXPECT_EQ(data_.output, "out.db");
    EXPECT_TRUE(data_.json);
    EXPECT_EQ(run({"migrate", "--data", "x", "--dry-run"}).code, 0);
    EXPECT_EQ(data_.data_dir, "x");
    EXPECT_TRUE(data_.dry_run);
    EXPECT_EQ(run({"serve", "--set", "nonsense"}).code, exit_usage);
}

TEST_F(cli, typing_slips_get_a_suggestion_and_exit_with_2) {
    EXPECT_TRUE(has(run({"sned"}).err, "did you mean \"send\"?"));
    EXPECT_TRUE(has(run({"template", "rendr"}).err, "did you mean \"render\"?"));
    EXPECT_TRUE(has(run({"send", "--chanel", "sms"}).err,
                    "there is no option \"--chanel\"; did you mean \"--channel\"?"));
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {},
             {"sned"},
             {"dlq"},
             {"send"},
             {"send", "--channel", "pigeon", "--to", "1"},
             {"trace"},
             {"trace", "xyz"},
             {"key", "create", "--name", "x", "--scope", "fly"},
             {"dlq", "retry"},
             {"completion", "tcsh"},
             {"send", "--channel", "sms", "--to", "1"},
             {"send", "--channel", "sms", "--to", "1", "--content", "x", "--at", "tomorrow"}}) {
        const Ran ran = run(arguments);
        EXPECT_EQ(ran.code, exit_usage) << testing::PrintToString(arguments);
        EXPECT_EQ(ran.out, "");
        EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
    }
    EXPECT_TRUE(json::parse(run({"sned", "--json"}).out).as_object().contains("error"));
}

void expect_help(const CommandNode& node, std::vector<std::string> path,
                 const std::function<Ran(std::vector<std::string>)>& run) {
    path.push_back("--help");
    const Ran ran = run(path);
    path.pop_back();
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(ran.out.starts_with("Example:\n  ")) << node.name;
    EXPECT_TRUE(has(ran.out, "hongyan")) << node.name;
    bool has_json = !node.commands.empty();
    for (const auto& option : node.options) has_json = has_json || option.names.back() == "--json";
    EXPECT_TRUE(has_json) << node.name;
    for (const auto& inner : node.commands) {
        auto deeper = path;
        deeper.push_back(inner.name);
        expect_help(inner, deeper, run);
    }
}

TEST_F(cli, every_command_has_json_and_help_that_begins_with_an_example) {
    expect_help(command_tree(), {},
                [this](const std::vector<std::string>& arguments) { return run(arguments); });
}

void expect_named(const CommandNode& node, const std::string& script) {
    for (const auto& option : node.options) {
        for (const auto& name : option.names) {
            const bool is_there =
                has(script, name) ||
                has(script, " -l " + name.substr(std::min<std::size_t>(2, name.size())));
            EXPECT_TRUE(is_there || name == "-h") << node.name << " " << name;
        }
    }
    for (const auto& inner : node.commands) {
        EXPECT_TRUE(has(script, inner.name)) << inner.name;
        expect_named(inner, script);
    }
}

TEST_F(cli, completion_scripts_name_every_command_and_option) {
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        const Ran ran = run({"completion", shell});
        EXPECT_EQ(ran.code, 0);
        expect_named(command_tree(), ran.out);
    }
    EXPECT_EQ(completion_script(command_tree(), "tcsh"), "");
}

TEST_F(cli, send_makes_the_request_that_its_options_say) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {
            202,
            R"({"message_id":"9007199254740993","trace_id":"msg_0020000000000001","status":"pending"})"};
    });
    const Ran ran = run({"send", "--channel", "sms", "--to", "138", "--template", "order_shipped",
                         "--var", "order_no=17", "--var", "days=3", "--var", "list:=[1,2]",
                         "--priority", "9", "--delay", "5", "--idempotency-key", "k1"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "msg_0020000000000001 pending\n");
    const auto seen = server.seen();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[1].line, "POST /api/messages/send");
    EXPECT_TRUE(has(seen[1].head, "Authorization: Bearer hy_test\r\n")) << seen[1].head;
    EXPECT_TRUE(has(seen[1].head, "Idempotency-Key: k1")) << seen[1].head;
    EXPECT_EQ(
        json::parse(seen[1].body),
        json::parse(
            R"({"channel":"sms","template":"order_shipped","priority":9,"delay_seconds":5,"recipient":"138",
                              "variables":{"order_no":"17","days":3,"list":[1,2]}})"));
    run({"send", "--channel", "sms", "--to", "138", "--content", "[-20%, today]", "--json"});
    EXPECT_EQ(json::parse(server.seen()[2].body),
              json::parse(R"({"channel":"sms","content":"[-20%, today]","recipient":"138"})"));
}

TEST_F(cli, every_channel_of_the_program_can_be_named) {
    serve([](const SeenRequest&) -> GivenAnswer {
        return {202, R"({"message_id":"5","trace_id":"msg_5","status":"pending"})"};
    });
    for (const auto channel : channel_names) {
        const Ran ran =
            run({"send", "--channel", std::string(channel), "--to", "1", "--content", "x"});
        EXPECT_EQ(ran.code, exit_ok) << channel << ": " << ran.err;
    }
}

TEST_F(cli, send_waits_for_the_end_and_its_exit_code_tells_it) {
    int asked = 0;
    serve([&](const SeenRequest& request) -> GivenAnswer {
        if (request.line == "POST /api/messages/send")
            return {202, R"({"message_id":"5","trace_id":"msg_5","status":"pending"})"};
        EXPECT_EQ(request.line, "GET /api/messages/5");
        const bool is_over = ++asked >= 3;
        return {200,
                std::string(R"({"message_id":"5","trace_id":"msg_5","attempts":2,"status":")") +
                    (is_over ? "failed" : "retrying") + R"(","reason":"no such number"})"};
    });
    const Ran ran = run({"send", "--channel", "sms", "--to", "1", "--content", "x", "--wait"});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_EQ(ran.out, "failed msg_5 after 2 attempt(s): no such number\n");
}

TEST_F(cli, problem_documents_are_shown_with_every_field_and_what_to_do) {
    serve([](const SeenRequest&) -> GivenAnswer {
        return {
            422,
            R"({"type":"/problems/invalid-fields","title":"Some fields are missing or wrong.","status":422,"request_id":"r1",
                         "errors":[{"path":"$.recipient","detail":"must be a phone number"},{"path":"$.priority","detail":"too high"}]})"};
    });
    const Ran ran = run({"send", "--channel", "sms", "--to", "1", "--content", "x", "--json"});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err,
                    "error: Some fields are missing or wrong. (HTTP 422)\n  $.recipient: must be a "
                    "phone number\n"
                    "  $.priority: too high\n  What to do: Correct each field listed in errors.\n  "
                    "Request: r1\n"))
        << ran.err;
    EXPECT_EQ(text_at(json::parse(ran.out).at("error"), "request_id"), "r1");
}

TEST_F(cli, exit_codes_tell_missing_things_keys_and_servers_apart) {
    int status = 404;
    serve([&](const SeenRequest&) -> GivenAnswer { return {status, "not json"}; });
    EXPECT_EQ(run({"key", "list"}).code, exit_not_found);
    status = 401;
    EXPECT_TRUE(has(run({"key", "list"}).err, "HONGYAN_API_KEY"));
    EXPECT_EQ(run({"key", "list"}).code, exit_unauthorized);
    status = 403;
    EXPECT_EQ(run({"key", "list"}).code, exit_unauthorized);
    status = 500;
    EXPECT_EQ(run({"key", "list"}).code, exit_failure);
    EXPECT_EQ(run({"template", "get", "nonesuch"}).code, exit_not_found);
    const std::string address = server_->url();
    server_.reset();
    const Ran ran = run({"key", "list", "--server", address});
    EXPECT_EQ(ran.code, exit_unreachable);
    EXPECT_TRUE(has(ran.err, "hongyan serve")) << ran.err;
    EXPECT_EQ(run({"key", "list", "--key-file", "/nonexistent"}).code, exit_failure);
}

TEST_F(cli, a_key_file_is_used_without_its_line_end) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {200, R"({"items":[]})"};
    });
    EXPECT_EQ(run({"key", "list", "--key-file", write("hy_from_file\n")}).code, 0);
    EXPECT_TRUE(has(server.seen()[0].head, "Bearer hy_from_file")) << server.seen()[0].head;
}

TEST_F(cli, batch_checks_all_rows_before_anything_is_sent) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {202, R"({"task_id":1})"};
    });
    Ran ran = run({"batch", write("recipient,order_no,days\n138,A1,2\n,A2,3\n139,A3,soon\n"),
                   "--template", "order_shipped"});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err, "line 3: the recipient is missing")) << ran.err;
    EXPECT_TRUE(has(ran.err, "line 4: days is \"soon\", but the template wants integer"))
        << ran.err;
    ran = run({"batch", write("recipient,order_no\n138,A1\n"), "--template", "order_shipped"});
    EXPECT_TRUE(has(ran.err, "column \"days\" is missing")) << ran.err;
    ran =
        run({"batch", write("recipient;order_no;days\n138;A1;2\n"), "--template", "order_shipped"});
    EXPECT_TRUE(has(ran.err, "--separator ';'") || has(ran.err, "is missing")) << ran.err;
    ran = run({"batch", write("recipient,order_no,days,extra\n138,A1,2,z\n"), "--template",
               "order_shipped", "--dry-run"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(has(ran.out, "1 recipients in 1 call(s)")) << ran.out;
    EXPECT_TRUE(has(ran.out, "Columns that the template does not use: [\"extra\"]")) << ran.out;
    EXPECT_TRUE(has(ran.out, "First message, to 138:\nOrder A1")) << ran.out;
    for (const auto& request : server.seen())
        EXPECT_NE(request.line, "POST /api/messages/send-batch");
}

TEST_F(cli, batch_sends_slices_that_can_be_repeated) {
    int refused = 0;
    auto& server = serve([&](const SeenRequest& request) -> GivenAnswer {
        EXPECT_EQ(request.line, "POST /api/messages/send-batch");
        const auto body = json::parse(request.body);
        EXPECT_LE(items_at(body, "recipients").size(), 10'000U);
        if (refused++ == 0) return {429, "{}", "Retry-After: 1\r\n"};
        return {202, R"({"task_id":4,"total_count":1,"status":"pending"})"};
    });
    std::string csv = "recipient,order_no,days\n";
    for (int i = 0; i < 10'001; ++i)
        csv += std::to_string(13800000000 + i) + ",A" + std::to_string(i) + ",3\n";
    const auto path = write(csv);
    const Ran ran = run({"batch", path, "--template", "order_shipped", "--json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto printed = json::parse(ran.out);
    EXPECT_EQ(items_at(printed, "tasks").size(), 2U);
    EXPECT_TRUE(has(ran.err, "asks to wait 1 s")) << ran.err;
    EXPECT_EQ(run({"batch", path, "--template", "order_shipped"}).code, 0);
    std::map<std::string, int> keys;
    for (const auto& request : server.seen()) {
        if (!request.line.starts_with("POST")) continue;
        const auto at = request.head.find("Idempotency-Key: ");
        ASSERT_NE(at, std::string::npos);
        ++keys[request.head.substr(at, request.head.find('\r', at) - at)];
        const auto body = json::parse(request.body);
        const auto& first = items_at(body, "recipients")[0];
        EXPECT_TRUE(first.at("variables").at("days").is_int64());
    }
    EXPECT_EQ(keys.size(), 2U) << "the same slice has the same key each time";
}

TEST_F(cli, batch_names_the_line_of_a_recipient_that_the_server_refuses) {
    serve([](const SeenRequest&) -> GivenAnswer {
        return {422,
                R"({"title":"t","errors":[{"path":"$.recipients[1].recipient","detail":"bad"}]})"};
    });
    const Ran ran =
        run({"batch", write("recipient\n1\n\n2\n"), "--channel", "sms", "--content", "x"});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err, "line 4.recipient: bad")) << ran.err;
}

TEST_F(cli, tail_prints_new_and_changed_messages_once) {
    int looks = 0;
    serve([&](const SeenRequest& request) -> GivenAnswer {
        EXPECT_TRUE(has(request.line, "channel=sms")) << request.line;
        const std::string first =
            R"({"message_id":"1048576","trace_id":"msg_1","status":")" +
            std::string(++looks < 3 ? "pending" : "success") +
            R"(","channel":"sms","recipient":"1","attempts":0,"created_at":"1970-01-01T00:00:00.001Z"})";
        const std::string second =
            R"({"message_id":"2097152","trace_id":"msg_2","status":"failed","channel":"sms","recipient":"2",)"
            R"("attempts":1,"reason":"x\u001b[2J","created_at":"1970-01-01T00:00:00.002Z"})";
        return {200, "{\"items\":[" + (looks > 1 ? second + "," : "") + first + "]}"};
    });
    const Ran ran = run({"tail", "--channel", "sms", "--interval", "100", "--limit", "3"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "1970-01-01T00:00:00.001Z  msg_1  pending     sms  1\n"
              "1970-01-01T00:00:00.002Z  msg_2  failed      sms  2  x?[2J\n"
              "1970-01-01T00:00:00.001Z  msg_1  success     sms  1\n");
}

TEST_F(cli, trace_shows_nodes_and_attempts) {
    serve([](const SeenRequest& request) -> GivenAnswer {
        EXPECT_EQ(request.line, "GET /api/messages/traces/msg_4095");
        return {200, R"({"trace_id":"msg_4095","message_id":"4095","status":"success",
            "nodes":[{"name":"queue","status":"success","started_at":"2026-11-23T08:00:00.123Z","duration_ms":4}],
            "attempts":[{"attempt":1,"provider":"sandbox","outcome":"accepted","detail":"","started_at":"2026-11-23T08:00:00.130Z","duration_ms":2}],
            "statistics":{"total_duration_ms":9,"node_count":1}})"};
    });
    const Ran ran = run({"trace", "4095"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(has(ran.out, "queue  success  08:00:00.123  4 ms")) << ran.out;
    EXPECT_TRUE(has(ran.out, "1        accepted  08:00:00.130  2 ms  sandbox")) << ran.out;
    EXPECT_TRUE(has(ran.out, "Total 9 ms over 1 nodes")) << ran.out;
}

TEST_F(cli, templates_are_pushed_by_name) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {200, R"({"id":7,"version":4})"};
    });
    const std::string known = order_template;
    const Ran ran = run(
        {"template", "push",
         write("[" + known + R"(,{"name":"new_one","channel":"app","content":"y"}])"), "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto seen = server.seen();
    ASSERT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen[1].line, "PUT /api/messages/templates/7");
    EXPECT_FALSE(has(seen[1].body, "\"version\""));
    EXPECT_EQ(seen[3].line, "POST /api/messages/templates");
    EXPECT_EQ(run({"template", "push", write("{\"x\":1}")}).code, exit_failure);
    EXPECT_TRUE(has(run({"template", "push", write("{")}).err, "is not JSON"));
    EXPECT_EQ(run({"template", "render", "order_shipped", "--var", "order_no=A1"}).out,
              "Order A1\n");
}

TEST_F(cli, dead_letters_are_sent_again_only_when_it_is_said_which) {
    auto& server = serve([](const SeenRequest&) -> GivenAnswer {
        return {200, R"({"matched":12,"retried":0})"};
    });
    EXPECT_EQ(run({"dlq", "retry", "--reason", "timeout", "--dry-run"}).out,
              "12 matched, 0 sent again\n");
    EXPECT_EQ(json::parse(server.seen()[0].body),
              json::parse(R"({"filter":{"error":"timeout"},"dry_run":true,"max_count":10000})"));
    EXPECT_EQ(run({"dlq", "retry", "--all", "--limit", "5"}).code, 0);
    EXPECT_EQ(json::parse(server.seen()[1].body),
              json::parse(R"({"filter":{},"dry_run":false,"max_count":5})"));
}

TEST_F(cli, config_commands_tell_all_problems_and_origins) {
    environment_ = {{"HONGYAN_LOG_LEVEL", "loud"}, {"HONGYAN_LISTNE", "x"}};
    Ran ran = run({"config", "check"});
    EXPECT_EQ(ran.code, exit_failure);
    EXPECT_TRUE(has(ran.err, "2 problems") && has(ran.err, "did you mean \"HONGYAN_LISTEN\"?"))
        << ran.err;
    environment_ = {{"HONGYAN_EMAIL_USERNAME", "u"}, {"HONGYAN_EMAIL_PASSWORD", "hunter2"}};
    ran = run({"config", "show", "--origin"});
    EXPECT_TRUE(has(ran.out, "# environment HONGYAN_EMAIL_PASSWORD")) << ran.out;
    EXPECT_FALSE(has(ran.out, "hunter2"));
    const auto document = json::parse(run({"config", "show", "--json"}).out);
    EXPECT_FALSE(items_at(document, "settings").empty());
    EXPECT_EQ(run({"config", "check", "--set", "http.io_threads=2"}).code, 0);
}

TEST_F(cli, doctor_says_what_is_wrong_and_what_mends_it) {
    const std::string file = write("no folder");
    const Ran ran = run(
        {"doctor", "--data", file, "--listen", "127.0.0.1:0", "--server", "127.0.0.1:1", "--json"});
    EXPECT_EQ(ran.code, exit_failure);
    const auto document = json::parse(ran.out);
    EXPECT_EQ(text_at(document, "healthy"), "false");
    bool has_folder = false;
    for (const auto& check : items_at(document, "checks")) {
        EXPECT_TRUE(text_at(check, "verdict") != "failure" || !text_at(check, "fix").empty());
        has_folder = has_folder || (text_at(check, "name") == "data folder" &&
                                    text_at(check, "verdict") == "failure");
    }
    EXPECT_TRUE(has_folder) << ran.out;
    const Ran well = run({"doctor", "--data", std::filesystem::temp_directory_path().string(),
                          "--listen", "127.0.0.1:0", "--server", "127.0.0.1:1"});
    EXPECT_EQ(well.code, 0) << well.out;
    EXPECT_TRUE(has(well.out, "a commit's sync takes")) << well.out;
}

TEST_F(cli, doctor_tells_how_the_nodes_of_a_cluster_see_their_engines) {
    std::string nodes =
        R"({"cluster":true,"items":[{"name":"a","state":"living","leads":true,"engines":[)"
        R"({"role":"store","engine":"postgres","ok":true},{"role":"queue","engine":"rabbitmq","ok":true},)"
        R"({"role":"coordination","engine":"redis","ok":true}]},)"
        R"({"name":"b","state":"living","leads":false,"engines":[)"
        R"({"role":"store","engine":"postgres","ok":true},)"
        R"({"role":"queue","engine":"rabbitmq","ok":false,"detail":"no broker"},)"
        R"({"role":"coordination","engine":"redis","ok":false,"detail":"no Redis"}]}]})";
    serve([&nodes](const SeenRequest& request) -> GivenAnswer {
        return {200, request.line == "GET /api/nodes" ? nodes : R"({"items":[]})"};
    });
    const auto verdicts = [this](int code) {
        const Ran ran = run({"doctor", "--data", std::filesystem::temp_directory_path().string(),
                             "--listen", "127.0.0.1:0", "--json"});
        EXPECT_EQ(ran.code, code) << ran.out;
        std::map<std::string, std::string> found;
        const auto document = json::parse(ran.out);
        for (const auto& check : items_at(document, "checks"))
            found[text_at(check, "name")] =
                text_at(check, "verdict") + " " + text_at(check, "detail");
        return found;
    };
    auto found = verdicts(exit_failure);
    EXPECT_EQ(found["nodes"], "ok 2 living, a leads");
    EXPECT_EQ(found["store"], "ok postgres, as all nodes see it");
    EXPECT_EQ(found["queue"], "failure rabbitmq, b: no broker");
    EXPECT_EQ(found["coordination"], "warning redis, b: no Redis");
    nodes = R"({"cluster":true,"items":[{"name":"a","state":"living","leads":false}]})";
    EXPECT_EQ(verdicts(exit_ok)["nodes"], "warning 1 living, none leads");
    nodes = R"({"cluster":false,"items":[]})";
    EXPECT_EQ(verdicts(exit_ok).count("nodes"), 0U);
}

TEST(variables, texts_become_the_declared_types) {
    EXPECT_EQ(typed_value("integer", " 42 "), json::value(42));
    EXPECT_EQ(typed_value("number", "1.5"), json::value(1.5));
    EXPECT_EQ(typed_value("number", "2"), json::value(2));
    EXPECT_EQ(typed_value("boolean", "Yes"), json::value(true));
    EXPECT_EQ(typed_value("", "42"), json::value("42"));
    EXPECT_EQ(typed_value("string", " x "), json::value(" x "));
    EXPECT_TRUE(typed_value("list", "[1]"));
    for (const auto& [type, text] :
         std::vector<std::pair<std::string, std::string>>{{"integer", "4.2"},
                                                          {"integer", ""},
                                                          {"number", "x"},
                                                          {"boolean", "maybe"},
                                                          {"list", "{}"},
                                                          {"object", "[]"}}) {
        EXPECT_FALSE(typed_value(type, text)) << type << " " << text;
    }
    const auto wrong = read_variables({"novalue", "=x", "a:=nojson", "b=1"}, nullptr);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().problems.size(), 3U);
}

TEST(client, queries_are_encoded) {
    EXPECT_EQ(query_string({{"a", "x y&z"}, {"empty", ""}, {"b", "雁"}}),
              "?a=x%20y%26z&b=%E9%9B%81");
    EXPECT_EQ(query_string({}), "");
}

}  // namespace
}  // namespace hongyan::app
