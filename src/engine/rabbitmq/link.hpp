// Link: one thread that keeps one connection to the broker. It connects, with growing pauses after
// failures and every host in turn, lets its work prepare the connection, then alternates between
// reading frames and doing work until the connection breaks or stop() is called. Messages that
// frames make up are put together here. Links tell their state for people. start(), stop(), wake()
// and health() are safe from every thread; Work is called by the link's thread only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "contract/queue.hpp"
#include "engine/rabbitmq/connection.hpp"

namespace hongyan::rabbitmq {

/// A message that the broker delivered or gave back.
struct Incoming {
    bool returned = false;
    bool redelivered = false;
    std::uint64_t tag = 0;  ///< of a delivery
    amqp_channel_t channel = 0;
    std::string reason;    ///< of a returned one
    std::uint64_t id = 0;  ///< what publish() was given
    std::uint64_t size = 0;
    std::string body;
};

class Link {
  public:
    class Work {
      public:
        virtual ~Work() = default;
        /// A fresh connection, logged in.
        [[nodiscard]] virtual Status prepare(Connection& connection) = 0;
        /// What is to be done now; also called when nothing happened for a while.
        [[nodiscard]] virtual Status step(Connection& connection) = 0;
        virtual void on_confirm(std::uint64_t, bool /*multiple*/, bool /*refused*/) {}
        [[nodiscard]] virtual Status on_message(Connection&, Incoming) { return Done{}; }
        virtual void on_blocked(bool) {}
        /// The connection is gone; everything that belonged to it is void.
        virtual void on_lost() = 0;
        /// True when a stop need not wait any longer.
        [[nodiscard]] virtual bool is_finished() = 0;
        /// How long the link may sleep, and whether it waits for the socket to take more.
        [[nodiscard]] virtual Millis rest() = 0;
        [[nodiscard]] virtual bool wants_to_write() { return false; }
    };

    Link(const Options& options, Log& log, std::string purpose, Work& work);
    ~Link();
    void start();
    /// Lets the work finish, at most for grace, then ends the connection and the thread.
    void stop(Millis grace);
    void wake();
    [[nodiscard]] QueueHealth health() const;
    [[nodiscard]] std::uint64_t connects() const { return connects_; }

  private:
    void loop();
    [[nodiscard]] Status run(Connection& connection);
    /// True if there may be more to read at once.
    [[nodiscard]] Result<bool> read(Connection& connection);
    [[nodiscard]] Status on_method(Connection& connection, const amqp_frame_t& frame);
    [[nodiscard]] Status on_content(Connection& connection, const amqp_frame_t& frame);
    [[nodiscard]] bool is_over() const;
    void note(bool connected, bool blocked, std::string detail);
    void pause(Millis time);
    void drain_wake();

    const Options& options_;
    Log& log_;
    const std::string purpose_;
    Work& work_;
    const int wake_fd_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> cut_{false};  ///< grace is over
    std::atomic<bool> awake_{false};
    std::atomic<std::uint64_t> connects_{0};
    std::map<amqp_channel_t, Incoming> incoming_;  ///< half-read ones; of the thread only

    mutable std::mutex mutex_;
    // Under mutex_:
    QueueHealth health_;
    std::condition_variable stopped_wake_;
    bool stopped_ = false;
    Connection* current_ = nullptr;  ///< for shut()
};

}  // namespace hongyan::rabbitmq
