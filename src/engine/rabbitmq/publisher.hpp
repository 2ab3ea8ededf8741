// Publisher: the thread that brings jobs to the broker. It packs what waits into carriers, keeps up
// to a window of them on their way to a confirm, and sends again what is refused, returned,
// unconfirmed for too long or was on its way when the connection broke. While the broker blocks
// publishers, jobs wait; beyond the outbox's room they are dropped and reported as lost, for the
// store has them. All members are safe from every thread.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "engine/rabbitmq/link.hpp"
#include "engine/rabbitmq/outbox.hpp"

namespace hongyan::rabbitmq {

using Lost = std::function<void(const std::string& why)>;

class Publisher final : private Link::Work {
  public:
    /// lost is told of queues that had to be made and of jobs that had no room.
    Publisher(const Options& options, const Clock& clock, Log& log, Lost lost);
    ~Publisher() override;
    void start() { link_.start(); }
    void stop(Millis grace) { link_.stop(grace); }

    void publish(std::span<const Job> jobs);
    /// Puts a body that cannot be read into the dead-letter queue.
    void bury(std::string body);
    [[nodiscard]] QueueHealth health() const { return link_.health(); }
    [[nodiscard]] const Outbox& outbox() const { return outbox_; }
    void add_to(QueueStats& stats) const;

  private:
    Status prepare(Connection& connection) override;
    Status step(Connection& connection) override;
    void on_confirm(std::uint64_t tag, bool multiple, bool refused) override;
    Status on_message(Connection& connection, Incoming message) override;
    void on_blocked(bool blocked) override;
    void on_lost() override;
    bool is_finished() override { return outbox_.empty(); }
    Millis rest() override;
    bool wants_to_write() override { return wants_to_write_; }
    [[nodiscard]] Status send_waiting(Connection& connection);
    [[nodiscard]] Status send_dead(Connection& connection);
    [[nodiscard]] Status check_queues(Connection& connection);
    [[nodiscard]] Status check_overdue() const;
    void report_dropped();
    [[nodiscard]] bool may_send(const Connection& connection);

    const Options& options_;
    const std::vector<Band> bands_;
    const Clock& clock_;
    Log& log_;
    const Lost lost_;
    Outbox outbox_;
    // Of the thread only:
    std::uint64_t last_tag_ = 0;
    bool blocked_ = false;
    bool wants_to_write_ = false;
    bool has_more_ = false;  ///< to send, at once
    bool was_returned_ = false;
    std::int64_t rest_until_us_ = 0;  ///< after a refusal

    std::atomic<std::uint64_t> published_{0};
    std::atomic<std::uint64_t> carriers_{0};
    std::atomic<std::uint64_t> confirmed_{0};
    std::atomic<std::uint64_t> republished_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<bool> has_dropped_{false};
    std::mutex dead_mutex_;
    std::deque<std::string> dead_;  ///< under dead_mutex_
    Link link_;                     ///< last: its thread uses all of the above
};

}  // namespace hongyan::rabbitmq
