#include <gtest/gtest.h>

#include "engine/curl/test_fixture.hpp"

namespace hongyan::curl {
namespace {

using Connection = TestServer::Connection;

/// Answers every request on a kept connection.
void polite(Connection& connection) {
    while (connection.request()) connection.answer("ok");
}

TEST_F(OutboundTest, a_request_is_sent_exactly_as_given) {
    TestServer server(polite);
    auto request = post(server.url("/a/b?c=d%20e"), std::string("by\0tes", 6));
    request.headers = {{"X-One", "1"}, {"x-empty", ""}, {"content-type", "text/x"}};
    const auto reply = call(request);
    EXPECT_EQ(reply.end, CallEnd::answered);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok");
    EXPECT_EQ(reply.header("content-length"), "2");
    EXPECT_GT(reply.started_ms, 0);
    const std::string seen = server.requests().at(0);
    EXPECT_EQ(seen.substr(0, seen.find('\r')), "POST /a/b?c=d%20e HTTP/1.1");
    EXPECT_NE(seen.find("\r\nX-One: 1\r\n"), std::string::npos) << seen;
    EXPECT_NE(seen.find("\r\nx-empty:\r\n"), std::string::npos) << seen;
    EXPECT_NE(seen.find("\r\ncontent-type: text/x\r\n"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("Accept-Encoding"), std::string::npos) << seen;
    EXPECT_EQ(seen.substr(seen.size() - 6), std::string("by\0tes", 6));
}

TEST_F(OutboundTest, nothing_is_added_to_a_large_body) {
    TestServer server(polite);
    const auto reply = call(post(server.url(), std::string(3'000'000, 'x')));
    EXPECT_EQ(reply.end, CallEnd::answered);
    const std::string head = server.requests().at(0).substr(0, 300);
    EXPECT_EQ(head.find("Expect"), std::string::npos) << head;
    EXPECT_EQ(head.find("Content-Type"), std::string::npos) << head;
}

TEST_F(OutboundTest, every_method_has_its_form) {
    TestServer server(polite);
    for (const std::string method : {"GET", "DELETE", "PUT", "POST", "PATCH", "OPTIONS"}) {
        auto request = post(server.url(), "");
        request.method = method;
        EXPECT_EQ(call(request).status, 200) << method;
        const std::string seen = server.requests().back();
        EXPECT_EQ(seen.substr(0, seen.find(' ')), method);
        const bool has_length = seen.find("Content-Length: 0") != std::string::npos;
        EXPECT_EQ(has_length, method[0] == 'P') << seen;
    }
    auto request = post(server.url(), "with body");
    request.method = "DELETE";
    EXPECT_EQ(call(request).status, 200);
    EXPECT_NE(server.requests().back().find("with body"), std::string::npos);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(OutboundTest, a_head_request_has_no_body_to_wait_for) {
    TestServer server([](Connection& connection) {
        while (connection.request())
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    });
    auto request = post(server.url(), "");
    request.method = "HEAD";
    EXPECT_EQ(call(request).status, 200);
    request.method = "GET";
    request.timeout = Millis(200);
    EXPECT_EQ(call(request).end, CallEnd::lost);
}

TEST_F(OutboundTest, one_connection_serves_calls_one_after_the_other) {
    TestServer server(polite);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(call(post(server.url())).status, 200);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(OutboundTest, groups_do_not_share_connections) {
    TestServer server(polite);
    for (const char* group : {"", "a", "b", "a", ""}) {
        auto request = post(server.url());
        request.group = group;
        EXPECT_EQ(call(request).status, 200);
    }
    EXPECT_EQ(server.connections(), 3);
}

TEST_F(OutboundTest, credentials_are_sent_only_with_their_own_call) {
    TestServer server(polite);
    auto request = post(server.url());
    request.user = "us:er";
    request.password = "secret";
    call(request);
    EXPECT_NE(server.requests().at(0).find("Authorization: Basic"), std::string::npos);
    call(post(server.url()));
    EXPECT_EQ(server.requests().at(1).find("Authorization"), std::string::npos);
}

TEST_F(OutboundTest, redirects_are_answers) {
    TestServer server([&](Connection& connection) {
        while (connection.request()) {
            connection.write(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        }
    });
    const auto reply = call(post(server.url()));
    EXPECT_EQ(reply.end, CallEnd::answered);
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(reply.header("location"), "http://127.0.0.1:1/");
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(OutboundTest, interim_answers_and_chunks_are_understood) {
    TestServer server([](Connection& connection) {
        while (connection.request()) {
            connection.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
            connection.write("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n");
            connection.write("3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Late: 1\r\n\r\n");
        }
    });
    const auto reply = call(post(server.url()));
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body, "abcdefg");
    EXPECT_EQ(reply.header("x-early"), "");
    EXPECT_EQ(reply.header("x-late"), "1");
}

TEST_F(OutboundTest, compressed_answers_are_not_unpacked) {
    TestServer server([](Connection& connection) {
        while (connection.request()) connection.answer("zipped", "Content-Encoding: gzip\r\n");
    });
    EXPECT_EQ(call(post(server.url())).body, "zipped");
}

TEST_F(OutboundTest, malformed_requests_are_refused) {
    const auto end_of = [this](OutboundRequest request) { return call(std::move(request)).end; };
    for (const char* url : {"", "nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
                            "http://a b/", "gopher://127.0.0.1/", "http://127.0.0.1:99999/"}) {
        EXPECT_EQ(end_of(post(url)), CallEnd::refused) << url;
    }
    auto request = post("http://127.0.0.1:1/");
    request.headers = {{"X", "a\r\nY: b"}};
    EXPECT_EQ(end_of(request), CallEnd::refused);
    request.headers = {{"X: y\r\nZ", "a"}};
    EXPECT_EQ(end_of(request), CallEnd::refused);
    request.headers.clear();
    request.method = "GET / HTTP/1.1\r\nX: y";
    EXPECT_EQ(end_of(request), CallEnd::refused);
}

TEST_F(OutboundTest, many_calls_at_once_each_end_once) {
    TestServer server(polite);
    CurlOptions options;
    options.max_in_flight = 10;
    options.max_per_host = 4;
    options.threads = 2;
    open(options);
    std::vector<std::future<OutboundReply>> replies;
    for (int i = 0; i < 500; ++i) replies.push_back(begin(post(server.url())));
    for (auto& reply : replies) EXPECT_EQ(reply.get().status, 200);
    EXPECT_LE(server.connections(), 4);
    EXPECT_EQ(server.requests().size(), 500U);
}

TEST_F(OutboundTest, a_call_may_be_made_from_the_end_of_another) {
    TestServer server(polite);
    open();
    std::promise<int> status;
    outbound_->call(post(server.url()), [&](OutboundReply) {
        outbound_->call(post(server.url()),
                        [&](OutboundReply reply) { status.set_value(reply.status); });
    });
    EXPECT_EQ(status.get_future().get(), 200);
}

TEST_F(OutboundTest, waiting_calls_end_at_their_time_out_as_not_sent) {
    TestServer server([](Connection& connection) { connection.hang(); });
    CurlOptions options;
    options.max_in_flight = 1;
    open(options);
    auto request = post(server.url());
    request.timeout = Millis(1'000);
    auto first = begin(request);
    request.timeout = Millis(100);
    const auto second = call(request);
    EXPECT_EQ(second.end, CallEnd::not_sent);
    EXPECT_EQ(first.get().end, CallEnd::lost);
}

TEST_F(OutboundTest, calls_that_wait_for_a_connection_end_at_their_time_out_as_not_sent) {
    TestServer server([](Connection& connection) { connection.hang(); });
    CurlOptions options;
    options.max_per_host = 1;
    open(options);
    auto request = post(server.url());
    request.timeout = Millis(1'000);
    auto first = begin(request);
    request.timeout = Millis(100);
    EXPECT_EQ(call(request).end, CallEnd::not_sent);
    EXPECT_EQ(first.get().end, CallEnd::lost);
}

TEST_F(OutboundTest, a_hanging_host_holds_up_no_other) {
    TestServer slow([](Connection& connection) { connection.hang(); });
    TestServer fast(polite);
    std::vector<std::future<OutboundReply>> hanging;
    for (int i = 0; i < 200; ++i) {
        auto request = post(slow.url());
        request.timeout = Millis(1'500);
        hanging.push_back(begin(request));
    }
    EXPECT_EQ(call(post(fast.url())).status, 200);
    EXPECT_EQ(hanging.front().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    for (auto& one : hanging) EXPECT_NE(one.get().end, CallEnd::answered);
}

TEST_F(OutboundTest, a_hanging_host_takes_at_most_half_of_all_places) {
    TestServer slow([](Connection& connection) { connection.hang(); });
    TestServer fast(polite);
    CurlOptions options;
    options.max_in_flight = 8;
    options.max_per_host = 100;
    open(options);
    for (const auto version : {HttpVersion::http1, HttpVersion::http2}) {
        std::vector<std::future<OutboundReply>> hanging;
        for (int i = 0; i < 50; ++i) {
            auto request = post(slow.url());
            request.version = version;
            request.timeout = Millis(1'000);
            hanging.push_back(begin(request));
        }
        EXPECT_EQ(call(post(fast.url())).status, 200);
        EXPECT_EQ(hanging.front().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
        for (auto& one : hanging) EXPECT_NE(one.get().end, CallEnd::answered);
    }
}

TEST_F(OutboundTest, closing_the_client_ends_every_call) {
    TestServer server([](Connection& connection) {
        connection.request();
        connection.hang();
    });
    auto reply = begin(post(server.url()));
    while (server.requests().empty()) std::this_thread::yield();
    outbound_.reset();
    EXPECT_EQ(reply.get().end, CallEnd::lost);
}

TEST_F(OutboundTest, an_allowed_network_that_is_none_is_refused) {
    CurlOptions options;
    options.allowed_networks = {"10.0.0.0/8", "home"};
    const auto opened = CurlOutbound::open(options, clock_, log_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
}

}  // namespace
}  // namespace hongyan::curl
