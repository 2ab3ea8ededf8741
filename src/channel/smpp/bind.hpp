// Bind: one session with the centre: connects, logs in, keeps a window of unanswered submits, keeps
// the link alive both ways, and after a loss comes back with growing pauses. It knows PDUs but not
// messages: what it submits is named by a Ticket. Used on the account's thread only; its owner
// drives it with tick() and hears of everything through BindEvents.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "channel/smpp/connection.hpp"
#include "channel/smpp/loop.hpp"
#include "channel/smpp/pace.hpp"
#include "channel/smpp/pdu.hpp"
#include "channel/smpp/settings.hpp"

namespace hongyan::smpp {

class Bind;

/// Which segment of which job a submit is.
struct Ticket {
    std::uint64_t job = 0;
    MessageId message_id = 0;
    std::size_t segment = 0;
    std::size_t segments = 1;
};

/// The answer to a submit. Late ones come after on_overdue() for the same ticket.
struct SubmitAnswer {
    Ticket ticket;
    std::uint32_t status = 0;
    std::string message_id;  ///< as the centre wrote it
};

/// How a session ended and what was lost with it.
struct Loss {
    enum class Kind : std::uint8_t { not_connected, refused, cut };
    Kind kind = Kind::not_connected;
    std::string why;
    std::vector<Ticket> written;    ///< nobody knows what became of them
    std::vector<Ticket> unwritten;  ///< not a byte of them left
};

/// Where an incoming message must be answered: gone if the session has changed meanwhile.
struct ReplyTo {
    Bind* bind = nullptr;
    std::uint64_t session = 0;
    std::uint32_t command = 0;  ///< of the answer
    std::uint32_t sequence = 0;
};

class BindEvents {
  public:
    virtual ~BindEvents() = default;
    virtual void on_bound(Bind& bind) = 0;
    virtual void on_answer(Bind& bind, const SubmitAnswer& answer) = 0;
    virtual void on_overdue(Bind& bind, const Ticket& ticket) = 0;
    virtual void on_message(const ReplyTo& reply_to, const ShortMessage& message) = 0;
    /// After all that one read brought; the time to submit more.
    virtual void on_pause(Bind& bind) = 0;
    virtual void on_loss(Bind& bind, const Loss& loss) = 0;
    /// A login by run() ended orderly.
    virtual void on_unbound(Bind& bind) = 0;
};

/// What binds share; all outlive them.
struct BindParts {
    Loop& loop;
    const Clock& clock;
    Log& log;
    const Settings& settings;
    std::string account;                   ///< for the log
    const NetworkList* allowed = nullptr;  ///< see ProviderParts
};

class Bind final : private ConnectionEvents {
  public:
    Bind(const BindParts& parts, Command role, BindEvents& events);
    ~Bind() override;

    /// Connects and logs in, again and again until stop() or unbind(); with once it ends with the
    /// first loss.
    void run(bool once = false);
    [[nodiscard]] bool is_bound() const { return state_ == State::bound; }
    [[nodiscard]] bool may_submit() const { return role_ != Command::bind_receiver; }
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] std::size_t unanswered() const { return window_.size(); }
    [[nodiscard]] Pace& pace() { return pace_; }
    /// The system_id that the centre gave itself.
    [[nodiscard]] const std::string& centre() const { return centre_; }

    /// Only while bound and with room. Leaves with the next flush().
    void submit(const ShortMessage& message, const Ticket& ticket);
    void answer(const ReplyTo& reply_to, std::uint32_t status);
    void flush();
    /// Time-outs and the life of the link.
    void tick(std::int64_t now_us);
    /// Ends the session as if it had been cut, and comes back.
    void drop(const std::string& why);
    /// Says goodbye; on_unbound() or on_loss() follows, and it does not come back.
    void unbind();
    /// Closes at once; no event follows.
    void stop();

  private:
    enum class State : std::uint8_t { idle, connecting, binding, bound, unbinding, stopped };
    struct Entry {
        Ticket ticket;
        std::int64_t sent_us = 0;
        std::uint64_t order = 0;
    };

    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_writable() override;
    void on_closed(const std::string& why) override;

    void connect();
    void lose(Loss::Kind kind, const std::string& why);
    void come_back(Loss::Kind kind);
    /// False if the session ended.
    bool handle(const Header& header, std::string_view body);
    bool handle_response(const Header& header, std::string_view body);
    bool handle_bind_answer(const Header& header, std::string_view body);
    void handle_submit_answer(const Header& header, std::string_view body);
    void handle_message(const Header& header, std::string_view body);
    void check_link(std::int64_t now_us);
    std::uint32_t next_sequence();

    // Fixed after construction.
    const BindParts parts_;
    const Command role_;
    BindEvents& events_;

    State state_ = State::idle;
    bool once_ = false;
    bool leaving_ = false;
    std::unique_ptr<Connection> connection_;
    Timer timer_;  ///< of the state: connecting, binding, unbinding, or the pause before the next
    Pace pace_;
    std::string in_;
    std::string out_;
    std::string centre_;
    std::uint32_t sequence_ = 0;
    std::uint64_t session_ = 0;
    std::map<std::uint32_t, Entry> window_;
    std::map<std::uint32_t, Ticket> overdue_;
    std::uint64_t order_ = 0;
    std::uint64_t flushed_order_ = 0;
    std::int64_t bound_us_ = 0;
    std::int64_t heard_us_ = 0;
    std::int64_t asked_us_ = 0;
    int misses_ = 0;
    int losses_ = 0;    ///< in a row
    int refusals_ = 0;  ///< in a row
};

}  // namespace hongyan::smpp
