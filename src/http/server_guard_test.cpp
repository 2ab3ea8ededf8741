// The guard, which is asked before the body is read.
#include <atomic>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

struct GuardedServer {
    std::atomic<int> asked{0};
    std::atomic<int> handled{0};
    std::atomic<int> contexts{0};
    TestServer test{make_router()};

    Router make_router() {
        const Guard guard = [this](Request& request) { return ask(request); };
        const Handler echo = [this](Request& request, Responder respond) {
            ++handled;
            respond(text_response(std::string(request.body)));
        };
        Router router;
        router.add(Method::post, "/{name}", echo,
                   {.guard = guard, .resource = "api:/echo", .scope = "send"});
        router.add(Method::get, "/{name}", echo, {.guard = guard});
        return router;
    }
    GuardAnswer ask(Request& request) {
        ++asked;
        EXPECT_EQ(request.body, "");
        if (request.param("name") == "throw") throw std::runtime_error("a bug");
        GuardAnswer says;
        if (request.header("Authorization").empty()) {
            says.refusal = text_response("who are you?", 401);
            return says;
        }
        if (request.param("name") == "slow") says.wait = Millis(30);
        ++contexts;
        request.context = std::shared_ptr<void>(nullptr, [this](void*) { --contexts; });
        return says;
    }
};

constexpr std::string_view key = "Authorization: Bearer x\r\n";

TEST(Guard, admits_and_its_context_ends_with_the_answer) {
    GuardedServer server;
    RawClient client = server.test.connect();
    EXPECT_EQ(client.ask(post("/a", "hello", key)).body, "hello");
    EXPECT_EQ(client.ask(get("/a", key)).status, 200);
    EXPECT_EQ(server.contexts, 0);
    EXPECT_EQ(server.asked, 2);
}

TEST(Guard, refuses_before_a_large_body_is_sent) {
    GuardedServer server;
    RawClient client = server.test.connect();
    const Reply refused =
        client.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.header("Connection"), "close");
    EXPECT_EQ(server.handled, 0);
}

TEST(Guard, a_refused_client_that_sends_on_still_reads_the_answer) {
    GuardedServer server;
    RawClient client = server.test.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    client.send(std::string(900'000, 'x'));
    EXPECT_EQ(client.read().status, 401);
}

TEST(Guard, a_refused_small_body_is_skipped_and_the_connection_kept) {
    GuardedServer server;
    RawClient client = server.test.connect();
    const std::string request = post("/a", "not read");
    client.send(request.substr(0, request.size() - 3));
    EXPECT_EQ(client.read().status, 401);
    client.send(request.substr(request.size() - 3));
    EXPECT_EQ(client
                  .ask("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\n0\r\n\r\n")
                  .status,
              401);
    EXPECT_EQ(client.ask(post("/a", "ok", key)).body, "ok");
}

TEST(Guard, a_refused_endless_chunked_body_ends_the_connection) {
    GuardedServer server;
    RawClient client = server.test.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(client.read().status, 401);
    client.send("100000\r\n");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Guard, continue_is_sent_only_after_admission) {
    GuardedServer server;
    const std::string expect = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    RawClient refused = server.test.connect();
    EXPECT_EQ(refused.ask("POST /a HTTP/1.1\r\nHost: a\r\n" + expect).status, 401);
    EXPECT_TRUE(refused.is_closed_by_server());
    RawClient admitted = server.test.connect();
    admitted.send("POST /a HTTP/1.1\r\nHost: a\r\n" + std::string(key) + expect);
    EXPECT_EQ(admitted.read(true).status, 100);
    EXPECT_EQ(admitted.ask("hello").body, "hello");
    admitted.send("POST /slow HTTP/1.1\r\nHost: a\r\n" + std::string(key) + expect);
    EXPECT_EQ(admitted.read(true).status, 100);
    EXPECT_EQ(admitted.ask("again").body, "again");
}

TEST(Guard, a_wait_holds_the_request_back_and_keeps_the_order) {
    GuardedServer server;
    RawClient client = server.test.connect();
    client.send(post("/slow", "1", key) + post("/fast", "2", key) + post("/slow", "3", key));
    EXPECT_EQ(client.read().body, "1");
    EXPECT_EQ(client.read().body, "2");
    EXPECT_EQ(client.read().body, "3");
    EXPECT_EQ(server.contexts, 0);
}

TEST(Guard, a_client_that_goes_while_it_waits_is_forgotten) {
    GuardedServer server;
    for (int i = 0; i < 20; ++i) {
        RawClient client = server.test.connect();
        client.send(post("/slow", "1", key));
        client.reset();
    }
    EXPECT_TRUE(eventually(
        [&] { return server.contexts == 0 && server.test.server.stats().connections == 0; }));
}

TEST(Guard, an_exception_in_it_answers_500) {
    GuardedServer server;
    RawClient client = server.test.connect();
    EXPECT_EQ(client.ask(post("/throw", "x", key)).status, 500);
    EXPECT_EQ(client.ask(post("/a", "x", key)).status, 200);
}

TEST(Guard, sees_the_route_and_is_not_asked_about_unknown_paths) {
    GuardedServer server;
    RawClient client = server.test.connect();
    EXPECT_EQ(client.ask(get("/a/b")).status, 404);
    EXPECT_EQ(client.ask("PUT /a HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
    EXPECT_EQ(server.asked, 0);
}

}  // namespace
}  // namespace hongyan::http
