// What was sent and what was not: the difference decides whether a message may be sent again.
#include <gtest/gtest.h>

#include "engine/curl/test_fixture.hpp"

namespace hongyan::curl {
namespace {

using Connection = TestServer::Connection;

TEST_F(OutboundTest, a_connection_that_is_refused_sends_nothing) {
    int port = 0;
    {
        const TestServer gone([](Connection&) {});
        port = gone.port();
    }
    const auto reply = call(post("http://127.0.0.1:" + std::to_string(port) + "/?secret=1"));
    EXPECT_EQ(reply.end, CallEnd::not_sent);
    EXPECT_EQ(reply.detail.find("secret"), std::string::npos) << reply.detail;
}

TEST_F(OutboundTest, a_name_that_does_not_exist_sends_nothing) {
    EXPECT_EQ(call(post("http://name.invalid/")).end, CallEnd::not_sent);
}

TEST_F(OutboundTest, tls_that_fails_sends_nothing) {
    TestServer rude([](Connection& connection) { connection.write("not TLS at all\r\n"); });
    auto request = post("https://127.0.0.1:" + std::to_string(rude.port()) + "/");
    EXPECT_EQ(call(request).end, CallEnd::not_sent);
    TestServer silent([](Connection& connection) { connection.hang(); });
    request.url = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
    request.connect_timeout = Millis(100);
    EXPECT_EQ(call(request).end, CallEnd::not_sent);
    request.connect_timeout = Millis(5'000);
    request.timeout = Millis(100);
    EXPECT_EQ(call(request).end, CallEnd::not_sent);
}

TEST_F(OutboundTest, a_cut_before_the_answer_is_lost) {
    TestServer server([](Connection& connection) { connection.request(); });
    const auto reply = call(post(server.url()));
    EXPECT_EQ(reply.end, CallEnd::lost);
    EXPECT_NE(reply.detail, "");
    EXPECT_EQ(server.requests().size(), 1U);
}

/// libcurl by itself would send the request again here, on a fresh connection.
TEST_F(OutboundTest, a_cut_on_a_kept_connection_is_lost_and_not_repeated) {
    TestServer server([](Connection& connection) {
        if (connection.request()) connection.answer("ok");
        connection.request();
    });
    EXPECT_EQ(call(post(server.url())).status, 200);
    const auto reply = call(post(server.url(), "second"));
    EXPECT_EQ(reply.end, CallEnd::lost);
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(OutboundTest, a_reset_on_a_kept_connection_is_lost_and_not_repeated) {
    for (const char* method : {"POST", "GET", "DELETE"}) {
        for (const std::size_t size : {0U, 10U, 100'000U}) {
            TestServer server([](Connection& connection) {
                if (connection.request()) connection.answer("ok");
                connection.request();
                connection.reset();
            });
            EXPECT_EQ(call(post(server.url())).status, 200);
            auto request = post(server.url(), std::string(size, 'x'));
            request.method = method;
            EXPECT_EQ(call(request).end, CallEnd::lost) << method << size;
            EXPECT_EQ(server.requests().size(), 2U) << method << size;
        }
    }
}

TEST_F(OutboundTest, a_kept_connection_that_was_closed_meanwhile_is_replaced) {
    std::promise<void> closed;
    TestServer server([&](Connection& connection) {
        if (connection.number == 1) {
            if (connection.request()) connection.answer("ok");
            return;
        }
        while (connection.request()) connection.answer("again");
    });
    EXPECT_EQ(call(post(server.url())).body, "ok");
    std::this_thread::sleep_for(Millis(100));  // until the peer's end has arrived
    EXPECT_EQ(call(post(server.url())).body, "again");
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(OutboundTest, half_an_answer_is_lost) {
    for (const std::string_view half :
         {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nConte",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HT", "garbage\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nX: 1\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n"}) {
        TestServer server([half](Connection& connection) {
            connection.request();
            connection.write(half);
        });
        const auto reply = call(post(server.url()));
        EXPECT_EQ(reply.end, CallEnd::lost) << half;
        EXPECT_EQ(reply.body, "") << half;
        EXPECT_EQ(server.requests().size(), 1U) << half;
    }
}

TEST_F(OutboundTest, no_answer_within_the_time_is_lost) {
    TestServer server([](Connection& connection) {
        connection.request();
        connection.hang();
    });
    auto request = post(server.url());
    request.timeout = Millis(150);
    const auto reply = call(request);
    EXPECT_EQ(reply.end, CallEnd::lost);
    EXPECT_GE(reply.duration_us, 100'000);
}

TEST_F(OutboundTest, an_answer_that_trickles_is_cut_off_at_the_time_out) {
    TestServer server([](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        for (int i = 0; i < 100; ++i) {
            connection.write("x");
            std::this_thread::sleep_for(Millis(5));
        }
    });
    auto request = post(server.url());
    request.timeout = Millis(150);
    EXPECT_EQ(call(request).end, CallEnd::lost);
}

TEST_F(OutboundTest, an_answer_beyond_its_budget_is_lost) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer(std::string(1'001, 'x'));
    });
    auto request = post(server.url());
    request.max_reply_bytes = 1'000;
    const auto reply = call(request);
    EXPECT_EQ(reply.end, CallEnd::lost);
    EXPECT_NE(reply.detail.find("1000"), std::string::npos) << reply.detail;
    request.max_reply_bytes = 1'001;
    EXPECT_EQ(call(request).end, CallEnd::answered);
}

TEST_F(OutboundTest, a_body_that_nobody_wants_is_cut_and_the_status_counts) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer(std::string(300'000, 'x'));
    });
    auto request = post(server.url());
    request.max_reply_bytes = 1'000;
    request.cut_reply = true;
    const auto reply = call(request);
    EXPECT_EQ(reply.end, CallEnd::answered) << reply.detail;
    EXPECT_EQ(reply.status, 200);
    EXPECT_LE(reply.body.size(), 1'000U);
}

TEST_F(OutboundTest, headers_beyond_their_budget_are_lost) {
    TestServer server([](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 20; ++i) connection.write("X: " + std::string(8'000, 'x') + "\r\n");
        connection.write("\r\n");
        connection.hang();
    });
    EXPECT_EQ(call(post(server.url())).end, CallEnd::lost);
}

TEST_F(OutboundTest, users_urls_do_not_reach_private_addresses) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer("secret");
    });
    const std::string port = ":" + std::to_string(server.port()) + "/";
    for (const std::string host :
         {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "localhost.",
          "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254",
          "10.0.0.1", "[fe80::1]", "LOCALHOST", "a.localhost", "%31%32%37.0.0.1"}) {
        auto request = post("http://" + host + port);
        request.trust = UrlTrust::users;
        request.timeout = Millis(2'000);
        const auto reply = call(request);
        EXPECT_NE(reply.end, CallEnd::answered) << host;
        EXPECT_NE(reply.end, CallEnd::lost) << host;
    }
    auto request = post(server.url());
    request.trust = UrlTrust::users;
    EXPECT_EQ(call(request).end, CallEnd::refused);
    EXPECT_EQ(server.connections(), 0);
}

TEST_F(OutboundTest, users_urls_reach_what_the_operator_allows) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer("ok");
    });
    CurlOptions options;
    options.allowed_networks = {"127.0.0.0/8"};
    open(options);
    auto request = post(server.url());
    request.trust = UrlTrust::users;
    EXPECT_EQ(call(request).status, 200);
}

TEST_F(OutboundTest, an_operators_connection_is_not_lent_to_users) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer("secret");
    });
    auto request = post(server.url());
    EXPECT_EQ(call(request).status, 200);
    request.trust = UrlTrust::users;
    EXPECT_EQ(call(request).end, CallEnd::refused);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(OutboundTest, users_urls_have_no_password_and_no_foreign_port) {
    for (const char* url :
         {"http://user@1.1.1.1/", "http://user:pass@1.1.1.1/", "http://1.1.1.1:25/",
          "http://1.1.1.1:6667/", "http://1.1.1.1:0/", "https://1.1.1.1:22/"}) {
        auto request = post(url);
        request.trust = UrlTrust::users;
        EXPECT_EQ(call(request).end, CallEnd::refused) << url;
    }
}

}  // namespace
}  // namespace hongyan::curl
