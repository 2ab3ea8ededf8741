// A tiny HTTP server for the tests of the command line: answers each request on a loopback port as
// the test's function says. One connection at a time, on one thread of its own; ended by the
// destructor.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"

namespace hongyan::app {

struct SeenRequest {
    std::string head;  ///< request line and header fields
    std::string line;  ///< "GET /path"
    std::string body;
};

struct GivenAnswer {
    int status = 200;  ///< 0 = the connection is closed without an answer
    std::string body;
    std::string extra_headers{};  ///< each ended by CRLF
};

class TestServer {
  public:
    using Answerer = std::function<GivenAnswer(const SeenRequest&)>;

    explicit TestServer(Answerer answer)
        : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        HY_ASSERT(bind(listener_, raw, size) == 0 && ::listen(listener_, 16) == 0 &&
                  getsockname(listener_, raw, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~TestServer() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        close(listener_);
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::vector<SeenRequest> seen() { return *seen_.lock(); }

  private:
    void run() {
        for (;;) {  // ends when the destructor shuts the listener down
            const int connection = accept(listener_, nullptr, nullptr);
            if (connection < 0) return;
            serve(connection);
            close(connection);
        }
    }

    void serve(int connection) {
        std::string bytes;
        char buffer[16384];
        for (;;) {
            const auto end = bytes.find("\r\n\r\n");
            if (end != bytes.npos && bytes.size() >= end + 4 + body_size(bytes.substr(0, end)))
                break;
            const auto count = recv(connection, buffer, sizeof buffer, 0);
            if (count <= 0) return;
            bytes.append(buffer, static_cast<std::size_t>(count));
        }
        const auto end = bytes.find("\r\n\r\n");
        SeenRequest request{bytes.substr(0, end), bytes.substr(0, bytes.find(" HTTP/")),
                            bytes.substr(end + 4)};
        seen_.lock()->push_back(request);
        const GivenAnswer given = answer_(request);
        if (given.status == 0) return;
        const std::string reply = "HTTP/1.1 " + std::to_string(given.status) +
                                  " X\r\nContent-Length: " + std::to_string(given.body.size()) +
                                  "\r\nConnection: close\r\n" + given.extra_headers + "\r\n" +
                                  given.body;
        for (std::size_t sent = 0; sent < reply.size();) {
            const auto count =
                send(connection, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
    }

    static std::size_t body_size(const std::string& head) {
        const std::string lower = to_lower(head);
        const auto at = lower.find("content-length:");
        if (at == lower.npos) return 0;
        const auto line = std::string_view(lower).substr(at + 15);
        return static_cast<std::size_t>(
            parse_int(trim(line.substr(0, line.find('\r')))).value_or(0));
    }

    const Answerer answer_;
    const int listener_;
    int port_ = 0;
    Guarded<std::vector<SeenRequest>> seen_;
    std::thread thread_;
};

}  // namespace hongyan::app
