// LiveCounters: what happened second by second in the last hour, for the live screen and /metrics.
// Kept in memory, so they begin at the start of the process; the store's statistics are the lasting
// ones. All members are safe from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "model/enums.hpp"

namespace hongyan::delivery {

/// Sums over some time.
struct LiveSums {
    std::int64_t accepted = 0;
    std::int64_t sent = 0;
    std::int64_t failed = 0;
    std::int64_t response_ms = 0;  ///< of the sent ones
};

class LiveCounters {
  public:
    explicit LiveCounters(const Clock& clock) : clock_(clock) {}

    void add(std::int64_t tenant_id, const LiveSums& sums);
    /// Of the last seconds (at most 3,600), this second included.
    [[nodiscard]] LiveSums last(std::int64_t tenant_id, int seconds) const;

    [[nodiscard]] std::vector<std::int64_t> tenants() const;

  private:
    static constexpr std::int64_t slots = 3'600;
    struct Slot {
        std::int64_t second = 0;
        LiveSums sums;
    };
    using Ring = std::array<Slot, slots>;

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::int64_t, std::unique_ptr<Ring>> rings_;  ///< by tenant; under mutex_
};

}  // namespace hongyan::delivery
