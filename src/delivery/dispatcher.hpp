// Dispatcher: the worker. One thread takes ids from the queue, best first, as many as the sender
// pool has room for, finds the messages, sorts out what may not be sent any more, and hands the
// rest to their channels; outcomes come back through the sink, from any thread, and go to the
// committer. No thread waits for a provider. Resource limits named channel:<name> hold back only
// that channel. A message is out of its hands only when its outcome is in the committer's.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "contract/channel.hpp"
#include "contract/limiter.hpp"
#include "contract/queue.hpp"
#include "contract/store.hpp"
#include "delivery/account_book.hpp"
#include "delivery/committer.hpp"
#include "delivery/counters.hpp"
#include "delivery/due.hpp"
#include "delivery/fresh.hpp"
#include "delivery/in_flight.hpp"
#include "delivery/pool.hpp"
#include "delivery/settle.hpp"
#include "delivery/trace_out.hpp"
#include "route/destination.hpp"

namespace hongyan::delivery {

/// One channel for each kind; a null one has no provider, and nothing is accepted for it.
using Channels = std::array<Channel*, channel_names.size()>;

class Dispatcher {
  public:
    struct Parts {
        Store& store;
        Queue& queue;
        Limiter& limiter;
        Committer& committer;
        FreshMessages& fresh;
        DueTimer& due;
        InFlight& in_flight;
        Counters& counters;
        const Clock& clock;
        Log& log;
        Channels channels;
        RetryRule retry;
        Millis attempt_timeout;
        AccountBook* accounts;  ///< null: every message goes to its built-in channel
        /// A template's word on unknown outcomes, if it has one.
        std::function<std::optional<bool>(std::int64_t tenant_id, std::int64_t template_id)>
            hold_unknown;
        int node = -1;  ///< number in the cluster; -1 = the only one
        const TraceOut* trace = nullptr;
    };
    explicit Dispatcher(Parts parts);
    ~Dispatcher();

    /// Starts the channels and the thread; sender's size is how many messages may be in flight.
    Status start(const Pool& sender);
    /// Takes no more; what is in flight gets grace to come back. What does not is resumed at the
    /// next start.
    void stop(Millis grace);
    /// Takes no more from now on; safe from every thread.
    void halt();
    /// Takes no more for as long as it is paused; safe from every thread.
    void set_paused(bool paused) { paused_ = paused; }
    /// Channels that have a limit of their own, from the rules of now.
    void set_limited(ChannelMask mask);
    /// What follows from each class of outcome, as the operator has it now.
    void set_outcomes(const OutcomeTable& table);
    /// Limits by destination, recipient and template.
    void set_destinations(const std::vector<LimitRule>& rules) { destinations_.set_rules(rules); }
    [[nodiscard]] route::DestinationLimits& destinations() { return destinations_; }
    /// True if somebody is suppressed; else no message is looked up.
    void set_suppressing(bool suppressing) { suppressing_ = suppressing; }
    /// Outcomes of provider accounts come in here.
    void take_outcomes(std::vector<Sent> sent) { on_outcomes(std::move(sent)); }
    [[nodiscard]] std::int64_t completed() const { return completed_; }
    /// Gives the message the token that its provider gave for it, if it did.
    void remember_token(Session& session, Message& message) const;
    /// Settles a message that a crash left between its intent and its outcome.
    void settle_lost(MessagePtr message);

  private:
    /// What the limiter granted to a channel and no job has used yet.
    struct Permit {
        bool is_held = false;
        bool entered = false;
        std::int64_t at_us = 0;  ///< steady time from which it holds
    };
    using ByChannel = std::array<std::int64_t, channel_names.size()>;
    void loop();
    [[nodiscard]] std::vector<Job> next_jobs();
    [[nodiscard]] ByChannel room_by_channel();
    [[nodiscard]] std::pair<ChannelMask, std::size_t> next_turn(const ByChannel& room,
                                                                const ByChannel& waiting);
    [[nodiscard]] bool has_permit(std::size_t channel);
    void use_permit(const Job& job);
    void return_permits(ChannelMask keep);
    void dispatch(std::vector<Job> jobs);
    [[nodiscard]] Status find_missing(const std::vector<Job>& jobs,
                                      std::vector<MessagePtr>& messages,
                                      std::vector<Settled>& ended);
    [[nodiscard]] bool may_send(Message& message, const Job& job, std::vector<Settled>& ended);
    void hand_out(const std::vector<Job>& jobs, std::vector<MessagePtr> messages,
                  std::vector<Settled>& ended, std::vector<Job>& dropped);
    void hand_over(std::size_t channel, std::vector<MessagePtr> messages);
    void claim_and_send(Channel& channel, std::vector<MessagePtr> messages);
    void not_claimed(Job job, std::vector<MessageId>& over);
    void send(Channel& channel, std::vector<MessagePtr> messages);
    void on_outcomes(std::vector<Sent> sent);
    // dispatcher_accounts.cpp:
    [[nodiscard]] std::vector<Job> park_full(std::vector<Job> jobs);
    void remember_attempts(Session& session, Message& message) const;
    [[nodiscard]] bool is_suppressed(Session& session, const Message& message,
                                     std::vector<Settled>& ended) const;
    void tell_read_failed(const Error& error);
    void drop_suppressed(std::vector<MessagePtr>& messages, std::vector<Settled>& ended);
    [[nodiscard]] bool may_reach(const Message& message, const Job& job);
    void route(MessagePtr message, const Job& job, std::vector<Job>& dropped);
    void save_counts();
    void hand_to_accounts();
    [[nodiscard]] Circumstances circumstances_of(const Message& message,
                                                 const Outcome& outcome) const;
    [[nodiscard]] std::shared_ptr<const OutcomeTable> outcomes() const;
    [[nodiscard]] Settled settled_from(Sent sent, std::int64_t now_ms, std::int64_t now_us);
    void leave_held_back(const std::vector<Job>& taken, const std::vector<Job>& going);
    void leave_limiter(const Job& job);
    void release(const std::vector<Job>& jobs);
    void finish_over();

    Parts parts_;
    const Pool* sender_ = nullptr;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> paused_{false};
    std::atomic<ChannelMask> limited_{0};
    std::atomic<bool> waits_for_room_{false};  ///< a channel has its most in flight
    std::int64_t read_told_us_ = 0;  ///< steady time of the last line in the log; the thread's own
    std::int64_t reads_failed_ = 0;  ///< since then
    std::atomic<ChannelMask> left_{0};  ///< channels of which one that the limiter counted has left
    std::atomic<std::int64_t> completed_{0};
    // Of the thread only:
    std::array<std::int64_t, channel_names.size()> rest_until_us_{};
    std::array<Permit, channel_names.size()> permits_{};
    std::map<AccountPtr, std::vector<MessagePtr>> chosen_;  ///< of one round
    std::vector<MessageId> over_;  ///< of one round: nothing is left to be done with these

    route::DestinationLimits destinations_;
    std::atomic<bool> suppressing_{false};
    mutable std::mutex outcomes_mutex_;
    std::shared_ptr<const OutcomeTable> outcomes_ =
        std::make_shared<OutcomeTable>(default_outcomes());  ///< under outcomes_mutex_

    std::mutex inside_mutex_;
    std::unordered_set<MessageId>
        inside_;  ///< messages that the limiter counts as inside; under inside_mutex_
};

}  // namespace hongyan::delivery
