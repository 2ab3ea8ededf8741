// Sender: the mails of one account that wait, and its connections. It opens connections while mails
// wait for one, up to the settings' bound, and collects what came of the mails into few calls of
// the sink. The four calls at the top are safe from every thread; everything else runs on the
// account's loop. A sender whose stop() has returned does nothing any more.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "channel/mail/smtp_connection.hpp"
#include "channel/mail/smtp_waiting.hpp"
#include "contract/provider.hpp"

namespace hongyan::mail {

// shared: what is posted to the loop keeps it.
class Sender final : public ConnectionEvents, public std::enable_shared_from_this<Sender> {
  public:
    Sender(std::unique_ptr<Server> server, Composer composer, Log& log);

    void start(OutcomeSink sink);
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    /// Opens a connection, logs in, says goodbye.
    void test(UniqueFunction<void(AccountTest)> done);
    /// Blocks until everything is reported: by itself within grace, else as it stands.
    void stop(Millis grace);

    // ConnectionEvents
    void finished(Job job, Outcome outcome) override;
    void again(Job job) override;
    void ready(Connection& connection) override;
    void watch(std::int64_t due_us) override;
    void ended(Connection& connection) override;

  private:
    struct Inbox {
        std::vector<Job> jobs;
        bool posted = false;
        bool stopped = false;
    };

    void take_inbox();
    [[nodiscard]] bool takes_long(const Message& message) const;
    void compose_more();
    void composed(Job job);
    void dispatch();
    void dispatch_later();
    [[nodiscard]] bool give(Connection& connection, bool behind_others);
    void open_more();
    void opened(Opening* opening, Opened result);
    void open_failed(const Outcome& failure);
    void fail_waiting(const Outcome& outcome);
    void on_timer();
    void report_late(Job job);
    [[nodiscard]] std::deque<Job> expire(std::deque<Job> jobs, std::int64_t now_us);
    void flush_outcomes();
    void report(Job job, Outcome outcome);
    void begin_stop(UniqueFunction<void()> stopped);
    void force_stop();
    void finish_stop();
    [[nodiscard]] bool nothing_waits() const;
    [[nodiscard]] bool is_quiet() const;

    // fixed after construction
    const std::unique_ptr<Server> server_;
    const Composer composer_;
    Log& log_;
    OutcomeSink sink_;
    // own synchronisation
    Guarded<Inbox> inbox_;
    // the loop's thread only
    boost::asio::steady_timer timer_;
    std::int64_t timer_due_us_;
    WaitingMails waiting_;
    std::deque<Job> uncomposed_;  ///< mails that take long to make, before waiting_
    std::size_t composing_ = 0;   ///< of them, on a computing thread now
    std::vector<std::shared_ptr<Connection>> connections_;
    std::vector<std::shared_ptr<Opening>> openings_;
    std::vector<std::shared_ptr<Opening>> tests_;
    std::vector<Sent> outcomes_;
    bool flush_posted_ = false;
    bool dispatch_posted_ = false;
    std::int64_t open_after_us_ = 0;  ///< no further connection before, after one was refused
    std::int64_t open_pause_us_ = 0;
    UniqueFunction<void()> stopped_;  ///< set while stopping
    bool forced_ = false;             ///< stopping, and the grace is over
    bool over_ = false;
};

}  // namespace hongyan::mail
