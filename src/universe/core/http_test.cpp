// The universe's HTTP/1.1 as bytes, and what chaos does to it. HTTP/2 and TLS are judged by other
// people's clients in test/peer/universe.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "universe/core/testing/echo_service.hpp"
#include "universe/core/testing/running_universe.hpp"

namespace hongyan::universe::testing {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::string rule(const std::string& lines) { return "[[chaos.rule]]\n" + lines + "\n"; }

std::uint64_t arrivals(RunningUniverse& running) {
    const auto counts = running->ledger().counts();
    return counts.contains("echo") ? counts.at("echo").arrived : 0;
}

TEST(http, keeps_the_connection_and_answers_pipelined_requests_in_order) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += "GET /echo/" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(all);
    const auto answers = client.read("HTTP/1.1 200", 50);
    std::size_t at = 0;
    for (int i = 0; i < 49; ++i) {
        at = answers.find("GET /" + std::to_string(i) + "?", at);
        ASSERT_NE(at, answers.npos) << i;
    }
}

TEST(http, waits_with_pipelined_requests_for_a_slow_one) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    client.send(
        "GET /echo/a?to=slow-100 HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /echo/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto answers = client.read();
    EXPECT_LT(answers.find("GET /a"), answers.find("GET /b"));
    EXPECT_NE(answers.find("GET /b"), answers.npos);
}

TEST(http, reads_a_request_that_comes_byte_by_byte) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    const std::string text =
        "POST /echo/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: "
        "close\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const char c : text) client.send(std::string(1, c));
    EXPECT_TRUE(has(client.read(), "POST /x?\nabcde"));
}

TEST(http, asks_for_the_body_where_the_client_expects_it) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    client.send(
        "POST /echo/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        "Connection: close\r\n\r\n");
    EXPECT_TRUE(has(client.read("100 Continue\r\n\r\n"), "100 Continue"));
    client.send("ok");
    EXPECT_TRUE(has(client.read(), "\nok"));
}

TEST(http, answers_head_without_a_body_and_old_clients_with_an_end) {
    RunningUniverse running(echo_services());
    const auto head = running.ask("HEAD", "/echo/x");
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
    EXPECT_TRUE(has(head, "Content-Length: 9"));
    RawClient old(running.port());
    old.send("GET /echo/x HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(has(old.read(), "GET /x?"));
    EXPECT_TRUE(old.was_closed());
}

TEST(http, refuses_what_is_malformed_or_too_large) {
    UniverseOptions options;
    options.body_bytes = 1'000;
    options.header_bytes = 2'000;
    RunningUniverse running(echo_services(), "", options);
    const auto ask = [&](const std::string& bytes) {
        RawClient client(running.port());
        client.send(bytes);
        auto answer = client.read();
        EXPECT_TRUE(client.was_closed());
        return answer;
    };
    EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(3'000, 'x') + "\r\n\r\n")
                    .starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(ask("POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" +
                    std::string(1'001, 'x'))
                    .starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(ask("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_EQ(arrivals(running), 0U);
}

TEST(http, sends_an_answer_larger_than_the_socket_takes) {
    RunningUniverse running(echo_services());
    const auto answer = running.ask("GET", "/echo/?pad=8000000");
    EXPECT_GT(answer.size(), 8'000'000U);
    EXPECT_TRUE(answer.ends_with("..."));
}

TEST(http, closes_connections_beyond_the_limit_and_takes_new_ones_when_others_go) {
    UniverseOptions options;
    options.connections = 4;
    options.threads = 1;
    RunningUniverse running(echo_services(), "", options);
    for (int i = 0; i < 50; ++i)  // each is gone before the next
        ASSERT_TRUE(running.ask("GET", "/echo/").starts_with("HTTP/1.1 200 ")) << i;
    std::vector<std::unique_ptr<RawClient>> held;
    for (int i = 0; i < 4; ++i) {
        held.push_back(std::make_unique<RawClient>(running.port()));
        held.back()->send("GET /echo/ HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(has(held.back()->read("GET /?"), "200"));
    }
    EXPECT_EQ(running.ask("GET", "/echo/"), "");
}

TEST(chaos_http, cut_before_leaves_no_trace_and_cut_after_does) {
    RunningUniverse running(echo_services());
    EXPECT_EQ(running.ask("POST", "/echo/?to=fail-cut-before"), "");
    EXPECT_EQ(arrivals(running), 0U);
    EXPECT_EQ(running.ask("POST", "/echo/?to=fail-cut-after"), "");
    EXPECT_EQ(arrivals(running), 1U);
}

TEST(chaos_http, half_an_answer_ends_before_its_length) {
    RunningUniverse running(echo_services());
    const auto answer = running.ask("POST", "/echo/?to=fail-half-answer&pad=1000");
    const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 "));
    EXPECT_GT(body.size(), 400U);
    EXPECT_LT(body.size(), 600U);
    EXPECT_EQ(arrivals(running), 1U);
}

TEST(chaos_http, a_hanging_request_is_never_answered_and_never_handled) {
    RunningUniverse running(echo_services());
    RawClient client(running.port());
    client.send("POST /echo/?to=fail-hang HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(client.is_silent(std::chrono::milliseconds(150)));
    EXPECT_EQ(arrivals(running), 0U);
}

TEST(chaos_http, faults_are_the_vendors_own_or_else_plain) {
    RunningUniverse running(echo_services(),
                            rule("path = \"/limited\"\naction = \"rate_limited\"\n"
                                 "retry_after_seconds = 7") +
                                rule("path = \"/broken\"\naction = \"server_error\"") +
                                rule("path = \"/status\"\naction = \"status\"\nstatus = 502"));
    const auto limited = running.ask("POST", "/echo/limited");
    EXPECT_TRUE(limited.starts_with("HTTP/1.1 429 ")) << limited;
    EXPECT_TRUE(has(limited, "Retry-After: 7\r\n"));
    EXPECT_TRUE(has(limited, "vendor says slow down"));
    EXPECT_TRUE(running.ask("POST", "/echo/broken").starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE(running.ask("POST", "/echo/status").starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(arrivals(running), 0U);
    EXPECT_TRUE(running.ask("POST", "/echo/fine").starts_with("HTTP/1.1 200 "));
}

TEST(chaos_http, goaway_closes_http1_after_the_answer) {
    RunningUniverse running(echo_services(), rule("action = \"goaway\""));
    RawClient client(running.port());
    client.send("GET /echo/ HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.read();
    EXPECT_TRUE(has(answer, "Connection: close\r\n")) << answer;
    EXPECT_TRUE(client.was_closed());
}

TEST(chaos_http, finds_recipients_in_json_forms_and_paths) {
    RunningUniverse running(echo_services(),
                            rule("recipient = \"+86138*\"\naction = \"status\"\nstatus = 418"));
    const auto is_hit = [&](const std::string& path, const std::string& body,
                            const std::string& headers = "") {
        return running.ask("POST", path, body, headers).starts_with("HTTP/1.1 418 ");
    };
    EXPECT_TRUE(is_hit("/echo/", R"({"PhoneNumberSet":["+8613900","+8613800"]})"));
    EXPECT_TRUE(is_hit("/echo/", R"({"message":{"token":"+86138"}})"));
    EXPECT_FALSE(is_hit("/echo/", R"({"text":"+8613800"})"));
    EXPECT_TRUE(is_hit("/echo/", "To=%2B8613800&Body=x",
                       "Content-Type: application/x-www-form-urlencoded\r\n"));
    EXPECT_TRUE(is_hit("/echo/3/device/%2B8613800", ""));
    EXPECT_TRUE(is_hit("/echo/?PhoneNumbers=%2B8613800", ""));
}

TEST(chaos_http, the_script_is_replaced_and_reset_at_run_time) {
    RunningUniverse running(echo_services(), rule("action = \"status\"\nstatus = 501"));
    EXPECT_TRUE(running.ask("GET", "/echo/").starts_with("HTTP/1.1 501 "));
    EXPECT_TRUE(running.ask("PUT", "/_universe/chaos", rule("action = \"status\"\nstatus = 502"))
                    .starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(running.ask("GET", "/echo/").starts_with("HTTP/1.1 502 "));
    EXPECT_TRUE(has(running.ask("GET", "/_universe/chaos"), "\"hits\":1"));
    const auto wrong = running.ask("PUT", "/_universe/chaos", rule("action = \"statos\""));
    EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(has(wrong, R"(did you mean \"status\")"));
    EXPECT_TRUE(has(running.ask("PUT", "/_universe/chaos", "[services.echo]\nsecret = \"x\"\n"),
                    "/_universe/settings"));
    EXPECT_TRUE(running.ask("GET", "/echo/").starts_with("HTTP/1.1 502 "));
    static_cast<void>(running.ask("DELETE", "/_universe/chaos"));
    EXPECT_TRUE(running.ask("GET", "/echo/").starts_with("HTTP/1.1 501 "));
}

const std::string with_callback = "[services.echo]\ncallback_url = \"http://127.0.0.1:1/cb\"\n";

TEST(receipts, go_out_and_are_repeated_until_they_are_taken) {
    RunningUniverse running(echo_services(), with_callback);
    std::atomic<int> asked{0};
    running.outbound().answer = [&](const OutboundRequest&) { return ++asked < 3 ? 500 : 204; };
    static_cast<void>(running.ask("POST", "/echo/?to=ann"));
    const auto sent = running.outbound().wait_for(3);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent.at(2).body, "delivered");
    EXPECT_TRUE(has(running.ask("GET", "/_universe/receipts"), "\"repeated\":2"));
}

TEST(receipts, come_twice_forged_failed_or_never_as_the_script_says) {
    RunningUniverse running(echo_services(), with_callback +
                                                 "[[chaos.receipt]]\nrecipient = \"twice\"\n"
                                                 "copies = 2\nforged = true\nfails = true\n");
    static_cast<void>(running.ask("POST", "/echo/?to=receipt-lost"));
    static_cast<void>(running.ask("POST", "/echo/?to=twice"));
    const auto sent = running.outbound().wait_for(3);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent.at(0).body, "failed forged");
    EXPECT_EQ(sent.at(1).body, "failed");
    EXPECT_EQ(sent.at(2).body, "failed");
}

TEST(receipts, that_are_early_come_before_the_answer) {
    RunningUniverse running(echo_services(), with_callback);
    RawClient client(running.port());
    client.send("POST /echo/?to=receipt-early HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(running.outbound().wait_for(1).size(), 1U);
    EXPECT_TRUE(client.is_silent(std::chrono::milliseconds(20)));
}

}  // namespace
}  // namespace hongyan::universe::testing
