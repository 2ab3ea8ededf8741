#include "engine/local/lock.hpp"

#include <algorithm>

namespace hongyan::local {

bool LocalLock::may_take(const Tenure& tenure, const LockRequest& request,
                         std::int64_t ticket) const {
    const bool held = tenure.holds > 0 && tenure.ends_us > clock_.steady_us();
    if (held) return tenure.owner == request.owner && request.kind != LockKind::simple;
    return tenure.line.empty() || tenure.line.front() == ticket;
}

Lease LocalLock::take(State& state, Tenure& tenure, const LockRequest& request) const {
    const std::int64_t now_us = clock_.steady_us();
    const bool again = tenure.holds > 0 && tenure.ends_us > now_us;
    if (!again) {
        tenure.holds = 0;
        tenure.owner = request.owner;
        tenure.token = state.last_token =
            next_fencing_token(state.last_token, request.above, clock_.now_ms() * 1000);
    }
    ++tenure.holds;
    tenure.ends_us = std::max(again ? tenure.ends_us : 0, now_us + request.ttl.count() * 1000);
    return {request.name, request.owner, tenure.token, tenure.holds, request.ttl, tenure.ends_us};
}

Result<Lease> LocalLock::acquire(const LockRequest& request) {
    if (auto checked = check_lock_request(request); !checked) return checked.error();
    const std::int64_t until_us = clock_.steady_us() + request.wait.count() * 1000;
    auto state = state_.lock();
    forget_unused(*state, clock_.steady_us());
    Tenure& tenure = state->tenures[request.name];
    ++tenure.asking;
    std::int64_t ticket = 0;
    if (request.kind == LockKind::fair && request.wait > Millis(0) &&
        !may_take(tenure, request, 0)) {
        ticket = state->next_ticket++;
        tenure.line.push_back(ticket);
    }
    while (!may_take(tenure, request, ticket)) {
        const std::int64_t now_us = clock_.steady_us();
        const std::int64_t ends_us = std::max(now_us + 1'000, tenure.ends_us);
        if (now_us >= until_us) {
            tenure.line.remove(ticket);
            changed_.notify_all();
            const Millis rest((tenure.ends_us - now_us) / 1000);
            --tenure.asking;
            return lock_is_taken(request.name, rest);
        }
        // At the head of a free lock's line somebody else is about to wake: look again soon.
        const std::int64_t next_us = std::min(until_us, ends_us);
        changed_.wait_for(state.lock(), std::chrono::microseconds(next_us - now_us));
    }
    tenure.line.remove(ticket);
    --tenure.asking;
    return take(*state, tenure, request);
}

LocalLock::Tenure* LocalLock::of(State& state, const Lease& lease, std::int64_t now_us) {
    const auto found = state.tenures.find(lease.name);
    if (found == state.tenures.end()) return nullptr;
    Tenure& tenure = found->second;
    const bool holds = tenure.holds > 0 && tenure.ends_us > now_us && tenure.owner == lease.owner &&
                       tenure.token == lease.token;
    return holds ? &tenure : nullptr;
}

Result<Lease> LocalLock::renew(const Lease& lease) {
    auto state = state_.lock();
    const std::int64_t now_us = clock_.steady_us();
    Tenure* tenure = of(*state, lease, now_us);
    if (tenure == nullptr) return lease_is_over(lease);
    tenure->ends_us = now_us + lease.ttl.count() * 1000;
    Lease renewed = lease;
    renewed.holds = tenure->holds;
    renewed.valid_until_us = tenure->ends_us;
    return renewed;
}

Status LocalLock::release(const Lease& lease) {
    auto state = state_.lock();
    Tenure* tenure = of(*state, lease, clock_.steady_us());
    if (tenure == nullptr) return lease_is_over(lease);
    if (--tenure->holds == 0) {
        changed_.notify_all();
        tenure->ends_us = 0;
    }
    return Done{};
}

void LocalLock::forget_unused(State& state, std::int64_t now_us) {
    if (state.tenures.size() < state.sweep_at) return;
    std::erase_if(state.tenures, [&](const auto& entry) {
        return entry.second.asking == 0 && entry.second.ends_us <= now_us;
    });
    state.sweep_at = std::max<std::size_t>(10'000, 2 * state.tenures.size());
}

Result<LockState> LocalLock::look(const std::string& name) {
    auto state = state_.lock();
    const auto found = state->tenures.find(name);
    if (found == state->tenures.end()) return LockState{};
    const Tenure& tenure = found->second;
    LockState seen;
    seen.waiting = static_cast<std::int64_t>(tenure.line.size());
    const std::int64_t now_us = clock_.steady_us();
    if (tenure.holds == 0 || tenure.ends_us <= now_us) return seen;
    seen.held = true;
    seen.owner = tenure.owner;
    seen.token = tenure.token;
    seen.holds = tenure.holds;
    seen.rest = Millis((tenure.ends_us - now_us + 999) / 1000);
    return seen;
}

}  // namespace hongyan::local
