// Delivery: everything between "accepted" and "settled", built and stopped in one place. The API
// hands it finished messages; it commits, queues, sends, retries and counts them. start() returns
// when messages can be accepted; what waited before is loaded beside, best priority first. stop()
// leaves every message either settled or in a state that the next start resumes. All members are
// safe from every thread after start().
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "contract/limiter.hpp"
#include "delivery/committer.hpp"
#include "delivery/counters.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/due.hpp"
#include "delivery/fresh.hpp"
#include "delivery/in_flight.hpp"
#include "delivery/live.hpp"
#include "delivery/pool.hpp"
#include "delivery/receipts.hpp"
#include "delivery/settle.hpp"
#include "delivery/trace_out.hpp"
#include "table/messages.hpp"
#include "table/nodes.hpp"

namespace hongyan::delivery {

struct DeliveryOptions {
    RetryRule retry;
    Millis attempt_timeout{60'000};
    CommitterOptions committer;
    std::int64_t max_waiting = 20'000'000;  ///< messages waiting; beyond, new ones are refused
    std::size_t fresh_messages = 16'384;
    std::size_t fresh_bytes = 16 * 1024 * 1024;
    /// Number in the cluster; -1 = the only one, which owns all that waits.
    int node = -1;
    bool sends = true;  ///< false: takes nothing from the queue
};

struct DeliveryParts {
    Store& store;
    Queue& queue;
    Limiter& limiter;
    const Clock& clock;
    Log& log;
    Channels channels;
    /// Called once, from the committer's thread, when the store can never be written again by this
    /// process.
    std::function<void(const std::string& detail)> on_store_lost = nullptr;
    AccountBook* accounts = nullptr;  ///< null: every message goes to its built-in channel
    std::function<std::optional<bool>(std::int64_t tenant_id, std::int64_t template_id)>
        hold_unknown = nullptr;  ///< a template's word on unknown outcomes
    LiveTrace* trace = nullptr;  ///< null: nobody keeps live traces
    std::string node_name = {};
};

struct RedrivePace {
    std::int64_t max = 1'000;
    double per_second = 0;  ///< they get times, so many in a second; 0 = all at once
};

/// What take_over() found.
struct TakenOver {
    std::int64_t interrupted = 0;  ///< were being sent; their outcome is unknown
    std::int64_t timed = 0;        ///< scheduled, or waiting for a next attempt
    std::int64_t waiting = 0;      ///< of a queue that died with its process
};

struct Redriven {
    std::int64_t matched = 0;
    std::int64_t retried = 0;
};

class Delivery final : private CommitSink {
  public:
    Delivery(DeliveryParts parts, DeliveryOptions options);
    ~Delivery() override;

    /// Errors of the channels' start or of the store.
    Status start();
    void stop(Millis grace);

    /// done comes after the sync with the message's id, or with a stored reply, or with an Error.
    void accept(MessagePtr message, std::unique_ptr<IdempotencyRecord> idempotency,
                AcceptDone done);
    void accept_batch(std::unique_ptr<Batch> batch);
    /// Runs a change of the store and answers after the sync.
    void change(Work work, WorkDone done) { committer_.run(std::move(work), std::move(done)); }

    /// Cancels a waiting message. Errors: not_found, illegal_transition (it is being sent, or
    /// final).
    void cancel(std::int64_t tenant_id, MessageId id, WorkDone done);
    /// Sends a failed or held message again. Errors: not_found, illegal_transition, unavailable
    /// (still loading at the start).
    void retry(std::int64_t tenant_id, MessageId id, WorkDone done);
    /// Cancels what of a batch is still waiting. Errors: not_found, conflict (nothing waits any
    /// more).
    void cancel_task(std::int64_t tenant_id, std::int64_t task_id, WorkDone done);
    /// Sends dead letters again that fit the filter (its status is set here), in small steps.
    /// Errors: unavailable.
    void redrive(table::MessageFilter filter, RedrivePace pace,
                 std::function<void(Result<Redriven>)> done);

    /// Takes over what belongs to no living node, step by step; guard runs first in each
    /// transaction and may throw StoreError. Blocks; one call at a time, from a job's thread.
    Result<TakenOver> take_over(const std::function<void(Session&)>& guard);
    /// Puts into the queue again what waits in the store and may be lost from there; gives how many
    /// messages it were. Blocks.
    Result<std::int64_t> republish(table::PendingPlace place);
    /// Takes nothing from the queue for as long as this node must not send.
    void set_paused(bool paused) { dispatcher_.set_paused(paused || !options_.sends); }

    /// The provider that a message of this tenant will certainly go by, "" if that is decided
    /// later.
    [[nodiscard]] std::string_view provider_of(std::int64_t tenant_id, ChannelKind kind) const;
    /// Tells the dispatcher which channels have limits of their own.
    void set_limits(const std::vector<LimitRule>& rules);
    void set_outcomes(const OutcomeTable& table) { dispatcher_.set_outcomes(table); }
    void set_suppressing(bool suppressing) { dispatcher_.set_suppressing(suppressing); }
    /// Stores receipts of an account; done after the sync, with what became of each. A replay key
    /// that was seen before makes them all duplicates.
    void receipts(const ReceiptOrigin& origin, std::vector<Receipt> receipts,
                  std::string replay_key,
                  UniqueFunction<void(Result<std::vector<ReceiptEffect>>)> done);
    [[nodiscard]] AccountBook* accounts() const { return parts_.accounts; }
    /// What would keep a waiting message from being sent at this moment, for people; "" = nothing.
    [[nodiscard]] std::string destination_limit(const Message& message);
    [[nodiscard]] Pool& sender() { return sender_; }
    [[nodiscard]] const Channels& channels() const { return parts_.channels; }
    [[nodiscard]] IdSource& ids() { return *ids_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] const LiveCounters& live() const { return live_; }
    /// What waits to be sent, in the queue and for a place on an account.
    [[nodiscard]] QueueDepth depth() const;
    [[nodiscard]] std::int64_t scheduled() const { return due_.size(); }
    [[nodiscard]] CommitterStats committer() const { return committer_.stats(); }
    /// How many other nodes write into the same store.
    void set_others(int others) { committer_.set_others(others); }
    [[nodiscard]] bool loading() const { return loading_; }

  private:
    void on_accepted(std::vector<MessagePtr> messages) override;
    void on_settled(std::vector<Settled> settled, const std::vector<bool>& legal) override;
    void on_store_lost(const std::string& detail) override;
    [[nodiscard]] bool is_full() const;
    void start_accounts();
    void load(MessageId end, std::int64_t last_task);
    [[nodiscard]] bool delete_unaccepted(std::int64_t last_task);
    template <class Take>
    void load_status(MessageStatus status, MessageId end, Take take);
    void load_lost(const std::vector<MessageId>& ids);
    [[nodiscard]] Status write_and_wait(Work work);
    [[nodiscard]] bool read_or_pause(const std::function<void(Session&)>& work);
    void publish(const std::vector<table::Waiting>& found);
    void count_cancelled(ChannelKind channel, std::size_t count);
    struct RedriveRun;
    void redrive_step(std::shared_ptr<RedriveRun> run);

    const DeliveryParts parts_;
    const DeliveryOptions options_;
    std::unique_ptr<IdSource> ids_;
    Counters counters_{};
    LiveCounters live_;
    const TraceOut trace_;
    FreshMessages fresh_;
    InFlight in_flight_;
    DueTimer due_;
    Committer committer_;
    Dispatcher dispatcher_;
    Pool sender_;
    std::thread loader_;
    std::atomic<bool> loading_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> stopped_{false};
};

}  // namespace hongyan::delivery
