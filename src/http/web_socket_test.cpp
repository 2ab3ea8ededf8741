// WebSockets as a client sees them, byte by byte.
#include "http/web_socket.hpp"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "http/test_support.hpp"

namespace hongyan::http {
namespace {

using namespace testing;

constexpr std::string_view good_fields =
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string upgrade_request(std::string_view path = "/live",
                            std::string_view fields = good_fields) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

/// What the handler has heard, and the socket to talk by.
class Probe final : public SocketHandler {
  public:
    void opened(std::shared_ptr<WebSocket> socket) override {
        const std::lock_guard lock(mutex_);
        socket_ = std::move(socket);
        changed_.notify_all();
    }
    void received(std::string_view text) override {
        const std::lock_guard lock(mutex_);
        texts_.emplace_back(text);
        changed_.notify_all();
    }
    void closed() override {
        const std::lock_guard lock(mutex_);
        ++ends_;
        socket_ = nullptr;
        changed_.notify_all();
    }
    std::shared_ptr<WebSocket> socket() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(patience_ms),
                          [this] { return socket_ != nullptr; });
        return socket_;
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(patience_ms),
                          [&] { return texts_.size() >= count; });
        return texts_;
    }
    /// How often it was told the end, once it was.
    int ends() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(patience_ms),
                          [this] { return ends_ > 0; });
        return ends_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<WebSocket> socket_;
    std::vector<std::string> texts_;
    int ends_ = 0;
};

Router router_with(const std::shared_ptr<Probe>& probe) {
    Router router;
    router.add(Method::get, "/live",
               [probe](Request& request, Responder respond) {
                   if (const auto problem = upgrade_problem(request)) return respond.fail(*problem);
                   if (!is_same_origin(request))
                       return respond.fail(make_error(ErrorCode::forbidden, "origin"));
                   Response response;
                   response.status = 101;
                   response.upgrade = probe;
                   respond(std::move(response));
               },
               {.upgrades = true});
    router.add(Method::get, "/plain",
               [](Request&, Responder respond) { respond(text_response("plain")); });
    return router;
}

std::string text_of(std::size_t size) { return std::string(size, 'x'); }

enum class Mask { yes, no };

/// A client's frame; first is the whole first byte: FIN, reserved bits, opcode.
std::string frame(unsigned first, std::string_view payload, Mask mask = Mask::yes) {
    std::string out(1, static_cast<char>(first));
    const unsigned masked = mask == Mask::yes ? 0x80 : 0;
    if (payload.size() < 126) {
        out += static_cast<char>(masked | payload.size());
    } else if (payload.size() < 65536) {
        out += static_cast<char>(masked | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xFF);
    } else {
        out += static_cast<char>(masked | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            out += static_cast<char>((payload.size() >> shift) & 0xFF);
    }
    if (mask == Mask::no) return out + std::string(payload);
    constexpr std::string_view key = "\x12\x34\x56\x78";
    out += key;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ key[i % 4]);
    return out;
}

struct Frame {
    unsigned opcode = 0;
    std::string payload;
    [[nodiscard]] int close_code() const {
        if (opcode != 8 || payload.size() < 2) return 0;
        return static_cast<unsigned char>(payload[0]) * 256 +
               static_cast<unsigned char>(payload[1]);
    }
};

class SocketClient {
  public:
    explicit SocketClient(TestServer& server) : raw(server.connect()) {
        const Reply reply = raw.ask(upgrade_request());
        EXPECT_EQ(reply.status, 101);
        EXPECT_EQ(reply.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
    /// The next frame of the server, which must be whole and not masked; opcode 99 at the end.
    Frame read() {
        Frame found;
        const auto head = raw.take(2);
        if (head.size() < 2) return {99, ""};
        found.opcode = static_cast<unsigned char>(head[0]) & 0x0F;
        EXPECT_EQ(static_cast<unsigned char>(head[0]) & 0xF0, 0x80) << "one whole frame";
        std::size_t size = static_cast<unsigned char>(head[1]);
        EXPECT_LT(size, 128U) << "a server masks nothing";
        if (size >= 126) {
            const auto more = raw.take(size == 126 ? 2 : 8);
            size = 0;
            for (const char byte : more) size = size << 8 | static_cast<unsigned char>(byte);
        }
        found.payload = raw.take(size);
        return found;
    }

    RawClient raw;
};

ServerOptions options_with(Millis ping, Millis dead) {
    ServerOptions options;
    options.socket_ping = ping;
    options.socket_dead = dead;
    return options;
}

TEST(WebSocket, carries_texts_both_ways) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    client.raw.send(frame(0x81, "hello"));
    EXPECT_EQ(probe->wait_for(1), std::vector<std::string>{"hello"});
    ASSERT_TRUE(probe->socket()->send(std::make_shared<const std::string>("answer")));
    const Frame answer = client.read();
    EXPECT_EQ(answer.opcode, 1U);
    EXPECT_EQ(answer.payload, "answer");
    client.raw.send(frame(0x88, "\x03\xE8 bye"));
    EXPECT_EQ(client.read().close_code(), 1000);
    EXPECT_TRUE(client.raw.is_closed_by_server());
    EXPECT_EQ(probe->ends(), 1);
    EXPECT_EQ(server.server.stats().sockets, 0U);
}

TEST(WebSocket, large_texts_go_in_one_frame_and_every_length_is_read) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    std::vector<std::string> sent;
    for (const std::size_t size : {0, 1, 125, 126, 127, 65'535, 65'536}) {
        sent.push_back(text_of(size));
        client.raw.send(frame(0x81, sent.back()));
    }
    EXPECT_EQ(probe->wait_for(sent.size()), sent);
    const auto large = std::make_shared<const std::string>(text_of(300'000));
    ASSERT_TRUE(probe->socket()->send(large));
    EXPECT_EQ(client.read().payload, *large);
}

TEST(WebSocket, fragments_become_one_message_also_around_a_ping) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    client.raw.send(frame(0x01, "a\xE4"));  // a character may be cut between fragments
    client.raw.send(frame(0x89, "are you there"));
    client.raw.send(frame(0x00, "\xBD"));
    client.raw.send(frame(0x00, ""));
    client.raw.send(frame(0x80, "\xA0z"));
    const Frame pong = client.read();
    EXPECT_EQ(pong.opcode, 10U);
    EXPECT_EQ(pong.payload, "are you there");
    EXPECT_EQ(probe->wait_for(1), std::vector<std::string>{"a\xE4\xBD\xA0z"});
}

TEST(WebSocket, frames_may_come_byte_by_byte) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    for (const char byte : frame(0x81, "slowly")) client.raw.send(std::string(1, byte));
    EXPECT_EQ(probe->wait_for(1), std::vector<std::string>{"slowly"});
}

struct Breach {
    const char* what;
    std::string bytes;
    int code;
};

TEST(WebSocket, each_breach_of_the_protocol_is_closed_with_its_code) {
    const std::vector<Breach> breaches{
        {"no mask", frame(0x81, "x", Mask::no), 1002},
        {"a reserved bit", frame(0xC1, "x"), 1002},
        {"an unknown opcode", frame(0x83, "x"), 1002},
        {"an unknown control frame", frame(0x8B, "x"), 1002},
        {"a continuation of nothing", frame(0x80, "x"), 1002},
        {"a text inside a text", frame(0x01, "x") + frame(0x81, "y"), 1002},
        {"a ping in fragments", frame(0x09, "x"), 1002},
        {"a ping of 126 bytes", frame(0x89, text_of(126)), 1002},
        {"a close with one byte", frame(0x88, "\x03"), 1002},
        {"a close with a forbidden code", frame(0x88, "\x03\xED"), 1002},
        {"text that is no UTF-8", frame(0x81, "\xC3("), 1007},
        {"a surrogate", frame(0x81, "\xED\xA0\x80"), 1007},
        {"bytes", frame(0x82, "x"), 1003},
        {"a text of 65,537 bytes", frame(0x81, text_of(65'537)), 1009},
        {"fragments of 65,537 bytes", frame(0x01, text_of(65'000)) + frame(0x80, text_of(537)),
         1009},
    };
    for (const auto& breach : breaches) {
        const auto probe = std::make_shared<Probe>();
        TestServer server(router_with(probe));
        SocketClient client(server);
        client.raw.send(breach.bytes);
        EXPECT_EQ(client.read().close_code(), breach.code) << breach.what;
        client.raw.send(frame(0x88, ""));  // what a good client answers
        EXPECT_TRUE(client.raw.is_closed_by_server()) << breach.what;
        EXPECT_EQ(probe->ends(), 1) << breach.what;
    }
}

TEST(WebSocket, a_length_that_cannot_be_is_refused_without_waiting_for_it) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    client.raw.send(std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10) + "abcd");
    EXPECT_EQ(client.read().close_code(), 1009);
}

TEST(WebSocket, a_client_that_does_not_read_is_told_so_to_the_sender) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    const auto socket = probe->socket();
    const auto large = std::make_shared<const std::string>(text_of(32 * 1024 * 1024));
    ASSERT_TRUE(socket->send(large));
    // More than the kernel takes is on its way and nobody reads: nothing else is taken, nothing
    // is queued.
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(socket->send(std::make_shared<const std::string>("more")));
    EXPECT_EQ(client.read().payload.size(), large->size());
    bool taken = false;
    for (int i = 0; i < patience_ms && !taken; ++i) {
        taken = socket->send(std::make_shared<const std::string>("again"));
        if (!taken) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(taken);
    EXPECT_EQ(client.read().payload, "again");
}

TEST(WebSocket, the_server_pings_and_cuts_off_who_is_silent) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe), options_with(Millis(50), Millis(400)));
    SocketClient client(server);
    EXPECT_EQ(client.read().opcode, 9U);
    client.raw.send(frame(0x8A, ""));  // lives a little longer
    EXPECT_EQ(client.read().opcode, 9U);
    EXPECT_EQ(probe->ends(), 1);  // no pong came any more
    EXPECT_EQ(probe->wait_for(0).size(), 0U);
}

TEST(WebSocket, the_servers_close_waits_for_the_answer_and_not_for_ever) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient polite(server);
    probe->socket()->close(CloseCode::policy, "the key was revoked");
    const Frame close = polite.read();
    EXPECT_EQ(close.close_code(), 1008);
    EXPECT_EQ(close.payload.substr(2), "the key was revoked");
    polite.raw.send(frame(0x88, "\x03\xF0"));
    EXPECT_TRUE(polite.raw.is_closed_by_server());
    EXPECT_EQ(probe->ends(), 1);
}

TEST(WebSocket, a_stopping_server_says_going_away) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    ASSERT_NE(probe->socket(), nullptr);
    std::thread stopper([&] { server.server.stop(); });
    EXPECT_EQ(client.read().close_code(), 1001);
    client.raw.send(frame(0x88, "\x03\xE9"));
    stopper.join();
    EXPECT_EQ(probe->ends(), 1);
}

TEST(WebSocket, a_client_that_vanishes_ends_the_socket) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    SocketClient client(server);
    ASSERT_NE(probe->socket(), nullptr);
    client.raw.reset();
    EXPECT_EQ(probe->ends(), 1);
}

TEST(WebSocket, what_is_no_good_upgrade_gets_a_problem_and_no_socket) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    const auto with = [](std::string_view from, std::string_view to) {
        std::string fields(good_fields);
        const auto at = fields.find(from);
        EXPECT_NE(at, std::string::npos);
        return fields.replace(at, from.size(), to);
    };
    for (const auto& fields :
         {std::string(), with("Upgrade: websocket", "Upgrade: h2c"),
          with("Connection: keep-alive, Upgrade", "Connection: keep-alive"),
          with("Version: 13", "Version: 8"), with("Version: 13", "Version: 13, 8"),
          with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="),
          with("dGhlIHNhbXBsZSBub25jZQ==", "not base64 at all !!!"),
          std::string(good_fields) + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"}) {
        RawClient client = server.connect();
        EXPECT_EQ(client.ask(upgrade_request("/live", fields)).status, 400) << fields;
    }
    RawClient client = server.connect();
    client.send("POST /live HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.read().status, 405);
    // A route that does not upgrade answers as ever, whatever is asked of it.
    EXPECT_EQ(client.ask(upgrade_request("/plain")).body, "plain");
    EXPECT_EQ(server.server.stats().sockets, 0U);
}

TEST(WebSocket, an_upgrade_waits_its_turn_behind_other_requests) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    RawClient client = server.connect();
    client.send(get("/plain") + get("/plain") + upgrade_request());
    EXPECT_EQ(client.read().body, "plain");
    EXPECT_EQ(client.read().body, "plain");
    EXPECT_EQ(client.read().status, 101);
    EXPECT_NE(probe->socket(), nullptr);
}

TEST(WebSocket, a_client_that_speaks_before_its_101_is_not_heard) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    RawClient client = server.connect();
    client.send(upgrade_request() + frame(0x81, "too early"));
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(probe->ends(), 1);
    EXPECT_TRUE(probe->wait_for(0).empty());
}

TEST(WebSocket, no_spelling_of_the_path_gets_around_the_origins_check) {
    const auto probe = std::make_shared<Probe>();
    TestServer server(router_with(probe));
    const std::string foreign = std::string(good_fields) + "Origin: http://evil.example\r\n";
    for (const std::string path : {"/live", "/%6Cive", "/%6c%69%76%65", "/live?x=/plain"}) {
        RawClient client = server.connect();
        EXPECT_EQ(client.ask(upgrade_request(path, foreign)).status, 403) << path;
    }
    for (const std::string path : {"//live", "/live/", "/./live", "/plain/../live", "/LIVE"}) {
        RawClient client = server.connect();
        EXPECT_EQ(client.ask(upgrade_request(path, foreign)).status, 404) << path;
    }
}

bool same_origin(std::string_view host, std::string_view origin, std::string_view allowed = {}) {
    Request request;
    request.fields = {{"Host", host}, {"Origin", origin}};
    return is_same_origin(request, allowed);
}

TEST(WebSocket, an_origin_is_the_same_if_host_and_port_are) {
    EXPECT_TRUE(same_origin("a.example", "http://a.example"));
    EXPECT_TRUE(same_origin("a.example", "https://A.example"));
    EXPECT_TRUE(same_origin("a.example:443", "https://a.example"));
    EXPECT_TRUE(same_origin("a.example:8000", "http://a.example:8000"));
    EXPECT_TRUE(same_origin("[::1]:8000", "http://[::1]:8000"));
    EXPECT_TRUE(same_origin("[::1]", "http://[::1]"));
    EXPECT_TRUE(same_origin("inside:8000", "https://outside.example", "outside.example"));
    EXPECT_FALSE(same_origin("a.example:8000", "http://a.example"));
    EXPECT_FALSE(same_origin("a.example", "http://a.example:8000"));
    EXPECT_FALSE(same_origin("a.example", "http://b.example"));
    EXPECT_FALSE(same_origin("a.example", "http://a.example.evil.example"));
    EXPECT_FALSE(same_origin("a.example", "http://evil.example/a.example"));
    EXPECT_FALSE(same_origin("a.example", "http://a.example@evil.example"));
    EXPECT_FALSE(same_origin("a.example", "null"));
    EXPECT_FALSE(same_origin("a.example", ""));
    EXPECT_FALSE(same_origin("", "http://"));
    Request twice;
    twice.fields = {{"Host", "a"}, {"Origin", "http://a"}, {"Origin", "http://evil"}};
    EXPECT_FALSE(is_same_origin(twice));
    Request none;
    none.fields = {{"Host", "a"}};
    EXPECT_TRUE(is_same_origin(none));
}

}  // namespace
}  // namespace hongyan::http
