#include "universe/feishu/limits.hpp"

namespace hongyan::universe::feishu {

bool Throttle::allow(std::string_view key, std::int64_t now_ms, std::int64_t span_ms,
                     std::int64_t most) {
    constexpr std::size_t most_keys = 10'000;
    if (most <= 0) return true;
    auto seen = seen_.lock();
    if (seen->size() > most_keys) seen->clear();
    Times& times = (*seen)[std::string(key)];
    while (!times.empty() && times.front() <= now_ms - span_ms) times.pop_front();
    if (times.size() >= static_cast<std::size_t>(most)) return false;
    times.push_back(now_ms);
    return true;
}

}  // namespace hongyan::universe::feishu
