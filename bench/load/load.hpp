// Load: drives one server from one thread over raw epoll. In a closed loop every connection sends
// as soon as its answer is there; in an open loop requests are due at fixed times, and a request
// that finds no free connection waits while its latency runs. Requests unanswered when the time is
// up are still waited for, and what never comes is counted.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "load/histogram.hpp"
#include "load/options.hpp"
#include "load/request.hpp"

namespace hongyan::bench {

struct LoadResult {
    std::uint64_t started_ns = 0;  ///< CLOCK_MONOTONIC at the first request
    double seconds = 0;            ///< the measured window
    std::uint64_t answered = 0;    ///< 2xx answers inside the window
    std::uint64_t accepted = 0;    ///< 2xx answers in all, with warm-up and stragglers
    std::uint64_t requests = 0;    ///< requests begun in all
    std::map<std::string, std::uint64_t>
        errors;               ///< by status, or "closed", "unanswered", "connect"
    std::string first_error;  ///< the beginning of the first answer that was not 2xx
    Histogram latency;        ///< of 2xx answers to requests begun inside the window
};

class Load {
  public:
    explicit Load(const Options& options);
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;
    ~Load();

    /// Runs once, to the end. Throws std::system_error when the server cannot be reached at all.
    LoadResult run();

  private:
    struct Connection {
        int descriptor = -1;
        bool busy = false;         ///< a request is out or half out
        bool wants_write = false;  ///< EPOLLOUT is armed
        std::size_t sent = 0;
        std::uint64_t begun_at = 0;  ///< ns; in an open loop when the request was due
        std::uint64_t paused_until = 0;
        std::string request;
        std::string partial;  ///< an answer that came in pieces
    };

    void connect(Connection& connection);
    void reconnect(Connection& connection);
    void watch(Connection& connection, std::uint32_t events, int operation);
    void begin(Connection& connection, std::uint64_t due);
    void send_rest(Connection& connection);
    void read_answer(Connection& connection);
    void finish(Connection& connection, int status, const char* bytes, std::size_t size);
    void fail(Connection& connection, const std::string& reason);
    void next_request(Connection& connection, std::uint64_t now);
    void send_due(std::uint64_t now);
    void resume_paused(std::uint64_t now);
    void handle_events(std::uint64_t limit);
    void count_unanswered(std::uint64_t now);
    [[nodiscard]] bool open_for_requests(std::uint64_t now) const;
    [[nodiscard]] std::uint64_t wake_at() const;

    const Options options_;
    const RequestTemplate template_;
    int epoll_ = -1;
    std::vector<Connection> connections_;
    std::vector<char> scratch_;
    std::deque<Connection*> idle_;  ///< open loop: connections without a request
    std::uint64_t next_number_;
    std::uint64_t busy_count_ = 0;
    std::uint64_t paused_count_ = 0;
    std::uint64_t window_begin_ = 0;
    std::uint64_t window_end_ = 0;
    std::uint64_t start_ = 0;
    std::uint64_t next_due_ = 0;  ///< open loop: how many requests have been due and sent
    LoadResult result_;
};

}  // namespace hongyan::bench
