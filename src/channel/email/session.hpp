// One SMTP session: a place for a connection that sends one mail after the other, opened, used,
// left idle and closed again and again. A state machine without blocking, driven by the sender's
// thread; it knows at each moment whether the server can have taken the mail, which is what
// decides between transient and unknown when the line breaks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "channel/email/address.hpp"
#include "channel/email/reply_table.hpp"
#include "channel/email/transport.hpp"
#include "model/message.hpp"

namespace hongyan::email {

/// A message on its way through the channel.
struct Job {
    MessagePtr message;
    std::int64_t deadline_us = 0;  ///< steady time by which the attempt must have ended
    std::int64_t started_ms = 0;   ///< wall time at which its dialogue began; 0 = not yet
    std::int64_t started_us = 0;
    int stale_tries = 0;  ///< kept connections that broke under it before it was sent
};

struct SessionOptions {
    ServerOptions server;
    Mailbox from;
    Millis timeout{60'000};  ///< for one mail
    std::int64_t messages_per_connection = 100;
};

/// What a session reports; the calls only note it down and never call back.
class SessionEvents {
  public:
    virtual ~SessionEvents() = default;
    virtual void finished(Job job, Outcome outcome) = 0;
    /// The mail never began: the kept connection had gone stale. To be sent by another one.
    virtual void again(Job job) = 0;
    virtual void connected() = 0;
    virtual void connect_failed(Outcome outcome) = 0;
};

class Session {
  public:
    /// The references must outlive it.
    Session(std::size_t index, const SessionOptions& options, Poller& poller, const Clock& clock,
            SessionEvents& events);

    [[nodiscard]] bool is_closed() const { return phase_ == Phase::closed; }
    [[nodiscard]] bool is_connecting() const { return phase_ == Phase::connecting; }
    [[nodiscard]] bool is_idle() const { return phase_ == Phase::idle; }
    [[nodiscard]] bool is_busy() const { return job_.has_value(); }

    /// Opens the connection; only when closed.
    void connect();
    /// Sends a mail; only when idle.
    void start(Job job);
    void on_ready(const Poller::Event& event);
    /// To be called when next_us() has come.
    void on_time(std::int64_t now_us);
    [[nodiscard]] std::int64_t next_us() const;
    /// Ends at once: the job, if there is one, is reported as it truly stands.
    void abandon(std::string_view why);

  private:
    enum class Phase {
        closed,
        connecting,
        idle,
        commands,  ///< RSET, MAIL, RCPT, DATA
        discard,   ///< DATA was granted though the mail cannot be sent: an empty one is refused
        body,      ///< the mail is being written
        verdict,   ///< the mail is written to its final dot
    };
    struct Command {
        Stage stage;
        std::string line;
    };

    void transport_state(Transport::State state);
    void read();
    void on_reply(Reply reply);
    void on_command_reply(Reply reply);
    void commands_answered(const Reply& last);
    void on_verdict(const Reply& reply);
    [[nodiscard]] bool prepare(const Job& job);
    void make_commands(const Mailbox& to);
    void send_next_commands();
    void begin_write(std::string bytes);
    void write();
    void lost(const std::string& why);
    void refuse(Stage stage, const Reply& reply);
    void finish(Outcome outcome);
    void free_connection();
    void close();
    [[nodiscard]] Outcome outcome_of(Stage stage, const Reply& reply) const;

    const std::size_t index_;
    const SessionOptions& options_;
    Poller& poller_;
    const Clock& clock_;
    SessionEvents& events_;

    Phase phase_ = Phase::closed;
    std::unique_ptr<Transport> transport_;
    std::int64_t sent_here_ = 0;  ///< mails begun on this connection
    std::int64_t idle_until_us_ = 0;
    bool reset_first_ = false;  ///< a transaction was left open
    bool close_after_ = false;  ///< the server said 421
    ReplyReader replies_;

    std::optional<Job> job_;
    std::int64_t job_until_us_ = 0;
    std::string mail_;  ///< in wire form
    std::vector<Command> commands_;
    std::size_t commands_sent_ = 0;
    std::size_t answers_ = 0;
    std::optional<Outcome> refusal_;  ///< of the first command that was refused
    std::string out_;
    std::size_t written_ = 0;
};

}  // namespace hongyan::email
