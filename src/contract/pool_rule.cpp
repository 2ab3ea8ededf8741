#include "contract/pool_rule.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace hongyan {
namespace {

constexpr std::int64_t grow_pause_ms = 1000;
constexpr std::int64_t calm_ms =
    10'000;  ///< under the lower mark before a shrink, and between opposite changes

/// 9120 as "9,120".
std::string grouped(std::int64_t value) {
    std::string text = std::to_string(value);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (value < 0 ? 1 : 0);
         at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::string percent(double share, int decimals) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f %%", decimals, share * 100);
    return text;
}

/// 0.8 as "0.8".
std::string plain(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

std::string queue_reason(const PoolRule& rule, const PoolState& state, std::string_view side,
                         double mark) {
    const double use =
        static_cast<double>(state.queue_size) / static_cast<double>(rule.queue_capacity);
    int decimals = 0;  // more where rounding would make "80 %, over the 80 % mark" of it
    while (decimals < 3 && percent(use, decimals) == percent(mark, decimals)) ++decimals;
    std::string text =
        "queue " + grouped(state.queue_size) + " of " + grouped(rule.queue_capacity) + " is ";
    text += percent(use, decimals) + ", " + std::string(side) + " the " + percent(mark, decimals) +
            " mark";
    return text;
}

PoolDecision change_to(PoolState& state, int size, const std::string& reason) {
    PoolDecision decision{
        size, true, reason + ": " + std::to_string(state.size) + " → " + std::to_string(size)};
    state.size = size;
    return decision;
}

PoolDecision turn(PoolState& state, PoolState::Direction direction, std::int64_t now_ms,
                  PoolDecision decision) {
    state.last_direction = direction;
    state.last_change_ms = now_ms;
    state.dipped = false;
    state.below_since_ms.reset();
    return decision;
}

bool may_grow(const PoolState& state, std::int64_t now_ms) {
    if (state.last_direction == PoolState::Direction::none) return true;
    const bool goes_on = state.last_direction == PoolState::Direction::up && !state.dipped;
    return now_ms - state.last_change_ms >= (goes_on ? grow_pause_ms : calm_ms);
}

bool may_shrink(const PoolState& state, std::int64_t now_ms) {
    if (!state.below_since_ms || now_ms - *state.below_since_ms < calm_ms) return false;
    return state.last_direction == PoolState::Direction::none ||
           now_ms - state.last_change_ms >= calm_ms;
}

void watch_lower_mark(const PoolRule& rule, PoolState& state, double use, std::int64_t now_ms) {
    if (use >= rule.scale_down_threshold) {
        state.below_since_ms.reset();
    } else {
        state.dipped = true;
        if (!state.below_since_ms) state.below_since_ms = now_ms;
    }
}

}  // namespace

PoolDecision decide_pool_size(const PoolRule& rule, PoolState& state, std::int64_t now_ms) {
    if (const auto problems = check_pool_rule(rule); !problems.empty()) {
        return {state.size, false,
                "the rule of pool " + rule.name + " cannot be used: " + problems.front().detail};
    }
    const double use =
        static_cast<double>(state.queue_size) / static_cast<double>(rule.queue_capacity);
    watch_lower_mark(rule, state, use, now_ms);
    if (state.size > rule.max_pool_size) {
        return change_to(state, rule.max_pool_size,
                         "max_pool_size is " + std::to_string(rule.max_pool_size));
    }
    if (state.size < rule.core_pool_size) {
        return change_to(state, rule.core_pool_size,
                         "core_pool_size is " + std::to_string(rule.core_pool_size));
    }
    if (use > rule.scale_up_threshold && state.size < rule.max_pool_size &&
        may_grow(state, now_ms)) {
        const int step = std::min(std::max(1, state.size / 5), rule.max_pool_size - state.size);
        const std::string reason = queue_reason(rule, state, "over", rule.scale_up_threshold);
        return turn(state, PoolState::Direction::up, now_ms,
                    change_to(state, state.size + step, reason));
    }
    if (state.size > rule.core_pool_size && may_shrink(state, now_ms)) {
        const int step = std::min(std::max(1, state.size / 10), state.size - rule.core_pool_size);
        const std::string reason =
            queue_reason(rule, state, "under", rule.scale_down_threshold) + " for 10 s";
        return turn(state, PoolState::Direction::down, now_ms,
                    change_to(state, state.size - step, reason));
    }
    return {state.size, false, ""};
}

std::vector<Problem> check_pool_rule(const PoolRule& rule) {
    std::vector<Problem> problems;
    const auto wrong = [&](std::string column, std::string detail) {
        problems.push_back({std::move(column), "out_of_range", std::move(detail)});
    };
    const std::string core = std::to_string(rule.core_pool_size);
    if (rule.core_pool_size < 1)
        wrong("core_pool_size", "core_pool_size is " + core + "; it must be at least 1");
    if (rule.max_pool_size < rule.core_pool_size) {
        wrong("max_pool_size", "max_pool_size is " + std::to_string(rule.max_pool_size) +
                                   "; it must be at least core_pool_size, which is " + core);
    }
    if (rule.queue_capacity < 1) {
        wrong("queue_capacity", "queue_capacity is " + std::to_string(rule.queue_capacity) +
                                    "; it must be at least 1");
    }
    const double up = rule.scale_up_threshold;
    const double down = rule.scale_down_threshold;
    if (!(up > 0 && up <= 1)) {
        wrong("scale_up_threshold",
              "scale_up_threshold is " + plain(up) + "; it must be above 0 and at most 1");
    }
    if (!(down >= 0 && down < up)) {
        wrong("scale_down_threshold",
              "scale_down_threshold is " + plain(down) +
                  "; it must be 0 or more and below scale_up_threshold, which is " + plain(up));
    }
    return problems;
}

}  // namespace hongyan
