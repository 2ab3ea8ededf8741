#include "contract/fallback_lock.hpp"

#include <algorithm>

namespace hongyan {

FallbackLock::FallbackLock(Lock& first, Lock& second, const Clock& clock, Millis longest_ttl)
    : first_(first), second_(second), clock_(clock), longest_ttl_(longest_ttl) {
    // A first that is gone at the start may have been gone for a moment only.
}

bool FallbackLock::is_gone_for_good(const State& state) const {
    return state.gone_since_us != 0 &&
           clock_.steady_us() - state.gone_since_us > longest_ttl_.count() * 1000;
}

bool FallbackLock::is_fallen_back() const { return is_gone_for_good(*state_.lock()); }

void FallbackLock::note(bool answered) {
    auto state = state_.lock();
    if (answered) {
        state->gone_since_us = 0;
    } else if (state->gone_since_us == 0) {
        state->gone_since_us = std::max<std::int64_t>(1, clock_.steady_us());
    }
}

Result<Lease> FallbackLock::acquire(const LockRequest& request) {
    if (request.ttl > longest_ttl_) {
        Error error = make_error(ErrorCode::invalid_fields, "the lock's ttl is too long");
        error.problems.push_back(
            {"ttl", "out_of_range", "at most " + std::to_string(longest_ttl_.count()) + " ms"});
        return error;
    }
    auto lease = first_.acquire(request);
    const bool answered = lease || lease.error().code != ErrorCode::unavailable;
    note(answered);
    if (!answered) {
        if (is_fallen_back()) return acquire_second(request);
        return lease.error();
    }
    if (!lease) return lease.error();
    const auto other = second_.look(request.name);
    if (other && !other->held) return lease;
    // Held by somebody whose first was gone, or the store cannot say: not ours then.
    (void)first_.release(*lease);
    if (!other) return other.error();
    return lock_is_taken(request.name, other->rest);
}

Result<Lease> FallbackLock::acquire_second(const LockRequest& request) {
    auto lease = second_.acquire(request);
    if (lease) state_.lock()->by_second.emplace(lease->name, lease->token);
    return lease;
}

Lock& FallbackLock::engine_of(const Lease& lease) {
    return state_.lock()->by_second.contains({lease.name, lease.token}) ? second_ : first_;
}

Result<Lease> FallbackLock::renew(const Lease& lease) {
    Lock& engine = engine_of(lease);
    auto renewed = engine.renew(lease);
    if (&engine == &second_) {
        // Nobody else here asks the first, and its coming back must not be overlooked.
        const auto seen = first_.look(lease.name);
        note(seen || seen.error().code != ErrorCode::unavailable);
    }
    if (&engine == &second_ && !renewed && renewed.error().code == ErrorCode::conflict)
        state_.lock()->by_second.erase({lease.name, lease.token});
    return renewed;
}

Status FallbackLock::release(const Lease& lease) {
    Lock& engine = engine_of(lease);
    auto released = engine.release(lease);
    if (&engine == &second_ && (!released || lease.holds <= 1))
        state_.lock()->by_second.erase({lease.name, lease.token});
    return released;
}

Result<LockState> FallbackLock::look(const std::string& name) {
    auto seen = first_.look(name);
    note(seen || seen.error().code != ErrorCode::unavailable);
    if (seen && seen->held) return seen;
    auto other = second_.look(name);
    if (!other || other->held || !seen) return other;
    return seen;
}

}  // namespace hongyan
