// LiveAccount: one open provider account with what is learned while sending: breaker, adaptive
// limit, pace, pauses the provider asked for, health, counters. One lock, never held while calling
// the provider. All members are safe from every thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "contract/provider.hpp"
#include "delivery/account_policy.hpp"
#include "model/records.hpp"
#include "route/adaptive.hpp"
#include "route/breaker.hpp"
#include "route/choose.hpp"
#include "route/pace.hpp"

namespace hongyan::delivery {

/// Figures for people and metrics.
struct AccountFigures {
    std::int64_t sent = 0;  ///< calls since it was opened
    std::int64_t accepted = 0;
    std::array<std::int64_t, outcome_class_names.size()> by_class{};
    int in_flight = 0;
    int limit = 0;
    double health = 1;
    double smoothed_ms = 0;
    route::BreakerState breaker = route::BreakerState::closed;
    std::string breaker_reason;
    std::int64_t breaker_changed_ms = 0;
    std::int64_t closed_until_ms = 0;
    std::string closed_reason;
    std::string last_error;
    std::int64_t last_error_ms = 0;
};

class LiveAccount {
  public:
    /// account may be null: it could not be opened, see trouble.
    LiveAccount(AccountRecord record, const Provider& provider, AccountPolicy policy,
                std::unique_ptr<Account> account, std::string trouble);

    [[nodiscard]] const AccountRecord& record() const { return record_; }
    [[nodiscard]] const Provider& provider() const { return provider_; }
    [[nodiscard]] Account* account() const { return account_.get(); }
    /// Why it could not be opened, "" if it is.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    /// See Account::receipt_scope(); "" if it could not be opened.
    [[nodiscard]] const std::string& receipt_scope() const { return receipt_scope_; }
    [[nodiscard]] bool enabled() const { return account_ != nullptr && record_.status == "active"; }

    /// For choose(); the views into this account live as long as it does, closed_reason is copied
    /// into words.
    [[nodiscard]] route::AccountView view(std::int64_t now_ms, std::string& words);
    [[nodiscard]] bool has_room(std::int64_t now_ms);
    /// Takes a place for one message; false if there is none any more.
    [[nodiscard]] bool reserve(std::int64_t now_ms);
    /// The message did not go after all.
    void give_back();
    /// An attempt has ended; learns from it and frees its place.
    void learn(const Outcome& outcome, std::int64_t now_ms);
    void reset_breaker(std::int64_t now_ms);
    [[nodiscard]] AccountFigures figures(std::int64_t now_ms);

  private:
    [[nodiscard]] int room(std::int64_t now_ms);

    const AccountRecord record_;
    const Provider& provider_;
    const AccountPolicy policy_;
    const std::unique_ptr<Account> account_;
    const std::string trouble_;
    const std::string receipt_scope_;

    std::mutex mutex_;
    // Under mutex_:
    route::Breaker breaker_;
    route::Adaptive adaptive_;
    route::Pace pace_;
    AccountFigures figures_;
    int in_flight_ = 0;
    int refusals_ = 0;  ///< answers of class configuration in a row
    double health_ = 1;
    std::int64_t paused_until_ms_ = 0;
    std::string pause_reason_;
};

}  // namespace hongyan::delivery
