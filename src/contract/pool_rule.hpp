// The rule by which a worker pool gets its size: a pure decision, called about once a second by the
// pool's keeper with what it sees. Grows by 20 % as soon as the queue is over the upper mark, at
// most once a second; shrinks by 10 % after every 10 s that the queue stayed under the lower mark.
// No flapping: after a change, one in the other direction, or the same one again after the queue
// has been under the lower mark in between, comes 10 s later at the earliest. Bounds an operator
// changes hold at once. Every change carries its reason in words. Pure functions; the state belongs
// to one caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hongyan {

/// A row of thread_pool_configs.
struct PoolRule {
    std::string name;
    int core_pool_size = 1;
    int max_pool_size = 1;
    std::int64_t queue_capacity = 1;
    double scale_up_threshold = 0.8;
    double scale_down_threshold = 0.2;
};

struct PoolState {
    // Set by the caller before each decision; the decision changes size.
    int size = 0;
    int active = 0;
    std::int64_t queue_size = 0;
    // Kept by the decision.
    enum class Direction { none, up, down };
    Direction last_direction = Direction::none;
    std::int64_t last_change_ms = 0;  ///< of last_direction
    bool dipped = false;              ///< the queue was under the lower mark since the last change
    std::optional<std::int64_t> below_since_ms;  ///< since when it is under the lower mark
};

struct PoolDecision {
    int size = 0;
    bool changed = false;
    std::string reason;  ///< "queue 9,120 of 10,000 is 91 %, over the 80 % mark: 20 → 24"; ""
                         ///< without a change
};

/// The size from now on, also written into state.size. now_ms must not go back: take it from the
/// steady clock. A rule that check_pool_rule() would refuse changes nothing, and the reason says
/// so.
[[nodiscard]] PoolDecision decide_pool_size(const PoolRule& rule, PoolState& state,
                                            std::int64_t now_ms);

/// What is wrong with the row, by column; empty when it can be used.
[[nodiscard]] std::vector<Problem> check_pool_rule(const PoolRule& rule);

}  // namespace hongyan
