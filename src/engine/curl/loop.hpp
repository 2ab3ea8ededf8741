// Loop: one thread that carries calls with epoll and libcurl's multi handles, one multi handle for
// each group of connections, so that a connection opened for one group is never used by another.
// Internal to engine/curl; add() is safe from every thread, all else belongs to the thread.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "engine/curl/curl_outbound.hpp"
#include "engine/curl/transfer.hpp"

namespace hongyan::curl {

/// The calls to one origin: as many as it may have run, the others wait here and take no place from
/// other hosts, so that a host that never answers cannot use up the client. Where calls can share
/// no connection (HTTP/1.1) it may have as many as connections, else half of all places.
struct Host {
    std::size_t most = 1;
    std::size_t running = 0;
    std::deque<Job> waiting;
};

class Loop {
  public:
    /// Errors: unavailable.
    [[nodiscard]] static Result<std::unique_ptr<Loop>> open(const CurlOptions& options,
                                                            NetworkList allowed, const Clock& clock,
                                                            Log& log);
    /// Ends what is under way, calls its done and joins the thread.
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(Job job);

  private:
    /// Closes itself.
    class Descriptor {
      public:
        explicit Descriptor(int fd) : fd_(fd) {}
        ~Descriptor();
        Descriptor(const Descriptor&) = delete;
        Descriptor& operator=(const Descriptor&) = delete;
        [[nodiscard]] int get() const { return fd_; }

      private:
        const int fd_;
    };
    struct FreeMulti {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    struct Group {
        Loop* loop = nullptr;
        std::uint32_t number = 0;
        std::string key;
        std::int64_t timer_us = -1;  ///< when libcurl wants to be called; -1 = not
        std::size_t running = 0;
        std::int64_t idle_since_us = 0;
        std::unique_ptr<CURLM, FreeMulti> multi;  ///< last: its end calls back into the rest
    };
    struct Incoming {
        std::vector<Job> jobs;
        bool stopping = false;
    };
    struct Finished {
        Transfer* transfer;
        CURLcode code;
        bool out_of_time;
    };

    Loop(const CurlOptions& options, NetworkList allowed, const Clock& clock, Log& log);
    static int on_socket(CURL*, curl_socket_t fd, int what, void* group, void* known);
    static int on_timer(CURLM*, long timeout_ms, void* group);

    void run();
    void wake();
    bool take_incoming();
    void start_waiting();
    void end_unsent(Job job, CallEnd end, std::string detail);
    [[nodiscard]] Host& host_of(const Job& job);
    void start(Job job, Host& host);
    Group& group_of(const OutboundRequest& request);
    void wait_for_events();
    [[nodiscard]] int wait_ms() const;
    void fire_timers();
    void collect(Group& group);
    void collect_overdue();
    void end_overdue(std::deque<Job>& waiting);
    void hear_goaways();
    void drop_idle_groups();
    void finish_all();
    void end_finished();
    void finish(const Finished& finished);
    void end_everything();

    // Fixed after construction:
    const Clock& clock_;
    Log& log_;
    const std::size_t max_in_flight_;
    const std::size_t max_per_host_;
    const std::int64_t group_idle_us_;
    TransferOptions transfer_options_;
    const Descriptor epoll_;
    const Descriptor event_;
    // Own synchronisation:
    Guarded<Incoming> incoming_;
    std::atomic<bool> woken_{false};
    // Of the thread alone:
    std::deque<Job> waiting_;  ///< beyond max_in_flight, within their time-outs
    std::unordered_map<std::string, Host> hosts_;
    std::int64_t next_waiting_check_us_ = 0;
    std::int64_t next_idle_check_us_ = 0;
    std::unordered_map<std::string, Group*> groups_by_key_;
    std::map<std::uint32_t, std::unique_ptr<Group>> groups_;
    std::uint32_t last_group_ = 0;
    std::unordered_map<Transfer*, std::unique_ptr<Transfer>> running_;
    std::vector<std::unique_ptr<Transfer>> free_;
    std::set<std::pair<std::int64_t, Transfer*>> deadlines_;
    std::vector<Finished> finished_;
    std::vector<GoAway> goaways_;
    std::thread thread_;
};

}  // namespace hongyan::curl
