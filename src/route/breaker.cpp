#include "route/breaker.hpp"

#include <algorithm>

namespace hongyan::route {
namespace {

std::string share(std::int64_t part, std::int64_t all, std::string_view what, int seconds) {
    return std::to_string(part) + " of " + std::to_string(all) + " calls " + std::string(what) +
           " in " + std::to_string(seconds) + " s";
}

}  // namespace

BreakerState Breaker::state(std::int64_t now_ms) {
    if (state_ == BreakerState::open && now_ms >= until_ms_) {
        state_ = BreakerState::half_open;
        changed_ms_ = now_ms;
        probes_out_ = 0;
        probes_ok_ = 0;
        reason_ = "half open: letting " + std::to_string(rule_.probes) + " calls through";
    }
    return state_;
}

bool Breaker::admit(std::int64_t now_ms) {
    switch (state(now_ms)) {
        case BreakerState::closed:
            return true;
        case BreakerState::open:
            return false;
        case BreakerState::half_open:
            break;
    }
    if (probes_out_ + probes_ok_ >= rule_.probes) return false;
    ++probes_out_;
    return true;
}

void Breaker::forget() {
    if (state_ == BreakerState::half_open && probes_out_ > 0) --probes_out_;
}

void Breaker::record(std::int64_t now_ms, bool failed, std::int64_t duration_ms) {
    const bool slow = duration_ms >= rule_.slow_ms;
    if (state(now_ms) == BreakerState::half_open) {
        if (probes_out_ > 0) --probes_out_;
        if (failed || slow) {
            open(now_ms,
                 failed ? "opened again: a probe failed" : "opened again: a probe was slow");
        } else if (++probes_ok_ >= rule_.probes) {
            close(now_ms, "closed: " + std::to_string(probes_ok_) + " probes succeeded");
        }
        return;
    }
    if (state_ == BreakerState::open) return;  // an old call; it has been judged with the others
    const std::int64_t index = now_ms / slot_ms();
    Slot& slot = slots_[static_cast<std::size_t>(index) % slots];
    if (slot.index != index) slot = {index, {}};
    ++slot.counts.calls;
    slot.counts.errors += failed;
    slot.counts.slow += slow;
    judge(now_ms);
}

void Breaker::judge(std::int64_t now_ms) {
    const Counts sum = counts(now_ms);
    if (sum.calls < rule_.min_calls) return;
    const auto all = static_cast<double>(sum.calls);
    if (static_cast<double>(sum.errors) >= rule_.error_ratio * all) {
        open(now_ms, "opened: " + share(sum.errors, sum.calls, "failed", rule_.window_seconds));
    } else if (static_cast<double>(sum.slow) >= rule_.slow_ratio * all) {
        open(now_ms, "opened: " + share(sum.slow, sum.calls,
                                        "took " + std::to_string(rule_.slow_ms) + " ms or longer",
                                        rule_.window_seconds));
    } else if (relapses_ > 0 && changed_ms_ + rule_.max_open_ms < now_ms) {
        relapses_ = 0;
    }
}

Breaker::Counts Breaker::counts(std::int64_t now_ms) const {
    const std::int64_t newest = now_ms / slot_ms();
    Counts sum;
    for (const auto& slot : slots_) {
        if (slot.index <= newest - static_cast<std::int64_t>(slots) || slot.index > newest)
            continue;
        sum.calls += slot.counts.calls;
        sum.errors += slot.counts.errors;
        sum.slow += slot.counts.slow;
    }
    return sum;
}

void Breaker::open(std::int64_t now_ms, std::string reason) {
    const std::int64_t doubled = std::int64_t{rule_.open_ms} << std::min(relapses_, 20);
    until_ms_ = now_ms + std::min<std::int64_t>(doubled, rule_.max_open_ms);
    ++relapses_;
    state_ = BreakerState::open;
    changed_ms_ = now_ms;
    reason_ = std::move(reason);
    slots_ = {};
}

void Breaker::close(std::int64_t now_ms, std::string reason) {
    state_ = BreakerState::closed;
    changed_ms_ = now_ms;
    reason_ = std::move(reason);
    slots_ = {};
}

void Breaker::reset(std::int64_t now_ms) {
    relapses_ = 0;
    close(now_ms, "closed by an operator");
}

}  // namespace hongyan::route
