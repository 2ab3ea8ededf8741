// HTTP/2 without TLS against a server that speaks frames by hand, so that it can refuse and go away
// at will.
#include <gtest/gtest.h>

#include <set>

#include "engine/curl/test_fixture.hpp"

namespace hongyan::curl {
namespace {

using Connection = TestServer::Connection;

enum FrameType : unsigned char { data = 0, headers = 1, rst_stream = 3, settings = 4, goaway = 7 };
constexpr unsigned char end_stream = 1;
constexpr unsigned char ack = 1;
constexpr unsigned char end_headers = 4;

struct Frame {
    unsigned char type = 0;
    unsigned char flags = 0;
    std::uint32_t stream = 0;
    std::string payload;
};

std::string number(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

void write(Connection& connection, const Frame& frame) {
    std::string head = number(static_cast<std::uint32_t>(frame.payload.size())).substr(1);
    head += static_cast<char>(frame.type);
    head += static_cast<char>(frame.flags);
    connection.write(head + number(frame.stream) + frame.payload);
}

std::optional<Frame> read(Connection& connection) {
    const auto head = connection.bytes(9);
    if (!head) return std::nullopt;
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>((*head)[at]));
    };
    Frame frame;
    frame.type = static_cast<unsigned char>((*head)[3]);
    frame.flags = static_cast<unsigned char>((*head)[4]);
    frame.stream = (byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8)) & 0x7FFFFFFF;
    const auto payload = connection.bytes(byte(0) << 16 | byte(1) << 8 | byte(2));
    if (!payload) return std::nullopt;
    frame.payload = *payload;
    return frame;
}

/// ":status: 200", index 8 of HPACK's static table, and no body.
void answer(Connection& connection, std::uint32_t stream) {
    write(connection, {headers, end_stream | end_headers, stream, "\x88"});
}

/// Greets, then calls on_request(stream) for each request that has come whole, until it says false.
void speak(Connection& connection, const std::function<bool(std::uint32_t)>& on_request) {
    if (!connection.bytes(24)) return;  // "PRI * HTTP/2.0..."
    write(connection, {settings, 0, 0, ""});
    while (const auto frame = read(connection)) {
        if (frame->type == settings && frame->flags != ack)
            write(connection, {settings, ack, 0, ""});
        const bool is_request = frame->type == headers || frame->type == data;
        if (is_request && (frame->flags & end_stream) != 0 && !on_request(frame->stream)) return;
    }
}

class Http2Test : public OutboundTest {
  protected:
    static OutboundRequest http2_post(const TestServer& server) {
        auto request = post(server.url());
        request.version = HttpVersion::http2;
        return request;
    }
};

TEST_F(Http2Test, calls_share_one_connection) {
    std::atomic<int> seen{0};
    TestServer server([&](Connection& connection) {
        std::set<std::uint32_t> streams;
        speak(connection, [&](std::uint32_t stream) {
            ++seen;
            streams.insert(stream);
            if (streams.size() < 10) return true;  // all are open at once
            for (const auto one : streams) answer(connection, one);
            return true;
        });
    });
    std::vector<std::future<OutboundReply>> replies;
    for (int i = 0; i < 10; ++i) replies.push_back(begin(http2_post(server)));
    for (auto& reply : replies) EXPECT_EQ(reply.get().status, 200);
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(seen, 10);
}

TEST_F(Http2Test, a_stream_after_the_last_one_processed_was_not_sent) {
    std::atomic<int> answered{0};
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            if (connection.number == 1 && stream > 1) {
                // The last stream processed is 1: what came later was not.
                write(connection, {goaway, 0, 0, number(1) + number(0)});
                return false;
            }
            ++answered;
            answer(connection, stream);
            return true;
        });
    });
    EXPECT_EQ(call(http2_post(server)).status, 200);
    EXPECT_EQ(call(http2_post(server)).end, CallEnd::not_sent);
    EXPECT_EQ(call(http2_post(server)).status, 200);
    EXPECT_EQ(server.connections(), 2);
    EXPECT_EQ(answered, 2);
}

TEST_F(Http2Test, of_several_streams_only_those_not_processed_may_go_again) {
    TestServer server([&](Connection& connection) {
        std::uint32_t open = 0;
        speak(connection, [&](std::uint32_t stream) {
            if (connection.number > 1) {
                answer(connection, stream);
                return true;
            }
            if (++open < 5) return true;
            // Streams 1 and 3 of five were processed, their answers never come.
            write(connection, {goaway, 0, 0, number(3) + number(0)});
            return true;
        });
    });
    std::vector<std::future<OutboundReply>> replies;
    for (int i = 0; i < 5; ++i) {
        auto request = http2_post(server);
        request.timeout = Millis(1'000);
        replies.push_back(begin(request));
    }
    int lost = 0;
    for (auto& reply : replies) lost += reply.get().end == CallEnd::lost ? 1 : 0;
    EXPECT_EQ(lost, 2);
}

TEST_F(Http2Test, a_stream_that_is_refused_for_good_was_not_sent) {
    std::atomic<int> streams{0};
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            ++streams;
            write(connection, {rst_stream, 0, stream, number(7)});  // REFUSED_STREAM
            return true;
        });
    });
    EXPECT_EQ(call(http2_post(server)).end, CallEnd::not_sent);
    EXPECT_GE(streams, 1);
}

TEST_F(Http2Test, a_stream_within_those_processed_is_lost_when_the_server_goes) {
    std::atomic<int> streams{0};
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            ++streams;
            if (stream == 1) {
                answer(connection, stream);
                return true;
            }
            write(connection, {goaway, 0, 0, number(stream) + number(0)});
            return false;
        });
    });
    EXPECT_EQ(call(http2_post(server)).status, 200);
    EXPECT_EQ(call(http2_post(server)).end, CallEnd::lost);
    EXPECT_EQ(streams, 2);
}

TEST_F(Http2Test, a_cut_on_a_kept_connection_is_lost_and_not_repeated) {
    std::atomic<int> streams{0};
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            ++streams;
            if (stream == 1) answer(connection, stream);
            return stream == 1;
        });
    });
    EXPECT_EQ(call(http2_post(server)).status, 200);
    EXPECT_EQ(call(http2_post(server)).end, CallEnd::lost);
    EXPECT_EQ(streams, 2);
}

TEST_F(Http2Test, a_stream_that_is_cancelled_is_lost) {
    std::atomic<int> streams{0};
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            ++streams;
            write(connection, {rst_stream, 0, stream, number(2)});  // INTERNAL_ERROR
            return true;
        });
    });
    EXPECT_EQ(call(http2_post(server)).end, CallEnd::lost);
    EXPECT_EQ(streams, 1);
}

TEST_F(Http2Test, an_answer_that_never_comes_disturbs_no_other) {
    TestServer server([&](Connection& connection) {
        speak(connection, [&](std::uint32_t stream) {
            if (stream != 3) answer(connection, stream);
            return true;
        });
    });
    EXPECT_EQ(call(http2_post(server)).status, 200);
    auto request = http2_post(server);
    request.timeout = Millis(200);
    auto hanging = begin(request);
    EXPECT_EQ(call(http2_post(server)).status, 200);
    EXPECT_EQ(hanging.get().end, CallEnd::lost);
    EXPECT_EQ(call(http2_post(server)).status, 200);
}

}  // namespace
}  // namespace hongyan::curl
