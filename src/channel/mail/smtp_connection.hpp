// Connection: an open line to a mail server on which one mail follows the other. It keeps a short
// pipe of transactions: with PIPELINING the next mail's commands go out right behind the final dot
// of the one before, with CHUNKING whole mails follow each other without waiting. It knows at each
// moment which mails the server can have taken, which decides between transient and unknown when
// the line breaks. Lives on the account's loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channel/mail/compose.hpp"
#include "channel/mail/smtp_opening.hpp"

namespace hongyan::mail {

/// A message on its way through the account.
struct Job {
    MessagePtr message;
    std::int64_t deadline_us = 0;  ///< steady time by which the attempt must have ended
    std::int64_t started_ms = 0;   ///< wall time at which its dialogue began; 0 = not yet
    std::int64_t started_us = 0;
    int stale_tries = 0;  ///< lines that broke under it before it was sent
    std::optional<Result<Mail>> mail = std::nullopt;  ///< if it was composed before its turn
    std::string domain = {};     ///< of the recipient, where domains have limits
    const void* line = nullptr;  ///< the connection that it counts on, where they have
};

class Connection;

/// What a connection tells its sender.
class ConnectionEvents {
  public:
    virtual ~ConnectionEvents() = default;
    virtual void finished(Job job, Outcome outcome) = 0;
    /// The mail never left: to be sent by another connection.
    virtual void again(Job job) = 0;
    /// It can take a mail; the sender may call start().
    virtual void ready(Connection& connection) = 0;
    /// on_time() is wanted by then at the latest.
    virtual void watch(std::int64_t due_us) = 0;
    /// Told once; the sender forgets it.
    virtual void ended(Connection& connection) = 0;
};

// shared: the socket's handlers keep it.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Server& server, const Composer& composer, Opened opened, ConnectionEvents& events);

    /// To be called once; reads from now on.
    void begin();
    /// True if start() may be called.
    [[nodiscard]] bool wants_mail() const;
    [[nodiscard]] bool is_idle() const { return pipe_.empty(); }
    /// Puts the mail's commands into the output; go() sends it, unless the call came from ready().
    void start(Job job);
    void go();
    /// To be called when next_us() has come.
    void on_time(std::int64_t now_us);
    [[nodiscard]] std::int64_t next_us() const { return due_us_; }
    /// Says goodbye as soon as the mails under way have their answers.
    void leave();
    /// Ends at once; mails under way are reported as they truly stand.
    void abandon(std::string_view why);

  private:
    /// One mail's way through the dialogue. job is empty once it was reported early.
    struct Transaction {
        std::optional<Job> job;
        Mail mail;
        std::array<Stage, 5> stages{};  ///< whose replies are due, in order
        std::size_t stage_count = 0;
        std::size_t answered = 0;
        std::array<std::string, 4> commands;  ///< not yet said, without PIPELINING
        std::size_t said = 0;
        std::optional<Outcome> refusal;  ///< of the first command that was refused
        std::uint64_t content_end = 0;   ///< place in the output behind the mail; 0 = not there yet

        void expect(Stage stage) { stages[stage_count++] = stage; }
    };

    [[nodiscard]] bool prepare(Transaction& transaction);
    void say_commands(Transaction& transaction, std::string envelope, bool reset);
    void say_next(Transaction& transaction);
    void add_chunk(Transaction& transaction);
    void flush();
    void read_later();
    void on_readable();
    void on_reply(const Reply& reply);
    void on_refusal(Transaction& transaction, Stage stage, const Reply& reply);
    void broken_in(Transaction& transaction, const Reply& reply);
    void on_data_granted(Transaction& transaction);
    void advance(Transaction& transaction);
    void lost(const std::string& why);
    void report_lost(Transaction& transaction, const std::string& why, bool first);
    void expire(std::int64_t now_us);
    void finish(Job job, const Mail& mail, Outcome outcome);
    void refuse_job(Job job, const Error& error);
    [[nodiscard]] Outcome refusal_of(Stage stage, const Reply& reply) const;
    [[nodiscard]] Millis patience() const;
    void set_due();
    void settle();
    void close();

    Server& server_;
    const Composer& composer_;
    ConnectionEvents& events_;
    const std::unique_ptr<Stream> stream_;
    const Features features_;
    const bool pipelining_;
    const bool chunking_;

    std::deque<Transaction> pipe_;
    ReplyReader replies_;
    std::string out_;
    std::size_t written_ = 0;      ///< of out_
    std::uint64_t out_start_ = 0;  ///< place of out_'s first byte in all that was ever said
    bool write_waits_ = false;
    std::int64_t begun_ = 0;         ///< mails begun here
    std::int64_t completed_ = 0;     ///< mails that got their answer here
    std::int64_t last_move_us_ = 0;  ///< steady time of the last byte in or out
    std::int64_t due_us_ = 0;
    bool reset_first_ = false;  ///< a transaction was left open
    bool leaving_ = false;
    bool quitting_ = false;       ///< QUIT was said
    bool server_leaves_ = false;  ///< it said 421
    bool closed_ = false;
};

}  // namespace hongyan::mail
