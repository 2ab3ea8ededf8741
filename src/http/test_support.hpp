// For the tests of http/: a client that writes raw bytes on a socket and reads answers, and a
// server on a free port. Every wait has an end.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "http/server.hpp"

namespace hongyan::http::testing {

inline constexpr int patience_ms = 15'000;

struct Reply {
    int status = 0;
    std::string head;
    std::string body;
    [[nodiscard]] std::string header(std::string_view name) const {
        for (const std::string& line : split(head, '\n')) {
            const std::size_t colon = line.find(':');
            if (colon == std::string::npos) continue;
            if (!equals_ignoring_case(line.substr(0, colon), name)) continue;
            return std::string(trim(std::string_view(line).substr(colon + 1)));
        }
        return {};
    }
};

class RawClient {
  public:
    explicit RawClient(int port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer > 0) {
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        EXPECT_TRUE(connected_);
    }
    RawClient(RawClient&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)),
          connected_(other.connected_),
          input_(std::move(other.input_)) {}
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient() { disconnect(); }

    void disconnect() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// Closes so that the server sees a reset.
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        disconnect();
    }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    /// False if the server has closed; bytes may be lost then.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// One answer; status 0 if none came. head_only for answers to HEAD.
    Reply read(bool head_only = false) {
        Reply reply;
        while (input_.find("\r\n\r\n") == std::string::npos) {
            if (!receive(patience_ms)) return reply;
        }
        const std::size_t end = input_.find("\r\n\r\n") + 4;
        reply.head = input_.substr(0, end);
        input_.erase(0, end);
        if (reply.head.size() < 12) return reply;
        reply.status = static_cast<int>(parse_int(reply.head.substr(9, 3)).value_or(0));
        if (head_only) return reply;
        const auto length =
            static_cast<std::size_t>(parse_int(reply.header("Content-Length")).value_or(0));
        while (input_.size() < length) {
            if (!receive(patience_ms)) return Reply{};
        }
        reply.body = input_.substr(0, length);
        input_.erase(0, length);
        return reply;
    }
    /// So many bytes as they come; fewer at the end.
    std::string take(std::size_t count) {
        while (input_.size() < count) {
            if (!receive(patience_ms)) break;
        }
        std::string taken = input_.substr(0, count);
        input_.erase(0, count);
        return taken;
    }
    Reply ask(std::string_view bytes) {
        send(bytes);
        return read();
    }
    /// True once the server has closed and nothing more came.
    bool is_closed_by_server() {
        while (receive(patience_ms)) {
        }
        return ended_ && input_.empty();
    }
    /// True if nothing comes for so long.
    bool is_silent_for(int milliseconds) {
        return input_.empty() && !receive(milliseconds) && !ended_;
    }
    [[nodiscard]] const std::string& unread() const { return input_; }

  private:
    bool receive(int wait_ms) {
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, wait_ms) <= 0) return false;
        char buffer[65536];
        const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) {
            ended_ = true;
            return false;
        }
        input_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int fd_;
    bool connected_ = false;
    bool ended_ = false;
    std::string input_;
};

inline Response problem_text(const Error& error, std::string_view instance,
                             std::string_view request_id) {
    Response response;
    response.status = error_row(error.code).http_status;
    response.content_type = "application/problem+json";
    response.body = std::string(error_row(error.code).name) + " " + std::string(instance) + " " +
                    std::string(request_id) + " " + error.detail;
    return response;
}

inline Response text_response(std::string body, int status = 200) {
    Response response;
    response.status = status;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
}

/// Waits until done() holds; false after a long time.
inline bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < patience_ms / 5; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

class TestServer {
  public:
    explicit TestServer(Router router, ServerOptions options = {}, const Clock* clock = nullptr)
        : server(std::move(options), std::move(router), problem_text,
                 clock == nullptr ? system_clock_ : *clock) {
        const Status started = server.start();
        EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().detail);
    }
    [[nodiscard]] RawClient connect(int receive_buffer = 0) {
        return RawClient(server.port(), receive_buffer);
    }

  private:
    SystemClock system_clock_;

  public:
    Server server;
};

/// "POST path" with a Host, a length and a body.
inline std::string post(std::string_view path, std::string_view body,
                        std::string_view more_fields = "") {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string get(std::string_view path, std::string_view more_fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_fields) +
           "\r\n";
}

}  // namespace hongyan::http::testing
