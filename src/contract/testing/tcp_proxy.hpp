// TcpProxy: a line between an engine and its server that can be damaged while a test runs. It
// listens on a free port of 127.0.0.1 and passes bytes on to another port there. Faults: cut()
// closes all connections, or resets them; refuse() also turns new ones away; black_hole() swallows
// bytes and keeps connections open; slow() holds each piece back; reset_after() resets in the
// middle of a frame, after so many more bytes from the server; heal() ends all faults. All members
// are safe from every thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace hongyan::suite {

class TcpProxy {
  public:
    explicit TcpProxy(int server_port) : server_port_(server_port) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_in address = loopback(0);
        socklen_t length = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
            ::listen(listener_, 128) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
            ::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0)
            throw std::runtime_error("the proxy cannot listen");
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;
    ~TcpProxy() {
        stop_ = true;
        wake();
        thread_.join();
        for (Line& line : lines_) close_line(line, false);
        ::close(listener_);
        ::close(wake_[0]);
        ::close(wake_[1]);
    }

    [[nodiscard]] int port() const { return port_; }
    /// Another server behind the same port, as after a fail-over; from the next connection on.
    void lead_to(int server_port) { server_port_ = server_port; }

    /// Ends all connections of now, politely or by a reset; new ones are taken.
    void cut(bool by_reset = false) {
        cut_ = by_reset ? 2 : 1;
        wake();
        while (cut_ != 0 && !stop_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    /// As cut(), and new connections are closed at once until heal().
    void refuse() {
        refusing_ = true;
        cut();
    }
    void black_hole() { swallowing_ = true; }
    void slow(std::chrono::milliseconds delay) { delay_ms_ = delay.count(); }
    void reset_after(std::int64_t bytes_from_server) { reset_after_ = bytes_from_server; }
    /// Bytes that a black hole has swallowed are gone: a connection that lost some is reset.
    void heal() {
        refusing_ = false;
        swallowing_ = false;
        delay_ms_ = 0;
        reset_after_ = -1;
        wake();
    }
    [[nodiscard]] std::int64_t connections() const { return connections_; }
    [[nodiscard]] std::int64_t bytes_from_server() const { return from_server_; }

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Piece {
        Time due;
        std::string bytes;
    };
    struct Way {
        int from = -1;
        int to = -1;
        bool from_server = false;
        std::deque<Piece> held;
        std::size_t held_bytes = 0;
        bool ended = false;
    };
    struct Line {
        Way up;
        Way down;
        bool lost_bytes = false;
        bool dead = false;
        bool reset = false;
    };

    static sockaddr_in loopback(int port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    void wake() {
        const char byte = 1;
        [[maybe_unused]] const auto written = ::write(wake_[1], &byte, 1);
    }

    void run() {
        while (!stop_) {
            wait();
            char bytes[64];
            while (::read(wake_[0], bytes, sizeof bytes) > 0) {
            }
            if (cut_ != 0) {
                for (Line& line : lines_) close_line(line, cut_ == 2);
                lines_.clear();
                cut_ = 0;
            }
            take_new();
            for (Line& line : lines_) serve(line);
            lines_.remove_if([&](Line& line) {
                if (line.dead) close_line(line, line.reset);
                return line.dead;
            });
        }
    }

    void wait() {
        std::vector<pollfd> polls{{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
        const Time now = std::chrono::steady_clock::now();
        std::int64_t timeout_ms = 1000;
        for (Line& line : lines_) {
            for (Way* way : {&line.up, &line.down}) {
                if (!way->ended && way->held_bytes < 4'000'000)
                    polls.push_back({way->from, POLLIN, 0});
                if (way->held.empty()) continue;
                const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
                    way->held.front().due - now);
                if (rest.count() <= 0) {
                    polls.push_back({way->to, POLLOUT, 0});
                } else {
                    timeout_ms = std::min<std::int64_t>(timeout_ms, rest.count() + 1);
                }
            }
        }
        (void)::poll(polls.data(), polls.size(), static_cast<int>(timeout_ms));
    }

    void take_new() {
        for (int i = 0; i < 64; ++i) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (client < 0) return;
            ++connections_;
            const int server = refusing_ ? -1 : ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const sockaddr_in address = loopback(server_port_);
            if (server < 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address) != 0) {
                ::close(client);
                if (server >= 0) ::close(server);
                continue;
            }
            ::fcntl(server, F_SETFL, O_NONBLOCK);
            const int one = 1;
            for (const int fd : {client, server})
                ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            Line line;
            line.up.from = line.down.to = client;
            line.up.to = line.down.from = server;
            line.down.from_server = true;
            lines_.push_back(std::move(line));
        }
    }

    void serve(Line& line) {
        if (line.lost_bytes && !swallowing_) {
            line.dead = line.reset = true;
            return;
        }
        for (Way* way : {&line.up, &line.down}) {
            pull(line, *way);
            if (!line.dead) push(line, *way);
        }
    }

    void pull(Line& line, Way& way) {
        char bytes[65'536];
        while (!way.ended && way.held_bytes < 4'000'000) {
            const auto count = ::read(way.from, bytes, sizeof bytes);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (count <= 0) {
                way.ended = true;
                return;
            }
            if (swallowing_) {
                line.lost_bytes = true;
                continue;
            }
            way.held_bytes += static_cast<std::size_t>(count);
            way.held.push_back(
                {std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms_),
                 std::string(bytes, static_cast<std::size_t>(count))});
        }
    }

    void push(Line& line, Way& way) {
        const Time now = std::chrono::steady_clock::now();
        while (!way.held.empty() && way.held.front().due <= now) {
            std::string& bytes = way.held.front().bytes;
            std::size_t most = bytes.size();
            const std::int64_t left = way.from_server ? reset_after_.load() : -1;
            if (left >= 0) most = std::min(most, static_cast<std::size_t>(left));
            const auto count =
                most == 0 ? 0 : ::send(way.to, bytes.data(), most, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (count < 0) {
                line.dead = true;
                return;
            }
            way.held_bytes -= static_cast<std::size_t>(count);
            if (way.from_server) from_server_ += count;
            if (left >= 0) {
                reset_after_ = left - count;
                if (left == count) {
                    reset_after_ = -1;
                    line.dead = line.reset = true;
                    return;
                }
            }
            bytes.erase(0, static_cast<std::size_t>(count));
            if (bytes.empty()) way.held.pop_front();
        }
        if (way.ended && way.held.empty()) line.dead = true;
    }

    static void close_line(Line& line, bool by_reset) {
        for (int* fd : {&line.up.from, &line.down.from}) {
            if (*fd < 0) continue;
            if (by_reset) {
                const linger at_once{1, 0};
                ::setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            }
            ::close(*fd);
            *fd = -1;
        }
    }

    int listener_ = -1;
    int wake_[2] = {-1, -1};
    int port_ = 0;
    std::atomic<int> server_port_;
    std::atomic<bool> stop_{false};
    std::atomic<int> cut_{0};  ///< 1: by closing, 2: by reset
    std::atomic<bool> refusing_{false};
    std::atomic<bool> swallowing_{false};
    std::atomic<std::int64_t> delay_ms_{0};
    std::atomic<std::int64_t> reset_after_{-1};
    std::atomic<std::int64_t> connections_{0};
    std::atomic<std::int64_t> from_server_{0};
    std::list<Line> lines_;  ///< the thread's own
    std::thread thread_;
};

}  // namespace hongyan::suite
