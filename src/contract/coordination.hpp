// Coordination: what the nodes of a cluster agree on within milliseconds: locks, limits and the
// live traces of messages, by one engine, and how that engine is. Without a network (engine/local)
// the same members serve one process. It is never the record: losing it loses no message. All
// members are safe from every thread; what they hand out lives as long as this does.
#pragma once

#include <cstdint>
#include <string>

#include "contract/limiter.hpp"
#include "contract/live_trace.hpp"
#include "contract/lock.hpp"

namespace hongyan {

/// For /readyz and metrics. Nothing in here makes a node unready: without the engine it goes on,
/// with its part of each limit and locks from the store.
struct CoordinationHealth {
    bool connected = true;
    std::string detail;      ///< a sentence for people: what holds at this moment
    std::string last_error;  ///< of the engine, also when it is over; "" = never
    std::int64_t connects = 0;
    std::int64_t failures = 0;       ///< questions without an answer
    std::int64_t round_trip_us = 0;  ///< of late, 0 = nothing was asked yet
    bool limits_degraded = false;    ///< each node goes by its part of every limit
    bool locks_fallen_back = false;  ///< locks come from the store
    LiveTraceCounts traces = {};
    std::int64_t nodes = 1;  ///< that share limits, as far as is known
};

class Coordination {
  public:
    virtual ~Coordination() = default;
    [[nodiscard]] virtual Lock& lock() = 0;
    /// Has no rules at first.
    [[nodiscard]] virtual Limiter& limiter() = 0;
    [[nodiscard]] virtual LiveTrace& trace() = 0;
    [[nodiscard]] virtual CoordinationHealth health() const = 0;
};

}  // namespace hongyan
