// LocalCoordination: Coordination inside one process, for the embedded shape and for nodes without
// Redis, each of which goes by its own limits; their locks must then be the store's. What it is
// given must outlive it.
#pragma once

#include "contract/coordination.hpp"
#include "engine/local/limiter.hpp"
#include "engine/local/lock.hpp"
#include "engine/local/trace.hpp"

namespace hongyan::local {

class LocalCoordination final : public Coordination {
  public:
    /// store_lock: null if no other process shares the store.
    explicit LocalCoordination(const Clock& clock, Lock* store_lock = nullptr)
        : lock_(clock),
          shared_lock_(store_lock == nullptr ? static_cast<Lock&>(lock_) : *store_lock),
          limiter_(clock) {}
    [[nodiscard]] Lock& lock() override { return shared_lock_; }
    [[nodiscard]] Limiter& limiter() override { return limiter_; }
    [[nodiscard]] LiveTrace& trace() override { return trace_; }
    [[nodiscard]] CoordinationHealth health() const override {
        CoordinationHealth health;
        health.detail = &shared_lock_ == &lock_ ? "locks and limits hold for this process"
                                                : "limits hold for this process";
        health.traces = trace_.counts();
        return health;
    }

  private:
    LocalLock lock_;
    Lock& shared_lock_;
    LocalLimiter limiter_;
    LocalTrace trace_;
};

}  // namespace hongyan::local
