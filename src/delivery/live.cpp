#include "delivery/live.hpp"

namespace hongyan::delivery {
namespace {

void add_to(LiveSums& total, const LiveSums& more) {
    total.accepted += more.accepted;
    total.sent += more.sent;
    total.failed += more.failed;
    total.response_ms += more.response_ms;
}

}  // namespace

void LiveCounters::add(std::int64_t tenant_id, const LiveSums& sums) {
    const std::int64_t second = clock_.now_ms() / 1000;
    const std::lock_guard lock(mutex_);
    auto& ring = rings_[tenant_id];
    if (!ring) ring = std::make_unique<Ring>();
    Slot& slot = (*ring)[static_cast<std::size_t>(second % slots)];
    if (slot.second != second) slot = {second, {}};
    add_to(slot.sums, sums);
}

LiveSums LiveCounters::last(std::int64_t tenant_id, int seconds) const {
    const std::int64_t now = clock_.now_ms() / 1000;
    LiveSums total;
    const std::lock_guard lock(mutex_);
    const auto found = rings_.find(tenant_id);
    if (found == rings_.end()) return total;
    for (const Slot& slot : *found->second) {
        if (slot.second <= now && slot.second > now - seconds) add_to(total, slot.sums);
    }
    return total;
}

std::vector<std::int64_t> LiveCounters::tenants() const {
    std::vector<std::int64_t> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [tenant, ring] : rings_) all.push_back(tenant);
    return all;
}

}  // namespace hongyan::delivery
