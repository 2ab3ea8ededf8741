// Link: one connection to Redis that heals itself. It connects, says who it is, sends commands one
// after the other without waiting for answers, notices a peer that no longer answers, and connects
// anew with growing, jittered pauses. Lives on the loop's thread. A command is answered exactly
// once, also one of several that are given together: with a value, with `unavailable` (it was not
// sent), or with `io_failed` (it was sent, and whether it was done is unknown). A server that is
// loading, or that became a replica, counts as lost. A subscriber's link has no answers: whatever
// comes goes to on_push().
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/redis/connection.hpp"
#include "engine/redis/value.hpp"

namespace hongyan::redis {

using Completion = UniqueFunction<void(Result<Value>)>;

struct LinkOptions {
    Address address;
    std::string client_name = "hongyan";
    Millis connect_timeout{2'000};
    Millis answer_timeout{1'000};  ///< a command without answer for so long ends the connection
    Millis ping_every{1'000};
    Millis retry_first{50};
    Millis retry_most{2'000};
    std::size_t pending_max = 50'000;  ///< commands without an answer; more are refused
};

class LinkEvents {
  public:
    virtual ~LinkEvents() = default;
    virtual void on_up(const std::string& run_id) = 0;
    /// Also when a connection could not be made.
    virtual void on_down(const std::string& why) = 0;
    virtual void on_push(const Value& value) = 0;
};

/// What a failure that Redis answered means for us.
[[nodiscard]] Error error_of(const Value& failure);

class Link final : public ConnectionEvents {
  public:
    enum class Use { commands, subscriber };
    Link(Loop& loop, LinkOptions options, LinkEvents& events, Use use);
    ~Link() override;

    void open();
    /// Ends the connection and answers what is pending; no event comes after this.
    void close();
    [[nodiscard]] bool is_up() const { return is_up_; }
    /// Sent with the next flush(); completion is called for each command, in their order. A
    /// subscriber's commands have none.
    void send(const Commands& commands, Completion completion);
    void flush();

  private:
    struct Pending {
        std::int64_t deadline_us;
        Completion completion;
        std::size_t left = 1;  ///< answers
    };
    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_closed(const std::string& why) override;

    void greet();
    void expect_greeting(const Words& words);
    void greeted(const Value& answer, bool is_info);
    void answer(Value value);
    void watch();
    void lose(const std::string& why);
    void fail_pending(const std::string& why);
    void complete_front(Value value);
    [[nodiscard]] static std::int64_t now_us();

    // Fixed after construction.
    Loop& loop_;
    const LinkOptions options_;
    LinkEvents& events_;
    const Use use_;
    // The loop's thread only.
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Reader> reader_;
    std::deque<Pending> pending_;
    std::size_t pending_count_ = 0;  ///< answers
    Timer watch_timer_;
    Timer retry_timer_;
    bool is_up_ = false;
    bool is_closed_ = true;
    int greetings_left_ = 0;
    int failures_ = 0;  ///< connections lost in a row
    std::string run_id_;
    std::int64_t connecting_since_us_ = 0;
    std::int64_t last_bytes_us_ = 0;
    std::int64_t last_ping_us_ = 0;
    std::shared_ptr<bool> alive_;  ///< false once closed: work posted before then does nothing
};

}  // namespace hongyan::redis
