// A server for the tests of the HTTP client: listens on a port of 127.0.0.1, gives each connection
// to a handler on its own thread, and counts connections and requests. Handlers talk in bytes, so
// that they can be as rude as a test needs.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/assert.hpp"

namespace hongyan::curl {

class TestServer {
  public:
    class Connection {
      public:
        Connection(TestServer& server, int fd, int count)
            : number(count), server_(server), fd_(fd) {}
        const int number;  ///< 1 for the first

        /// Head and body of the next request; nothing when the peer has gone or the test ends.
        std::optional<std::string> request() {
            std::size_t head = std::string::npos;
            while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
                if (!more()) return std::nullopt;
            }
            const std::size_t size = head + 4 + body_size(buffer_.substr(0, head));
            if (!read_until(size)) return std::nullopt;
            std::string whole = buffer_.substr(0, size);
            buffer_.erase(0, size);
            const std::lock_guard lock(server_.mutex_);
            server_.requests_.push_back(whole);
            return whole;
        }
        /// Exactly so many bytes.
        std::optional<std::string> bytes(std::size_t count) {
            if (!read_until(count)) return std::nullopt;
            std::string found = buffer_.substr(0, count);
            buffer_.erase(0, count);
            return found;
        }
        void write(std::string_view text) {
            while (!text.empty()) {
                const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
                if (sent <= 0) return;
                text.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
        void answer(std::string_view body, std::string_view more_headers = "") {
            write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                  std::string(more_headers) + "\r\n" + std::string(body));
        }
        /// Keeps the connection open until the peer or the test ends it.
        void hang() {
            while (more()) {
            }
        }
        /// Ends with a reset instead of an orderly end.
        void reset() {
            const linger hard{1, 0};
            setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }

      private:
        static std::size_t body_size(const std::string& head) {
            const std::size_t at = head.find("Content-Length: ");
            return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
        }
        bool read_until(std::size_t size) {
            while (buffer_.size() < size) {
                if (!more()) return false;
            }
            return true;
        }
        bool more() {
            while (!server_.stopping_) {
                pollfd ready{fd_, POLLIN, 0};
                if (::poll(&ready, 1, 20) == 0) continue;
                char data[4096];
                const auto got = ::recv(fd_, data, sizeof data, 0);
                if (got <= 0) return false;
                buffer_.append(data, static_cast<std::size_t>(got));
                return true;
            }
            return false;
        }
        TestServer& server_;
        const int fd_;
        std::string buffer_;
    };
    using Handler = std::function<void(Connection&)>;

    explicit TestServer(Handler handler)
        : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        HY_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        HY_ASSERT(::listen(listener_, 512) == 0);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { accept_all(); });
    }
    ~TestServer() {
        stopping_ = true;
        thread_.join();
        for (std::thread& thread : handlers_) thread.join();
        ::close(listener_);
    }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
    }
    [[nodiscard]] int connections() const { return connections_; }
    [[nodiscard]] std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

  private:
    void accept_all() {
        while (!stopping_) {
            pollfd ready{listener_, POLLIN, 0};
            if (::poll(&ready, 1, 20) <= 0) continue;
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) continue;
            const int number = ++connections_;
            handlers_.emplace_back([this, fd, number] {
                Connection connection(*this, fd, number);
                handler_(connection);
                ::close(fd);
            });
        }
    }

    const Handler handler_;
    const int listener_;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;  // under mutex_
    std::list<std::thread> handlers_;    // of thread_ alone
    std::thread thread_;
};

}  // namespace hongyan::curl
