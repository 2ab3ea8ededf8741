// Worker: one I/O thread with its event loop, its connections, its pool of exchanges, its deadline
// wheel and its inbox of answers given by other threads. Everything is touched by its own thread
// only, except where a member says otherwise; the counters may be read from everywhere.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive_ptr.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/unique_function.hpp"
#include "http/connection.hpp"
#include "http/deadline_wheel.hpp"
#include "http/exchange.hpp"
#include "http/server_context.hpp"

namespace hongyan::http {

class SocketSession;

/// Counters with one writer.
struct WorkerCounters {
    using Counter = std::atomic<std::uint64_t>;
    Counter connections{0};
    Counter sockets{0};
    Counter accepted{0};
    Counter refused{0};
    std::array<Counter, 6> requests{};
    Counter in_flight{0};
    Counter bytes_received{0};
    Counter bytes_sent{0};
    Counter wakes{0};

    static void add(Counter& counter, std::uint64_t step) {
        counter.store(counter.load(std::memory_order_relaxed) + step, std::memory_order_relaxed);
    }
};

// shared: an Exchange in flight keeps its worker, because a Responder may outlive the Server.
class Worker : public std::enable_shared_from_this<Worker> {
  public:
    using Tcp = boost::asio::ip::tcp;

    explicit Worker(std::shared_ptr<ServerContext> context);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // --- Any thread -------------------------------------------------------------------------
    void start();
    /// Asks the thread to end when its requests are done, or the grace is over; then join().
    void request_stop();
    void join();
    void adopt(Tcp::socket socket, std::string peer, ConnectionLimits::Place place);
    void answered_elsewhere(Exchange& exchange);
    /// After the end of the thread fn is destroyed at once.
    void schedule_elsewhere(Millis wait, UniqueFunction<void()> fn);
    [[nodiscard]] bool is_this_thread() const {
        return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    [[nodiscard]] ServerContext& context() { return *context_; }
    [[nodiscard]] boost::asio::io_context& loop() { return loop_; }
    [[nodiscard]] const WorkerCounters& counters() const { return counters_; }

    // --- Its own thread ---------------------------------------------------------------------
    [[nodiscard]] Exchange& acquire(Connection& connection);
    void release(Exchange& exchange);
    void answered_here(Exchange& exchange);
    /// Pumps the connections that were given answers since the last time; the end of each turn.
    void flush();
    void schedule(Millis wait, UniqueFunction<void()> fn);
    void connection_closed(Connection& connection);
    /// Lists the session, which keeps it alive, until it is closed.
    void socket_opened(std::shared_ptr<SocketSession> session);
    void socket_closed(const std::shared_ptr<SocketSession>& session);
    void set_deadline(Connection& connection, std::int64_t due_ms) {
        wheel_.set(connection, due_ms);
    }
    void remove_deadline(Connection& connection) { wheel_.remove(connection); }
    /// Steady time of the last tick, milliseconds.
    [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] std::string_view common_fields() const { return common_fields_; }
    /// A new request id; valid until the next call.
    [[nodiscard]] std::string_view make_request_id();
    [[nodiscard]] WorkerCounters& own_counters() { return counters_; }
    [[nodiscard]] std::vector<std::string_view>& path_values() { return path_values_; }

  private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Timed {
        SteadyTime due;
        std::uint64_t order;  ///< equal times run in the order they were given
        UniqueFunction<void()> fn;
        friend bool operator<(const Timed& a, const Timed& b) {
            return a.due != b.due ? a.due > b.due : a.order > b.order;  // a heap, earliest on top
        }
    };
    struct Inbox {
        std::vector<Exchange*> answered;
        std::vector<std::pair<Millis, UniqueFunction<void()>>> timed;
        bool woken = false;
        bool closed = false;
    };

    void run();
    void wake();
    void drain_inbox();
    void close_inbox();
    void tick();
    void arm_tick();
    void arm_timed();
    void run_timed();
    void begin_stop();
    void end_if_done();

    const std::shared_ptr<ServerContext> context_;
    WorkerCounters counters_;

    Guarded<Inbox> inbox_;
    std::atomic<std::thread::id> thread_id_{};
    std::thread thread_;

    // Owned by the thread.
    std::vector<std::unique_ptr<Exchange>> pool_;
    std::vector<Exchange*> answered_;  ///< of the inbox, being handled
    std::vector<boost::intrusive_ptr<Connection>> dirty_;
    std::vector<std::string_view> path_values_;
    std::vector<Timed> timed_;
    std::uint64_t next_order_ = 0;
    std::int64_t now_ms_;
    std::int64_t date_second_ = 0;
    std::string common_fields_;
    std::string request_id_;
    std::uint32_t next_request_ = 0;
    bool stopping_ = false;
    bool ended_ = false;
    DeadlineWheel wheel_;
    using Connections =
        boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;
    Connections connections_;
    std::set<std::shared_ptr<SocketSession>> sockets_;
    // Last, so that it is destroyed first: its handlers own connections that use the above.
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer timed_timer_;
    boost::asio::steady_timer grace_timer_;
};

}  // namespace hongyan::http
