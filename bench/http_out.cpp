// Requests a second that one core sends through the HTTP client, against a keep-alive server of its
// own (a child process on another core) or any other:
//
//   cmake --build build/bench --target bench_http_out   (a Release build with -DHONGYAN_BENCH=ON)
//   bench_http_out --seconds 5 --in-flight 200 --connections 64 --body 300 [--url http://...]
//   [--http2]
//
// Prints the rate by the clock, the processor time of the client's thread for each request, and the
// rate that one whole core would reach by it: on a busy machine the last figure is the steadier
// one.
// --loop bare sends the same bytes from bare sockets, to see what the machine itself can do.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/text.hpp"
#include "engine/curl/curl_outbound.hpp"

namespace {

using namespace hongyan;
using Steady = std::chrono::steady_clock;

struct Options {
    std::int64_t seconds = 5;
    std::int64_t in_flight = 200;
    std::int64_t connections = 64;
    std::int64_t body = 300;
    std::string url;
    std::string loop = "curl";
    bool http2 = false;
};

std::optional<Options> read_options(int count, char** words) {
    Options options;
    const std::map<std::string, std::int64_t*> numbers{{"--seconds", &options.seconds},
                                                       {"--in-flight", &options.in_flight},
                                                       {"--connections", &options.connections},
                                                       {"--body", &options.body}};
    const std::map<std::string, std::string*> texts{{"--url", &options.url},
                                                    {"--loop", &options.loop}};
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--http2") {
            options.http2 = true;
            continue;
        }
        if (++i == count) return std::nullopt;
        if (const auto text = texts.find(word); text != texts.end()) {
            *text->second = words[i];
        } else if (const auto number = numbers.find(word); number != numbers.end()) {
            const auto value = parse_int(words[i]);
            if (!value || *value <= 0) return std::nullopt;
            *number->second = *value;
        } else {
            return std::nullopt;
        }
    }
    return options;
}

void pin_to(unsigned core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core % std::max(std::thread::hardware_concurrency(), 1U), &set);
    sched_setaffinity(0, sizeof set, &set);
}

// ---- the server ------------------------------------------------------------------------------

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n"
    "{\"code\":\"OK\",\"id\":\"1234567\"}";

/// Takes whole requests out of what has come, and counts them.
std::size_t take_requests(std::string& buffer) {
    std::size_t count = 0;
    std::size_t at = 0;
    while (true) {
        const std::size_t head = buffer.find("\r\n\r\n", at);
        if (head == std::string::npos) break;
        const std::size_t field = buffer.find("Content-Length: ", at);
        const std::size_t body =
            field < head ? std::strtoul(buffer.c_str() + field + 16, nullptr, 10) : 0;
        if (buffer.size() < head + 4 + body) break;
        at = head + 4 + body;
        ++count;
    }
    buffer.erase(0, at);
    return count;
}

/// False when the connection has ended.
bool serve(int fd, std::string& buffer) {
    std::array<char, 65536> data;
    const auto got = ::recv(fd, data.data(), data.size(), MSG_DONTWAIT);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN;
    buffer.append(data.data(), static_cast<std::size_t>(got));
    std::string out;
    for (std::size_t n = take_requests(buffer); n > 0; --n) out += answer;
    return out.empty() ||
           ::send(fd, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

[[noreturn]] void run_server(int listener) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to(1);
    const int epoll = epoll_create1(0);
    std::unordered_map<int, std::string> buffers;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 256> events;
    while (true) {
        const int count = epoll_wait(epoll, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                event.data.fd = ::accept(listener, nullptr, nullptr);
                const int on = 1;
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (!serve(fd, buffers[fd])) {
                buffers.erase(fd);
                ::close(fd);
            }
        }
    }
}

struct Server {
    pid_t child = 0;
    sockaddr_in address{};
};

Server start_server() {
    Server server;
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    server.address.sin_family = AF_INET;
    server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof server.address;
    auto* address = reinterpret_cast<sockaddr*>(&server.address);
    if (::bind(listener, address, size) != 0 || ::listen(listener, 512) != 0) return server;
    ::getsockname(listener, address, &size);
    server.child = ::fork();
    if (server.child == 0) run_server(listener);
    ::close(listener);
    return server;
}

// ---- the clients -----------------------------------------------------------------------------

struct Figures {
    std::int64_t requests = 0;
    std::int64_t failures = 0;
    double seconds = 0;
    double cpu_seconds = 0;  ///< of the sending thread
};

double thread_cpu() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& v) {
        return static_cast<double>(v.tv_sec) + static_cast<double>(v.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Keeps in_flight calls under way; all counting is done on the client's thread.
class CurlRun {
  public:
    CurlRun(const Options& options, std::string url) : options_(options), url_(std::move(url)) {}

    Figures run() {
        curl::CurlOptions settings;
        settings.max_in_flight = static_cast<std::size_t>(options_.in_flight);
        settings.max_per_host = static_cast<std::size_t>(options_.connections);
        auto opened = curl::CurlOutbound::open(settings, clock_, log_);
        if (!opened) return {};
        outbound_ = std::move(*opened);
        const auto start = Steady::now();
        end_ = start + std::chrono::seconds(options_.seconds);
        open_ = options_.in_flight;
        for (std::int64_t i = 0; i < options_.in_flight; ++i) send();
        while (open_ > 0) std::this_thread::sleep_for(Millis(20));
        figures_.seconds = std::chrono::duration<double>(Steady::now() - start).count();
        outbound_.reset();
        return figures_;
    }

  private:
    void send() {
        OutboundRequest request;
        request.url = url_;
        request.headers = {{"Content-Type", "application/json"},
                           {"Authorization", "Bearer 0123456789abcdef0123456789abcdef"}};
        request.body.assign(static_cast<std::size_t>(options_.body), 'x');
        if (options_.http2) request.version = HttpVersion::http2;
        outbound_->call(std::move(request), [this](OutboundReply reply) { done(reply); });
    }
    void done(const OutboundReply& reply) {
        ++figures_.requests;
        if (reply.status != 200) ++figures_.failures;
        if (Steady::now() < end_) return send();
        figures_.cpu_seconds = thread_cpu();
        --open_;
    }

    const Options& options_;
    const std::string url_;
    SystemClock clock_;
    Log log_{LogLevel::error};
    Steady::time_point end_;
    std::atomic<std::int64_t> open_{0};
    Figures figures_;  // of the client's thread
    std::unique_ptr<curl::CurlOutbound> outbound_;
};

/// The same requests from bare sockets, one under way on each connection.
Figures run_bare(const Options& options, const sockaddr_in& address) {
    const int epoll = epoll_create1(0);
    const std::string request =
        "POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-Type: "
        "application/json\r\n"
        "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\nContent-Length: " +
        std::to_string(options.body) + "\r\n\r\n" +
        std::string(static_cast<std::size_t>(options.body), 'x');
    const auto connections = std::min(options.connections, options.in_flight);
    const double cpu_before = thread_cpu();
    const auto start = Steady::now();
    const auto end = start + std::chrono::seconds(options.seconds);
    for (std::int64_t i = 0; i < connections; ++i) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            return {};
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
    }
    Figures figures;
    std::array<epoll_event, 256> events;
    std::array<char, 4096> data;
    while (Steady::now() < end) {
        const int count = epoll_wait(epoll, events.data(), events.size(), 100);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (::recv(fd, data.data(), data.size(), 0) <= 0) return {};
            ++figures.requests;
            if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
        }
    }
    figures.seconds = std::chrono::duration<double>(Steady::now() - start).count();
    figures.cpu_seconds = thread_cpu() - cpu_before;
    return figures;
}

}  // namespace

int main(int count, char** words) {
    const auto options = read_options(count, words);
    if (!options) {
        std::fprintf(stderr, "see the head of bench/http_out.cpp for the options\n");
        return 2;
    }
    Server server;
    std::string url = options->url;
    if (url.empty()) {
        server = start_server();
        if (server.child <= 0) return 1;
        url = "http://127.0.0.1:" + std::to_string(ntohs(server.address.sin_port)) + "/send";
    }
    pin_to(0);
    const Figures figures =
        options->loop == "bare" ? run_bare(*options, server.address) : CurlRun(*options, url).run();
    if (server.child > 0) {
        ::kill(server.child, SIGKILL);
        ::waitpid(server.child, nullptr, 0);
    }
    if (figures.requests == 0 || figures.cpu_seconds <= 0) return 1;
    const auto requests = static_cast<double>(figures.requests);
    for (int i = 0; i < count; ++i) std::printf("%s ", words[i]);
    std::printf(
        "\n%lld requests, %lld failed, %.0f/s by the clock, %.1f us of processor each, "
        "%.0f/s for a whole core\n",
        static_cast<long long>(figures.requests), static_cast<long long>(figures.failures),
        requests / figures.seconds, figures.cpu_seconds / requests * 1e6,
        requests / figures.cpu_seconds);
    return figures.failures == 0 ? 0 : 1;
}
