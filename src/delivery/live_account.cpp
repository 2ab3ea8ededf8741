#include "delivery/live_account.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "delivery/settle.hpp"

namespace hongyan::delivery {
namespace {

constexpr double health_weight = 0.05;  ///< of the newest outcome
constexpr double least_health = 0.05;   ///< an account that fails still gets a look now and then
constexpr std::int64_t shortest_pause_ms = 200;
constexpr std::int64_t configuration_pause_ms = 30'000;
/// One message with a template of its own trouble must not stop the account for all others.
constexpr int refusals_that_pause = 3;
constexpr std::size_t longest_error = 300;

/// The provider's fault, in the breaker's eyes. A refusal by a limit is no fault, and neither is a
/// message that can never be sent.
bool is_fault(OutcomeClass kind) {
    return kind == OutcomeClass::transient || kind == OutcomeClass::unknown ||
           kind == OutcomeClass::token || kind == OutcomeClass::configuration;
}

bool pushes_back(OutcomeClass kind) {
    return kind == OutcomeClass::rate_limited || kind == OutcomeClass::unknown ||
           kind == OutcomeClass::transient;
}

double burst_of(const AccountPolicy& policy) {
    return policy.burst > 0 ? policy.burst : std::max(1.0, policy.rate_per_second / 10);
}

}  // namespace

LiveAccount::LiveAccount(AccountRecord record, const Provider& provider, AccountPolicy policy,
                         std::unique_ptr<Account> account, std::string trouble)
    : record_(std::move(record)),
      provider_(provider),
      policy_(policy),
      account_(std::move(account)),
      trouble_(std::move(trouble)),
      receipt_scope_(account_ == nullptr ? "" : account_->receipt_scope()),
      breaker_(policy.breaker()),
      adaptive_(policy.adaptive(provider.traits().max_in_flight)) {
    pace_.set(policy.rate_per_second, burst_of(policy));
}

int LiveAccount::room(std::int64_t now_ms) {
    if (paused_until_ms_ > now_ms || breaker_.state(now_ms) == route::BreakerState::open) return 0;
    const int by_limit = adaptive_.limit() - in_flight_;
    return by_limit <= 0 ? 0 : pace_.available(now_ms, by_limit);
}

route::AccountView LiveAccount::view(std::int64_t now_ms, std::string& words) {
    const std::lock_guard lock(mutex_);
    route::AccountView v;
    v.id = record_.id;
    v.name = record_.name;
    v.provider = provider_.name();
    v.tier = record_.tier;
    v.weight = record_.weight;
    v.health = health_;
    v.enabled = enabled();
    v.breaker = breaker_.state(now_ms);
    v.room = room(now_ms);
    v.under_way = in_flight_;
    v.limit = adaptive_.limit();
    v.room_at_ms = v.room > 0 ? 0 : now_ms + std::max<std::int64_t>(10, pace_.wait_ms(now_ms));
    if (paused_until_ms_ > now_ms) {
        v.closed_until_ms = paused_until_ms_;
        words = pause_reason_ + "; until " + format_rfc3339(paused_until_ms_);
    } else if (v.breaker == route::BreakerState::open) {
        v.closed_until_ms = breaker_.open_until_ms();
        words = "breaker " + breaker_.reason() + "; until " + format_rfc3339(v.closed_until_ms);
    } else if (v.breaker == route::BreakerState::half_open) {
        auto copy = breaker_;  // asking is counted; only reserve() may do that
        v.admits = copy.admit(now_ms);
    }
    v.closed_reason = words;
    return v;
}

bool LiveAccount::has_room(std::int64_t now_ms) {
    if (!enabled()) return false;
    const std::lock_guard lock(mutex_);
    if (room(now_ms) <= 0) return false;
    if (breaker_.state(now_ms) != route::BreakerState::half_open) return true;
    auto copy = breaker_;
    return copy.admit(now_ms);
}

bool LiveAccount::reserve(std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (room(now_ms) <= 0 || !breaker_.admit(now_ms)) return false;
    ++in_flight_;
    pace_.take(now_ms);
    return true;
}

void LiveAccount::give_back() {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    breaker_.forget();
}

void LiveAccount::learn(const Outcome& outcome, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const double duration_ms = static_cast<double>(outcome.duration_us) / 1000;
    adaptive_.record(now_ms, pushes_back(outcome.kind), duration_ms, in_flight_);
    --in_flight_;
    ++figures_.sent;
    ++figures_.by_class[static_cast<std::size_t>(outcome.kind)];
    const bool failed = is_fault(outcome.kind);
    if (outcome.kind == OutcomeClass::rate_limited) {
        breaker_.forget();
        const auto pause = std::clamp(std::max(outcome.retry_after_ms, shortest_pause_ms),
                                      shortest_pause_ms, longest_account_pause_ms);
        paused_until_ms_ = std::max(paused_until_ms_, now_ms + pause);
        pause_reason_ = "the provider limits the rate (" + outcome.code + ")";
    } else {
        breaker_.record(now_ms, failed, outcome.duration_us / 1000);
        health_ =
            std::max(least_health, health_ + health_weight * ((failed ? 0.0 : 1.0) - health_));
    }
    if (outcome.kind == OutcomeClass::accepted) refusals_ = 0;
    if (outcome.kind == OutcomeClass::configuration && ++refusals_ >= refusals_that_pause) {
        paused_until_ms_ = now_ms + configuration_pause_ms;
        pause_reason_ = "the provider refuses the account (" + outcome.code + ")";
    }
    if (outcome.kind == OutcomeClass::accepted) {
        ++figures_.accepted;
    } else {
        figures_.last_error = std::string(to_text(outcome.kind)) + " " + outcome.code + " " +
                              outcome.detail.substr(0, longest_error);
        figures_.last_error_ms = now_ms;
    }
}

void LiveAccount::reset_breaker(std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    breaker_.reset(now_ms);
    paused_until_ms_ = 0;
    health_ = 1;
}

AccountFigures LiveAccount::figures(std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    AccountFigures f = figures_;
    f.in_flight = in_flight_;
    f.limit = adaptive_.limit();
    f.health = health_;
    f.smoothed_ms = adaptive_.smoothed_ms();
    f.breaker = breaker_.state(now_ms);
    f.breaker_reason = breaker_.reason();
    f.breaker_changed_ms = breaker_.changed_ms();
    if (paused_until_ms_ > now_ms) {
        f.closed_until_ms = paused_until_ms_;
        f.closed_reason = pause_reason_;
    } else if (f.breaker == route::BreakerState::open) {
        f.closed_until_ms = breaker_.open_until_ms();
        f.closed_reason = "breaker " + breaker_.reason();
    }
    return f;
}

}  // namespace hongyan::delivery
