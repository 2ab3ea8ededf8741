// Deadlines (on a manual clock), limits of connections, start and stop.
#include <atomic>
#include <mutex>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

Router plain_router() {
    Router router;
    router.add(Method::post, "/echo", [](Request& request, Responder respond) {
        respond(text_response(std::string(request.body)));
    });
    return router;
}

/// Moves the clock on until the client has what it waits for; the server looks ten times a second.
Reply read_while_time_passes(RawClient& client, ManualClock& clock, Millis step) {
    std::atomic<bool> done{false};
    std::thread time([&] {
        while (!done) {
            clock.advance(step);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    Reply reply = client.read();
    done = true;
    time.join();
    return reply;
}

TEST(Deadline, a_slow_header_gets_408) {
    ManualClock clock;
    TestServer test(plain_router(), {}, &clock);
    RawClient client = test.connect();
    client.send("GET / HT");
    const Reply reply = read_while_time_passes(client, clock, Millis(1000));
    EXPECT_EQ(reply.status, 408);
    EXPECT_EQ(reply.header("Connection"), "close");
}

TEST(Deadline, a_slow_second_header_gets_408_too) {
    ManualClock clock;
    TestServer test(plain_router(), {}, &clock);
    RawClient client = test.connect();
    EXPECT_EQ(client.ask(post("/echo", "x")).status, 200);
    client.send("GET / HT");
    EXPECT_EQ(read_while_time_passes(client, clock, Millis(1000)).status, 408);
}

TEST(Deadline, a_slow_body_gets_408) {
    ManualClock clock;
    TestServer test(plain_router(), {}, &clock);
    RawClient client = test.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_EQ(read_while_time_passes(client, clock, Millis(1000)).status, 408);
}

TEST(Deadline, silent_and_idle_connections_are_closed_without_an_answer) {
    ManualClock clock;
    TestServer test(plain_router(), {}, &clock);
    RawClient silent = test.connect();
    RawClient idle = test.connect();
    EXPECT_EQ(idle.ask(post("/echo", "x")).status, 200);
    EXPECT_EQ(read_while_time_passes(silent, clock, Millis(1000)).status, 0);
    EXPECT_TRUE(silent.is_closed_by_server());
    EXPECT_EQ(read_while_time_passes(idle, clock, Millis(5000)).status, 0);
    EXPECT_TRUE(idle.is_closed_by_server());
}

TEST(Deadline, a_connection_in_use_outlives_the_idle_timeout) {
    ManualClock clock;
    TestServer test(plain_router(), {}, &clock);
    RawClient client = test.connect();
    // A new connection has less time, until its first header.
    ASSERT_EQ(client.ask(post("/echo", "x")).status, 200);
    for (int i = 0; i < 8; ++i) {
        clock.advance(Millis(30'000));
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        ASSERT_EQ(client.ask(post("/echo", "x")).status, 200) << i;
    }
}

TEST(Deadline, a_client_that_does_not_read_is_dropped) {
    ManualClock clock;
    Router router;
    static const std::string large(32 << 20, 'x');
    router.add(Method::get, "/large", [](Request&, Responder respond) {
        Response response;
        response.static_body = large;
        respond(std::move(response));
    });
    TestServer test(std::move(router), {}, &clock);
    RawClient client = test.connect(8192);
    client.send(get("/large"));
    EXPECT_TRUE(eventually([&] {
        clock.advance(Millis(2000));
        return test.server.stats().connections_accepted == 1 &&
               test.server.stats().connections == 0;
    }));
}

TEST(Limits, one_connection_too_many_is_answered_503) {
    ServerOptions options;
    options.max_connections = 2;
    TestServer test(plain_router(), options);
    RawClient first = test.connect();
    RawClient second = test.connect();
    EXPECT_EQ(first.ask(post("/echo", "x")).status, 200);
    EXPECT_EQ(second.ask(post("/echo", "x")).status, 200);
    RawClient third = test.connect();
    const Reply refused = third.ask(post("/echo", "x"));
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(third.is_closed_by_server());
    EXPECT_EQ(test.server.stats().connections_refused, 1u);
    first.disconnect();
    EXPECT_TRUE(eventually([&] { return test.connect().ask(post("/echo", "x")).status == 200; }));
}

TEST(Limits, connections_per_address_are_counted_where_asked) {
    ServerOptions options;
    options.max_connections_per_address = 1;
    {
        TestServer test(plain_router(), options);
        RawClient first = test.connect();
        EXPECT_EQ(first.ask(post("/echo", "x")).status, 200);
        EXPECT_EQ(test.connect().ask(post("/echo", "x")).status, 200);
    }
    options.limit_loopback = true;
    TestServer test(plain_router(), options);
    RawClient first = test.connect();
    EXPECT_EQ(first.ask(post("/echo", "x")).status, 200);
    EXPECT_EQ(test.connect().ask(post("/echo", "x")).status, 503);
    first.disconnect();
    EXPECT_TRUE(eventually([&] { return test.connect().ask(post("/echo", "x")).status == 200; }));
}

TEST(Start, says_which_address_is_in_use_and_what_to_do) {
    TestServer test(plain_router());
    SystemClock clock;
    ServerOptions options;
    options.port = test.server.port();
    Server second(options, plain_router(), problem_text, clock);
    const Status started = second.start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, ErrorCode::io_failed);
    const std::string& detail = started.error().detail;
    EXPECT_NE(detail.find("127.0.0.1:" + std::to_string(options.port)), std::string::npos);
    EXPECT_NE(detail.find("--listen"), std::string::npos) << detail;
    const Status looked = Server::check_address(options, clock);
    ASSERT_FALSE(looked.ok());
    EXPECT_EQ(looked.error().detail, detail);
}

TEST(Start, a_look_at_the_address_leaves_it_free) {
    SystemClock clock;
    ServerOptions options;
    {
        TestServer before(plain_router());
        options.port = before.server.port();
    }
    ASSERT_TRUE(Server::check_address(options, clock).ok());
    Server server(options, plain_router(), problem_text, clock);
    EXPECT_TRUE(server.start().ok());
}

TEST(Start, knows_literals_and_localhost_and_refuses_others) {
    SystemClock clock;
    for (const std::string host : {"127.0.0.1", "localhost", "0.0.0.0"}) {
        ServerOptions options;
        options.host = host;
        TestServer test(plain_router(), options);
        EXPECT_EQ(test.connect().ask(post("/echo", host)).body, host);
    }
    for (const std::string host : {"", "example.org", "1.2.3", "[::1"}) {
        ServerOptions options;
        options.host = host;
        Server server(options, plain_router(), problem_text, clock);
        const Status started = server.start();
        ASSERT_FALSE(started.ok()) << host;
        EXPECT_EQ(started.error().code, ErrorCode::config_invalid);
    }
}

/// A handler whose answers the test gives.
struct Held {
    std::mutex mutex;
    std::vector<Responder> responders;
    Handler handler() {
        return [this](Request&, Responder respond) {
            const std::lock_guard lock(mutex);
            responders.push_back(std::move(respond));
        };
    }
    std::size_t size() {
        const std::lock_guard lock(mutex);
        return responders.size();
    }
};

TEST(Stop, lets_requests_in_flight_finish_and_says_close) {
    Held held;
    Router router = plain_router();
    router.add(Method::get, "/wait", held.handler());
    TestServer test(std::move(router), {.io_threads = 2});
    RawClient idle = test.connect();
    EXPECT_EQ(idle.ask(post("/echo", "x")).status, 200);
    RawClient busy = test.connect();
    busy.send(get("/wait") + get("/wait"));
    RawClient sending = test.connect();
    sending.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    ASSERT_TRUE(eventually([&] { return held.size() == 2; }));
    RawClient other = test.connect();  // of the other thread, which begins to stop by itself
    EXPECT_EQ(other.ask(post("/echo", "x")).status, 200);
    ASSERT_TRUE(eventually([&] { return test.server.stats().connections == 4; }));
    std::thread stopper([&] { test.server.stop(); });
    EXPECT_TRUE(idle.is_closed_by_server());
    EXPECT_TRUE(other.is_closed_by_server());
    sending.send("llo");
    const Reply sent = sending.read();
    EXPECT_EQ(sent.body, "hello");
    EXPECT_EQ(sent.header("Connection"), "close");
    for (Responder& respond : held.responders) respond(text_response("done"));
    const Reply first = busy.read();
    const Reply second = busy.read();
    EXPECT_EQ(first.body, "done");
    EXPECT_EQ(second.body, "done");
    EXPECT_EQ(second.header("Connection"), "close");
    EXPECT_TRUE(busy.is_closed_by_server());
    busy.disconnect();
    sending.disconnect();
    stopper.join();
    EXPECT_EQ(test.server.stats().connections, 0u);
    test.server.stop();
}

TEST(Stop, who_has_just_connected_is_still_answered_and_the_silent_are_not_waited_for) {
    ManualClock clock;
    TestServer test(plain_router(), {.io_threads = 1}, &clock);
    RawClient idle = test.connect();
    EXPECT_EQ(idle.ask(post("/echo", "x")).status, 200);
    std::vector<RawClient> fresh;
    for (int i = 0; i < 20; ++i) fresh.push_back(test.connect());
    RawClient silent = test.connect();
    std::thread stopper([&] { test.server.stop(); });
    EXPECT_TRUE(idle.is_closed_by_server());
    for (RawClient& client : fresh) {
        const Reply reply = client.ask(post("/echo", "y"));
        EXPECT_EQ(reply.body, "y");
        EXPECT_EQ(reply.header("Connection"), "close");
        client.disconnect();
    }
    clock.advance(Millis(600));
    EXPECT_TRUE(silent.is_closed_by_server());
    stopper.join();
    EXPECT_EQ(test.server.stats().connections, 0u);
}

TEST(Stop, ends_after_the_grace_and_late_answers_are_harmless) {
    Held held;
    std::atomic<int> contexts{0};
    {
        Router router;
        const Guard guard = [&](Request& request) {
            ++contexts;
            request.context = std::shared_ptr<void>(nullptr, [&](void*) { --contexts; });
            return GuardAnswer{};
        };
        router.add(Method::get, "/wait", held.handler(), {.guard = guard});
        router.add(Method::get, "/later", [](Request&, Responder respond) {
            std::move(respond).later(Millis(600'000), [](Responder) {});
        });
        ServerOptions options;
        options.stop_grace = Millis(50);
        TestServer test(std::move(router), options);
        RawClient client = test.connect();
        client.send(get("/wait") + get("/wait") + get("/wait") + get("/wait") + get("/later"));
        ASSERT_TRUE(eventually([&] { return test.server.stats().in_flight == 5; }));
        test.server.stop();
        EXPECT_TRUE(client.is_closed_by_server());
        held.responders[0](text_response("too late"));
        held.responders[1].fail(make_error(ErrorCode::unavailable, "too late"));
    }
    EXPECT_EQ(contexts, 2);
    std::move(held.responders[2]).later(Millis(1), [](Responder) { FAIL(); });
    held.responders.clear();
    EXPECT_EQ(contexts, 0);
}

TEST(Stop, while_clients_come_and_go_and_other_threads_answer) {
    std::atomic<bool> done{false};
    std::mutex mutex;
    std::vector<Responder> waiting;
    Router router;
    router.add(Method::get, "/wait", [&](Request&, Responder respond) {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(respond));
    });
    ServerOptions options;
    options.io_threads = 2;
    options.stop_grace = Millis(1000);
    auto test = std::make_unique<TestServer>(std::move(router), options);
    std::thread answering([&] {
        while (!done) {
            std::vector<Responder> taken;
            {
                const std::lock_guard lock(mutex);
                taken.swap(waiting);
            }
            for (Responder& respond : taken) respond(text_response("x"));
        }
    });
    std::vector<std::thread> clients;
    for (int t = 0; t < 4; ++t) {
        // Connected here: a thread may begin only after the server has stopped.
        clients.emplace_back([client = RawClient(test->server.port()), &done]() mutable {
            while (!done && client.ask(get("/wait") + get("/wait")).status == 200 &&
                   client.read().status == 200) {
            }
        });
    }
    ASSERT_TRUE(eventually([&] { return test->server.stats().requests[2] > 200; }));
    test->server.stop();
    test.reset();
    done = true;
    for (auto& client : clients) client.join();
    answering.join();
}

TEST(AccessLog, sees_each_answer) {
    std::mutex mutex;
    std::vector<std::string> lines;
    SystemClock clock;
    Server server({}, plain_router(), problem_text, clock);
    server.set_access_log([&](const AccessEntry& entry) {
        const std::lock_guard lock(mutex);
        lines.push_back(std::string(entry.request.path) + " " + std::to_string(entry.status) + " " +
                        std::to_string(entry.body_bytes));
        EXPECT_GE(entry.duration_us, 0);
    });
    ASSERT_TRUE(server.start().ok());
    RawClient client(server.port());
    client.ask(post("/echo", "abc"));
    client.ask(get("/none"));
    server.stop();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0], "/echo 200 3");
    EXPECT_TRUE(lines[1].starts_with("/none 404 "));
}

}  // namespace
}  // namespace hongyan::http
