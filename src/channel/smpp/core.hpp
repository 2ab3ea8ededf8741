// Core: the engine room of an account. It turns messages into segments, shares them out to the
// binds within their windows and pace, gathers the answers of a message's segments into one
// outcome, and passes receipts on. One thread does everything; the Account before it only posts.
// Each message comes back through the sink exactly once, at its deadline at the latest.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "channel/smpp/bind.hpp"
#include "channel/smpp/receipt_book.hpp"
#include "channel/smpp/settings.hpp"
#include "channel/smpp/trial.hpp"
#include "contract/provider.hpp"

namespace hongyan::smpp {

/// A message on its way, with what became of each segment.
struct Job {
    enum class Part : std::uint8_t { waiting, sent, accepted, refused, lost };
    std::uint64_t number = 0;
    MessagePtr message;
    std::int64_t deadline_ms = 0;
    ShortMessage head;  ///< all but text and TLVs
    std::vector<Segment> segments;
    std::vector<Part> parts;
    std::vector<std::string> ids;
    bool own_sender = false;    ///< the message chose its sender
    bool queued = false;        ///< stands in waiting_ or paused_
    std::uint32_t refusal = 0;  ///< the first refusal's status
    std::string lost_why;
    int tries = 0;  ///< of segments whose message is partly accepted
    std::int64_t not_before_us = 0;
    std::int64_t started_ms = 0;  ///< 0 until the first segment is submitted
    std::int64_t started_us = 0;

    [[nodiscard]] std::size_t count(Part part) const;
    /// The first segment that waits, or parts.size().
    [[nodiscard]] std::size_t next() const;
};

class Core final : public std::enable_shared_from_this<Core>, private BindEvents {
  public:
    Core(AccountSettings account, Settings settings, const ProviderParts& parts,
         std::shared_ptr<SharedReceipts> receipts);
    ~Core() override;

    // From any thread.
    Status start(OutcomeSink sink, ReceiptSink receipts);
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    void test(UniqueFunction<void(AccountTest)> done);
    void stop(Millis grace);

  private:
    struct Incoming {
        ReplyTo reply_to;
        ReceiptFacts facts;
        std::int64_t came_us = 0;
    };

    void on_bound(Bind& bind) override;
    void on_answer(Bind& bind, const SubmitAnswer& answer) override;
    void on_overdue(Bind& bind, const Ticket& ticket) override;
    void on_message(const ReplyTo& reply_to, const ShortMessage& message) override;
    void on_pause(Bind& bind) override;
    void on_loss(Bind& bind, const Loss& loss) override;
    void on_unbound(Bind& bind) override;

    [[nodiscard]] BindParts bind_parts();
    void open_binds();
    void take(MessagePtr message, std::int64_t deadline_ms);
    void give_back(std::vector<MessagePtr> batch);
    [[nodiscard]] Status prepare(Job& job);
    void start_trial(UniqueFunction<void(AccountTest)> done);
    void pump();
    /// Submits one segment on that bind if it has leave and there is one.
    bool submit_one(std::size_t bind);
    [[nodiscard]] Job* hand_to(std::size_t bind);
    void wait_for_pace();
    void settle(Job& job);
    void settle_mixed(Job& job);
    void finish(Job& job, OutcomeClass kind, std::string code, std::string detail,
                std::int64_t retry_after_ms = 0);
    /// Puts a job back to be sent, before those that came later.
    void put_back(Job& job);
    void refuse_waiting();
    void fail_unsent(Job& job);
    void tick();
    void check_deadlines();
    void flush_done();
    void late_answer(const SubmitAnswer& answer);
    void take_receipts(bool all);
    void store(std::vector<Receipt> receipts, std::vector<ReplyTo> answers);
    void begin_stop();
    void end_stop();
    void check_drained();
    [[nodiscard]] Job* find(std::uint64_t number);
    [[nodiscard]] Millis tick_pause() const;
    [[nodiscard]] bool any_bound() const;
    [[nodiscard]] std::uint16_t next_reference(const Address& source, const Address& destination);
    [[nodiscard]] OutcomeClass refusal_class(const Job& job) const;

    // Fixed after construction.
    const AccountSettings account_;
    const Settings settings_;
    const StatusMap vendor_;
    const ProviderParts parts_;
    const ReceiptRules receipt_rules_;
    const std::shared_ptr<SharedReceipts> shared_;  ///< with the accounts of the same login

    OutcomeSink sink_;          ///< fixed by start()
    ReceiptSink receipt_sink_;  ///< fixed by start()

    // On the loop's thread.
    Loop loop_;
    Timer tick_timer_;
    Timer pace_timer_;
    std::vector<std::unique_ptr<Bind>> binds_;
    std::vector<std::uint64_t> hands_;  ///< for each bind the job it is writing, or 0
    std::size_t turn_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Job>> jobs_;
    std::deque<std::uint64_t> waiting_;
    std::vector<std::uint64_t> paused_;  ///< put back with a pause
    std::uint64_t last_job_ = 0;
    std::vector<Sent> done_;
    std::vector<Incoming> incoming_;
    std::size_t storing_ = 0;
    std::array<std::uint16_t, 4'096> references_{};
    std::vector<std::unique_ptr<Trial>> trials_;
    bool reached_ = true;   ///< false after a connection failed and until one is bound
    bool refused_ = false;  ///< the centre refuses the login
    std::string trouble_;   ///< the last failure, for outcomes
    bool stopping_ = false;
    UniqueFunction<void()> drained_;
    std::size_t unbound_ = 0;
    bool unbinding_ = false;
    bool ticks_slowly_ = false;

    Guarded<bool> closed_{false};  ///< after stop() nothing is taken any more
};

}  // namespace hongyan::smpp
