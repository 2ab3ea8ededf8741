// AccountBook: every open provider account, by tenant and channel. It opens and closes them as
// their rows change, while messages are on their way; chooses one for a message and takes a place
// on it; hears of outcomes and receipts first; and keeps, for each tenant and channel, the jobs
// that wait for a place, so that a slow or dead provider holds up nobody else. All members are safe
// from every thread; choosing takes locks for moments only and never calls a provider.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/vault.hpp"
#include "contract/provider.hpp"
#include "contract/queue.hpp"
#include "delivery/live_account.hpp"
#include "route/choose.hpp"

namespace hongyan::delivery {

/// Shared: callers use an account while a reload replaces it in the book.
using AccountPtr = std::shared_ptr<LiveAccount>;

class AccountBook {
  public:
    struct Sinks {
        std::function<void(std::vector<Sent>)> outcomes;
        /// account, receipts, and whom to tell when they are stored
        std::function<void(const LiveAccount&, std::vector<Receipt>, UniqueFunction<void(bool)>)>
            receipts;
        /// account, tokens, and whom to tell when they are stored
        std::function<void(std::int64_t, std::vector<TokenStore::Given>,
                           UniqueFunction<void(bool)>)>
            tokens;
    };
    /// The tenant whose accounts are the operator's own: only they may lead to private addresses.
    static constexpr std::int64_t operators_tenant = 1;
    /// All must outlive the book. providers is constant; allowed are the networks that accounts of
    /// other tenants may reach besides public addresses.
    AccountBook(const ProviderList& providers, const ProviderParts& parts, const Vault& vault,
                Queue& queue, NetworkList allowed = {});
    ~AccountBook();

    /// Before apply(): where outcomes and receipts go.
    void start(Sinks sinks);
    /// Opens what is new or changed, closes what is gone; an account that cannot be opened stays in
    /// the book with its trouble.
    void apply(std::vector<AccountRecord> records);
    /// Closes all; waits at most grace for what is under way.
    void stop(Millis grace);

    [[nodiscard]] const Provider* provider(ChannelKind channel, std::string_view name) const;
    [[nodiscard]] const ProviderList& providers() const { return providers_; }
    /// True if this tenant has accounts on the channel, usable or not: then messages go by them
    /// only.
    [[nodiscard]] bool serves(std::int64_t tenant_id, ChannelKind channel) const;
    [[nodiscard]] bool has_room(std::int64_t tenant_id, ChannelKind channel,
                                std::int64_t now_ms) const;
    /// Problems of a message for which no account fits; empty if one does.
    [[nodiscard]] std::vector<Problem> check(std::int64_t tenant_id, ChannelKind channel,
                                             std::string_view recipient,
                                             const Content& content) const;

    struct Chosen {
        route::Route route;
        AccountPtr account;  ///< of Choice::send: a place is taken
    };
    [[nodiscard]] Chosen choose(const Message& message, std::int64_t now_ms) const;
    /// The same without taking a place, for people.
    [[nodiscard]] route::Route explain(const Message& message, std::int64_t now_ms) const;
    /// True if another account than this one, on which the message has not failed, could take it
    /// now.
    [[nodiscard]] bool has_other(const Message& message, std::int64_t but,
                                 std::int64_t now_ms) const;

    /// Opens an account with these settings and throws it away. Errors: as Provider::open.
    [[nodiscard]] Status try_open(const Provider& provider, AccountSettings settings) const;
    [[nodiscard]] AccountPtr find(std::int64_t id) const;
    /// The other accounts that may hear this one's receipts; see Account::receipt_scope().
    [[nodiscard]] std::vector<std::int64_t> receipt_peers(std::int64_t id) const;
    /// By the last part of a callback's URL: key, id or name.
    [[nodiscard]] AccountPtr find_for_callback(ChannelKind channel, std::string_view word) const;
    [[nodiscard]] std::vector<AccountPtr> all() const;

    /// Keeps jobs of a tenant and channel until there is room.
    void park(const std::vector<Job>& jobs);
    /// Jobs that wait for room.
    [[nodiscard]] QueueDepth parked() const;

  private:
    using GroupKey = std::pair<std::int64_t, ChannelKind>;
    using Group = std::vector<AccountPtr>;
    struct Snapshot {
        std::map<GroupKey, Group> groups;
        std::map<std::int64_t, AccountPtr> by_id;
    };
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
    [[nodiscard]] AccountPtr open(AccountRecord record);
    [[nodiscard]] ProviderParts parts_for(std::int64_t tenant_id);
    [[nodiscard]] const Group* group_of(const Snapshot& snapshot, std::int64_t tenant_id,
                                        ChannelKind channel) const;
    /// Messages that the accounts could start now.
    [[nodiscard]] static std::size_t room_of(const Group& group, std::int64_t now_ms);
    [[nodiscard]] route::Route ask(const Group& group, const Message& message, std::int64_t now_ms,
                                   bool with_reasons) const;
    void on_outcomes(const std::weak_ptr<LiveAccount>& account, std::vector<Sent> sent);
    void close_later(AccountPtr account);
    void close_when_idle(LiveAccount& account) const;
    void lane_loop();
    void release_lanes();
    void count_parked(const Job& job, int sign);

    /// Whatever URL an account calls, its tenant chose it.
    class TenantOutbound final : public Outbound {
      public:
        explicit TenantOutbound(Outbound& inner) : inner_(inner) {}
        void call(OutboundRequest request, OutboundDone done) override;

      private:
        Outbound& inner_;
    };
    class Tokens final : public TokenStore {
      public:
        explicit Tokens(const Sinks& sinks) : sinks_(sinks) {}
        void keep(std::int64_t account_id, std::vector<Given> tokens,
                  UniqueFunction<void(bool)> stored) override;

      private:
        const Sinks& sinks_;
    };

    const ProviderList& providers_;
    const ProviderParts parts_;
    const Vault& vault_;
    Queue& queue_;
    const NetworkList allowed_;
    Sinks sinks_;  ///< fixed by start()
    TenantOutbound tenant_outbound_;
    Tokens tokens_;

    mutable std::mutex mutex_;
    std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();  ///< under mutex_
    std::atomic<ChannelMask> served_{0};  ///< channels on which anybody has accounts
    std::mutex apply_mutex_;              ///< one apply() at a time
    struct Closing {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> done;  ///< shared with the thread
    };
    std::atomic<std::int64_t> closing_grace_ms_{-1};  ///< >= 0: the book stops
    std::vector<Closing> closing_;                    ///< under apply_mutex_

    // Lanes: jobs that wait for room, most urgent first.
    mutable std::mutex lane_mutex_;
    std::condition_variable lane_wake_;
    std::map<GroupKey, std::vector<Job>> lanes_;  ///< heaps, under lane_mutex_
    QueueDepth parked_;                           ///< what lanes_ holds, under lane_mutex_
    bool stopping_ = false;                       ///< under lane_mutex_
    std::thread lane_thread_;
};

}  // namespace hongyan::delivery
