// The channel's engine room: one thread that shares waiting messages out to a few sessions, opens
// and closes them as the work asks for, and hands finished attempts to the sink in batches. Each
// message given to it comes back through the sink exactly once.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "channel/email/poller.hpp"
#include "channel/email/session.hpp"
#include "contract/channel.hpp"

namespace hongyan::email {

class Sender final : private SessionEvents {
  public:
    /// clock and log must outlive it.
    Sender(SessionOptions options, std::size_t connections, const Clock& clock, Log& log);
    /// Stops without grace if that was not done.
    ~Sender() override;
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    /// Starts the thread; once.
    void start(OutcomeSink sink);
    /// From any thread, never blocks. After stop() the messages come back at once as transient.
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    /// Works on for at most grace, reports the rest truthfully, and ends the thread.
    void stop(Millis grace);

  private:
    struct Inbox {
        std::vector<Job> jobs;
        bool stopping = false;
        std::int64_t stop_us = 0;
    };

    void finished(Job job, Outcome outcome) override;
    void again(Job job) override;
    void connected() override;
    void connect_failed(Outcome outcome) override;

    void run();
    /// False once it is time to end.
    [[nodiscard]] bool take_inbox();
    void share_out();
    void open_connections();
    void run_timers();
    void expire_waiting(std::int64_t now_us);
    void fail_front(const Outcome& outcome);
    void end_everything();
    void flush();
    [[nodiscard]] bool any_live() const;
    [[nodiscard]] Millis time_to_wait() const;

    const SessionOptions options_;
    const Clock& clock_;
    Log& log_;
    OutcomeSink sink_;

    Guarded<Inbox> inbox_;
    Poller poller_;
    std::thread thread_;

    // Of the thread alone.
    std::vector<std::unique_ptr<Session>> sessions_;
    std::deque<Job> waiting_;
    std::vector<Sent> finished_;
    std::int64_t no_connect_before_us_ = 0;
    std::int64_t next_expiry_us_ = 0;
    std::int64_t stop_us_ = 0;  ///< > 0: stopping, and when at the latest
    bool reachable_ = true;
    std::string last_failure_;
};

}  // namespace hongyan::email
