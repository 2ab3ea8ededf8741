#include "universe/tencent/limits.hpp"

#include <algorithm>

namespace hongyan::universe::tencent {
namespace {

/// Bounds the memory of a long load test: all counts are forgotten at once.
constexpr std::size_t most_keys = 500'000;

}  // namespace

const WindowRule* NumberLimits::count(const std::string& key, const std::vector<WindowRule>& rules,
                                      std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (times_.size() >= most_keys) times_.clear();
    std::deque<std::int64_t>& times = times_[key];
    std::int64_t longest = 0;
    for (const WindowRule& rule : rules) {
        longest = std::max(longest, rule.window_ms);
        const auto first = std::upper_bound(times.begin(), times.end(), now_ms - rule.window_ms);
        const auto inside = static_cast<std::size_t>(times.end() - first);
        if (rule.most != 0 && inside >= rule.most) return &rule;
    }
    while (!times.empty() && times.front() <= now_ms - longest) times.pop_front();
    times.push_back(now_ms);
    return nullptr;
}

}  // namespace hongyan::universe::tencent
