// The server as a client sees it, on raw sockets: answers, order, bodies, the guard.
#include "http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

/// Holds Responders until a test lets them go.
class Shelf {
  public:
    void put(std::string name, Responder responder) {
        const std::lock_guard lock(mutex_);
        waiting_.emplace_back(std::move(name), std::move(responder));
    }
    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }
    std::vector<std::pair<std::string, Responder>> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(waiting_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<std::pair<std::string, Responder>> waiting_;
};

const Handler echo = [](Request& request, Responder respond) {
    respond(text_response(std::string(request.body)));
};

Router basic_router() {
    Router router;
    router.add(Method::post, "/echo", echo);
    router.add(Method::get, "/hello",
               [](Request&, Responder respond) { respond(text_response("hello")); });
    router.add(Method::get, "/items/{id}", [](Request& request, Responder respond) {
        respond(text_response(std::string(request.param("id")) + "|" +
                              request.query_value("q").value_or("-") + "|" +
                              std::string(request.peer_address)));
    });
    router.add(Method::get, "/drop", [](Request&, Responder) {});
    router.add(Method::get, "/throw",
               [](Request&, Responder) { throw std::runtime_error("a bug"); });
    router.add(Method::post, "/json", echo, {.json_body = true});
    router.add(Method::get, "/page", [](Request&, Responder respond) {
        Response response = text_response("<p>");
        response.content_type = "text/html";
        respond(std::move(response));
    });
    return router;
}

TEST(Server, answers_and_keeps_the_connection) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    const Reply first = client.ask(get("/hello"));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body, "hello");
    EXPECT_EQ(first.header("Content-Type"), "text/plain");
    EXPECT_EQ(first.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(first.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(first.header("Cache-Control"), "no-store");
    EXPECT_EQ(first.header("Connection"), "");
    EXPECT_TRUE(first.header("Date").ends_with("GMT"));
    EXPECT_EQ(client.ask(post("/echo", "abc")).body, "abc");
    EXPECT_EQ(client.ask(get("/items/a%2Fb?q=1+2")).body, "a/b|1 2|127.0.0.1");
    EXPECT_EQ(test.server.stats().connections_accepted, 1u);
    EXPECT_EQ(test.server.stats().requests[2], 3u);
    EXPECT_EQ(test.server.stats().in_flight, 0u);
}

TEST(Server, pages_get_a_content_security_policy) {
    TestServer test(basic_router());
    const Reply page = test.connect().ask(get("/page"));
    EXPECT_TRUE(page.header("Content-Security-Policy").starts_with("default-src 'self'"));
    EXPECT_EQ(page.header("X-Frame-Options"), "DENY");
}

TEST(Server, echoes_a_fit_request_id_and_makes_one_otherwise) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    EXPECT_EQ(client.ask(get("/hello", "X-Request-Id: my-1._Z\r\n")).header("X-Request-Id"),
              "my-1._Z");
    const std::string made =
        client.ask(get("/hello", "X-Request-Id: a b\r\n")).header("X-Request-Id");
    const std::string next = client.ask(get("/hello")).header("X-Request-Id");
    EXPECT_EQ(made.size(), 17u);
    EXPECT_NE(made, next);
    const std::string too_long = "X-Request-Id: " + std::string(65, 'a') + "\r\n";
    EXPECT_EQ(client.ask(get("/hello", too_long)).header("X-Request-Id").size(), 17u);
}

TEST(Server, unknown_paths_and_methods_are_problems) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    const Reply missing = client.ask(post("/nowhere", "body"));
    EXPECT_EQ(missing.status, 404);
    EXPECT_TRUE(missing.body.starts_with("not-found /nowhere "));
    const Reply wrong = client.ask(get("/echo"));
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.header("Allow"), "POST, OPTIONS");
    const Reply options = client.ask("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(options.header("Content-Length"), "");
    EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
    EXPECT_EQ(client.ask("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
    EXPECT_EQ(client.ask(get("/hello")).status, 200);
}

TEST(Server, head_has_the_length_but_no_body) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read(true).header("Content-Length"), "5");
    EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST(Server, http_1_0_is_closed_unless_it_asks_to_stay) {
    TestServer test(basic_router());
    RawClient stays = test.connect();
    const Reply kept = stays.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.header("Connection"), "keep-alive");
    const Reply last = stays.ask("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(last.body, "hello");
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_TRUE(stays.is_closed_by_server());
    RawClient asks = test.connect();
    asks.send(get("/hello", "Connection: close\r\n") + get("/hello"));
    EXPECT_EQ(asks.read().header("Connection"), "close");
    EXPECT_TRUE(asks.is_closed_by_server());
}

TEST(Server, requests_arrive_byte_by_byte) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    for (const char byte : post("/echo", "slow body") + "\r\n" + get("/hello")) {
        ASSERT_TRUE(client.send(std::string(1, byte)));
    }
    EXPECT_EQ(client.read().body, "slow body");
    EXPECT_EQ(client.read().body, "hello");
}

TEST(Server, large_bodies_go_both_ways) {
    Router router;
    router.add(Method::post, "/echo", echo, {.body_limit = 16 << 20});
    TestServer test(std::move(router));
    RawClient client = test.connect();
    std::string body;
    for (int i = 0; body.size() < (8 << 20); ++i) body += std::to_string(i) + ",";
    std::thread sender([&] { client.send(post("/echo", body) + post("/echo", "next")); });
    sender.join();
    EXPECT_TRUE(client.read().body == body);
    EXPECT_EQ(client.read().body, "next");
}

TEST(Server, chunked_bodies_are_decoded) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const Reply whole = client.ask(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    EXPECT_EQ(whole.body, "abcde");
    for (const char byte : head + "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n") {
        ASSERT_TRUE(client.send(std::string(1, byte)));
    }
    EXPECT_EQ(client.read().body, "abc");
    const Reply bad = client.ask(head + "zz\r\n");
    EXPECT_EQ(bad.status, 400);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Server, malformed_requests_get_an_answer_and_are_closed) {
    TestServer test(basic_router());
    for (const std::string request : {
             "GET / HTTP/1.1\nHost: a\n\n",
             "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
             "chunked\r\n\r\n",
             "GET /hello HTTP/1.1\r\n\r\n",
             "\x16\x03\x01\x02",
         }) {
        RawClient client = test.connect();
        const Reply reply = client.ask(get("/hello") + request);
        EXPECT_EQ(reply.status, 200);
        const Reply refused = client.read();
        EXPECT_EQ(refused.status, 400) << request;
        EXPECT_EQ(refused.header("Connection"), "close");
        EXPECT_EQ(refused.header("Content-Type"), "application/problem+json");
        EXPECT_TRUE(client.is_closed_by_server());
    }
}

TEST(Server, oversized_heads_and_bodies_are_refused_by_name) {
    TestServer test(basic_router());
    EXPECT_EQ(test.connect().ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n").status, 414);
    EXPECT_EQ(test.connect().ask(get("/hello", "A: " + std::string(17000, 'a') + "\r\n")).status,
              431);
    std::string many;
    for (int i = 0; i < 101; ++i) many += "A: b\r\n";
    EXPECT_EQ(test.connect().ask(get("/hello", many)).status, 431);
    RawClient client = test.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
    client.send(std::string(3'000'000, 'a'));  // the answer must survive unread input
    const Reply refused = client.read();
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.header("Connection"), "close");
    RawClient chunked = test.connect();
    chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(chunked.ask("200000\r\n").status, 413);
    EXPECT_TRUE(chunked.is_closed_by_server());
}

TEST(Server, media_types_are_checked_where_asked) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    const auto send = [&](std::string_view fields) {
        return client.ask(post("/json", "{}", fields)).status;
    };
    EXPECT_EQ(send("Content-Type: application/json\r\n"), 200);
    EXPECT_EQ(send("Content-Type: Application/JSON; charset=UTF-8\r\n"), 200);
    EXPECT_EQ(send("Content-Type: application/vnd.x+json\r\n"), 200);
    EXPECT_EQ(send("Content-Type: application/json; charset=latin1\r\n"), 415);
    EXPECT_EQ(send("Content-Type: application/x-www-form-urlencoded\r\n"), 415);
    EXPECT_EQ(send(""), 415);
    EXPECT_EQ(send("Content-Type: application/json\r\nContent-Encoding: gzip\r\n"), 415);
    EXPECT_EQ(client.ask(post("/json", "")).status, 200);
}

TEST(Server, a_dropped_responder_and_an_exception_answer_500) {
    TestServer test(basic_router());
    RawClient client = test.connect();
    EXPECT_EQ(client.ask(get("/drop")).status, 500);
    EXPECT_EQ(client.ask(get("/throw")).status, 500);
    EXPECT_EQ(client.ask(get("/hello")).status, 200);
}

TEST(Server, pipelined_answers_keep_their_order_when_other_threads_answer_out_of_order) {
    Shelf shelf;
    Router router = basic_router();
    router.add(Method::get, "/wait/{n}", [&](Request& request, Responder respond) {
        shelf.put(std::string(request.param("n")), std::move(respond));
    });
    TestServer test(std::move(router));
    RawClient client = test.connect();
    std::string requests;
    for (int i = 0; i < 40; ++i) {
        requests += i % 4 == 3 ? get("/hello") : get("/wait/" + std::to_string(i));
    }
    client.send(requests);
    ASSERT_TRUE(eventually([&] { return shelf.size() == 30; }));
    auto waiting = shelf.take();
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = waiting.size(); i-- > 0;) {
                if (i % 3 == t) waiting[i].second(text_response(waiting[i].first));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(client.read().body, i % 4 == 3 ? "hello" : std::to_string(i));
    }
}

TEST(Server, at_most_the_pipeline_depth_is_in_flight) {
    Shelf shelf;
    Router router;
    router.add(Method::get, "/wait",
               [&](Request&, Responder respond) { shelf.put("", std::move(respond)); });
    ServerOptions options;
    options.pipeline_depth = 8;
    TestServer test(std::move(router), options);
    RawClient client = test.connect();
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += get("/wait");
    client.send(requests);
    std::size_t answered = 0;
    while (answered < 100) {
        ASSERT_TRUE(eventually([&] { return shelf.size() > 0; }));
        EXPECT_LE(test.server.stats().in_flight, 8u);
        for (auto& [name, respond] : shelf.take()) {
            respond(text_response("x"));
            ++answered;
        }
    }
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.read().status, 200);
}

TEST(Server, a_burst_of_answers_wakes_the_thread_a_few_times_only) {
    Shelf shelf;
    Router router;
    router.add(Method::get, "/wait",
               [&](Request&, Responder respond) { shelf.put("", std::move(respond)); });
    TestServer test(std::move(router));
    std::vector<RawClient> clients;
    std::string requests;
    for (int i = 0; i < 50; ++i) requests += get("/wait");
    for (int i = 0; i < 20; ++i) {
        clients.push_back(test.connect());
        clients.back().send(requests);
    }
    ASSERT_TRUE(eventually([&] { return shelf.size() == 1000; }));
    auto waiting = shelf.take();
    for (auto& [name, respond] : waiting) respond(text_response("x"));
    for (auto& client : clients) {
        for (int i = 0; i < 50; ++i) ASSERT_EQ(client.read().status, 200);
    }
    EXPECT_LT(test.server.stats().wakes, 500u);
}

TEST(Server, a_client_that_has_gone_is_no_error) {
    Shelf shelf;
    std::atomic<int> contexts{0};
    Router router = basic_router();
    const Guard guard = [&](Request& request) {
        ++contexts;
        request.context = std::shared_ptr<void>(nullptr, [&](void*) { --contexts; });
        return GuardAnswer{};
    };
    router.add(Method::get, "/wait",
               [&](Request&, Responder respond) { shelf.put("", std::move(respond)); },
               {.guard = guard});
    TestServer test(std::move(router));
    RawClient gone = test.connect();
    gone.send(get("/wait") + get("/wait"));
    ASSERT_TRUE(eventually([&] { return shelf.size() == 2; }));
    gone.reset();
    ASSERT_TRUE(eventually([&] { return test.server.stats().connections == 0; }));
    EXPECT_EQ(contexts, 2);
    for (auto& [name, respond] : shelf.take()) respond(text_response("nobody"));
    EXPECT_TRUE(eventually([&] { return contexts == 0; }));
    EXPECT_EQ(test.connect().ask(get("/hello")).status, 200);
}

TEST(Server, a_client_may_finish_sending_before_the_answer) {
    Shelf shelf;
    Router router;
    router.add(Method::get, "/wait",
               [&](Request&, Responder respond) { shelf.put("", std::move(respond)); });
    router.add(Method::post, "/echo", echo);
    TestServer test(std::move(router));
    RawClient client = test.connect();
    client.send(get("/wait") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    client.finish_sending();
    ASSERT_TRUE(eventually([&] { return shelf.size() == 1; }));
    for (auto& [name, respond] : shelf.take()) respond(text_response("late"));
    EXPECT_EQ(client.read().body, "late");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Server, later_keeps_the_request_and_answers_from_any_thread) {
    std::vector<std::thread> threads;
    Router router;
    const auto finish = [](Request* request) {
        return [request](Responder respond) {
            respond(text_response(std::string(request->param("id"))));
        };
    };
    router.add(Method::get, "/here/{id}", [&](Request& request, Responder respond) {
        std::move(respond).later(Millis(20), finish(&request));
    });
    router.add(Method::get, "/there/{id}", [&](Request& request, Responder respond) {
        threads.emplace_back([&request, finish, respond = std::move(respond)]() mutable {
            std::move(respond).later(Millis(20), finish(&request));
        });
    });
    {
        TestServer test(std::move(router));
        RawClient client = test.connect();
        client.send(get("/there/1") + get("/here/2") + get("/here/3"));
        EXPECT_EQ(client.read().body, "1");
        EXPECT_EQ(client.read().body, "2");
        EXPECT_EQ(client.read().body, "3");
    }
    for (auto& thread : threads) thread.join();
}

TEST(Server, a_thousand_connections_at_once) {
    TestServer test(basic_router(), {.io_threads = 2});
    std::vector<RawClient> clients;
    for (int i = 0; i < 1000; ++i) clients.push_back(test.connect());
    for (auto& client : clients) client.send(post("/echo", "a") + post("/echo", "b"));
    for (auto& client : clients) {
        ASSERT_EQ(client.read().body, "a");
        ASSERT_EQ(client.read().body, "b");
    }
    EXPECT_EQ(test.server.stats().connections, 1000u);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return test.server.stats().connections == 0; }));
}

}  // namespace
}  // namespace hongyan::http
