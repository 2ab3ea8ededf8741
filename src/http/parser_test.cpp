// What the parser refuses, without a network.
#include <gtest/gtest.h>

#include "http/head_scan.hpp"
#include "http/request_parser.hpp"

namespace hongyan::http {
namespace {

/// "" if accepted, else the error's name.
std::string verdict(const std::string& head) {
    HeadScan scan;
    const auto state = scan.advance(head, ServerOptions{});
    if (state == HeadScan::State::bad) return std::string(error_row(scan.error().code).name);
    if (state == HeadScan::State::need_more) return "need-more";
    RequestParser parser;
    Request request;
    const auto wrong = parser.parse_head(head, request, ServerOptions{}.target_bytes);
    return wrong ? std::string(error_row(wrong->code).name) : "";
}

std::string with_fields(const std::string& fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(Parser, accepts_what_is_good) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), "");
    EXPECT_EQ(verdict("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    EXPECT_EQ(verdict("OPTIONS * HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"), "");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "");
    EXPECT_EQ(verdict("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), "");
}

TEST(Parser, refuses_malformed_lines) {
    for (const std::string head : {
             "GET / HTTP/1.1\nHost: a\n\n",
             "GET / HTTP/1.1\r\nHost: a\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
             "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
             "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
             "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
             "GET /\r\nHost: a\r\n\r\n",
             "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nSpace : b\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nA: b\rc\r\n\r\n",
             "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n",
             "\x16\x03\x01",
         }) {
        EXPECT_EQ(verdict(head), "bad-request") << head;
    }
    const std::string nul(1, '\0');
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nA: b" + nul + "c\r\n\r\n"), "bad-request");
    EXPECT_EQ(verdict("GET /" + nul + " HTTP/1.1\r\nHost: a\r\n\r\n"), "bad-request");
}

TEST(Parser, refuses_doubtful_framing) {
    for (const std::string fields : {
             "Content-Length: 5\r\nContent-Length: 5\r\n",
             "Content-Length: 5\r\nContent-Length: 6\r\n",
             "Content-Length: 5, 5\r\n",
             "Content-Length: +5\r\n",
             "Content-Length: -5\r\n",
             "Content-Length: 0x5\r\n",
             "Content-Length:\r\n",
             "Content-Length: 99999999999999999999\r\n",
             "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: gzip, chunked\r\n",
             "Transfer-Encoding: chunked, gzip\r\n",
             "Transfer-Encoding: identity\r\n",
             "Transfer-Encoding: xchunked\r\n",
             "Expect: 200-ok\r\n",
         }) {
        EXPECT_EQ(verdict(with_fields(fields)), "bad-request") << fields;
    }
    EXPECT_EQ(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), "bad-request");
}

TEST(Parser, refuses_missing_repeated_and_malformed_hosts) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), "bad-request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), "bad-request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), "bad-request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), "bad-request");
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), "bad-request");
}

TEST(Parser, refuses_what_is_too_large_before_it_is_complete) {
    EXPECT_EQ(verdict("GET /" + std::string(9000, 'a')), "uri-too-long");
    EXPECT_EQ(verdict("GET /" + std::string(8200, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"),
              "uri-too-long");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nA: " + std::string(17000, 'a')), "header-too-large");
    std::string many;
    for (int i = 0; i < 101; ++i) many += "A: b\r\n";
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n" + many), "header-too-large");
}

TEST(Parser, finds_the_end_byte_by_byte) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: \t y \r\n\r\n";
    HeadScan scan;
    for (std::size_t n = 1; n < head.size(); ++n) {
        ASSERT_EQ(scan.advance(head.substr(0, n), ServerOptions{}), HeadScan::State::need_more);
    }
    ASSERT_EQ(scan.advance(head + "GET", ServerOptions{}), HeadScan::State::complete);
    EXPECT_EQ(scan.size(), head.size());
}

struct Decoded {
    std::string body;
    bool complete = false;
    std::string error;
};
Decoded decode(const std::string& chunks, std::size_t step, std::size_t limit = 1000) {
    const std::string head = with_fields("Transfer-Encoding: chunked\r\n");
    RequestParser parser;
    Request request;
    EXPECT_FALSE(parser.parse_head(head, request, 100));
    parser.limit_chunks(limit);
    Decoded decoded;
    std::string pending;
    for (std::size_t at = 0; at < chunks.size() && !decoded.complete; at += step) {
        pending += chunks.substr(at, step);
        const auto result = parser.parse_chunks(pending, &decoded.body);
        pending.erase(0, result.consumed);
        decoded.complete = result.complete;
        if (result.error) {
            decoded.error = error_row(result.error->code).name;
            break;
        }
    }
    return decoded;
}

TEST(Chunks, are_decoded_in_pieces_of_any_size) {
    const std::string chunks =
        "5\r\nhello\r\n1;a=\"b\"\r\n,\r\n00A\r\n0123456789\r\n0\r\nT: x\r\n\r\n";
    for (std::size_t step = 1; step <= chunks.size(); ++step) {
        const auto decoded = decode(chunks, step);
        EXPECT_EQ(decoded.body, "hello,0123456789") << step;
        EXPECT_TRUE(decoded.complete) << step;
    }
}

TEST(Chunks, that_are_malformed_or_too_much_are_refused) {
    EXPECT_EQ(decode("x\r\n", 1).error, "bad-request");
    EXPECT_EQ(decode("-1\r\n", 1).error, "bad-request");
    EXPECT_EQ(decode("5\r\nhelloX0\r\n\r\n", 100).error, "bad-request");
    EXPECT_EQ(decode("5 \r\nhello\r\n", 1).error, "bad-request");
    EXPECT_EQ(decode("FFFFFFFFFFFFFFFFF\r\n", 1).error, "bad-request");
    EXPECT_EQ(decode("FFFFFFFFFFFFFFFF\r\n", 1).error, "body-too-large");
    EXPECT_EQ(decode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 3, 10).error, "body-too-large");
    EXPECT_EQ(decode("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 3, 10).body, "helloworld");
}

}  // namespace
}  // namespace hongyan::http
