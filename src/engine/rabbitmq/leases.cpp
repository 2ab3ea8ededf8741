#include "engine/rabbitmq/leases.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::rabbitmq {

std::vector<Job> Leases::receive(std::uint64_t tag, std::size_t band, std::span<const Job> jobs,
                                 std::int64_t now_us, std::uint64_t& duplicates) {
    HY_ASSERT(band < most_bands);
    std::vector<Job> fresh;
    fresh.reserve(jobs.size());
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++last_;
    Carried& carrier = carriers_[number];
    carrier = {tag, band, 0, now_us, false};
    ++open_[band];
    for (const Job& job : jobs) {
        const auto [at, is_new] = leases_.try_emplace(job.id);
        if (is_new) {
            fresh.push_back(job);
        } else {
            ++duplicates;
            if (at->second.carrier == number) continue;  // twice in one carrier
            release(at->second.carrier);
        }
        at->second.carrier = number;
        at->second.again = at->second.again || job.again;
        ++carrier.left;
    }
    if (carrier.left == 0) {
        carrier.left = 1;
        release(number);
    }
    return fresh;
}

std::vector<Job> Leases::publish(std::span<const Job> jobs, std::vector<Job>& here) {
    std::vector<Job> outward;
    outward.reserve(jobs.size());
    const std::lock_guard lock(mutex_);
    for (const Job& job : jobs) {
        const auto found = leases_.find(job.id);
        if (found == leases_.end()) {
            outward.push_back(job);
        } else if (found->second.lent) {
            found->second.lent = false;
            found->second.again = found->second.again || job.again;
            here.push_back(job);
        }
    }
    return outward;
}

std::vector<Job> Leases::absent(std::span<const Job> jobs) const {
    std::vector<Job> not_here;
    const std::lock_guard lock(mutex_);
    for (const Job& job : jobs) {
        if (!leases_.contains(job.id)) not_here.push_back(job);
    }
    return not_here;
}

void Leases::lend(std::span<Job> jobs) {
    const std::lock_guard lock(mutex_);
    for (Job& job : jobs) {
        const auto found = leases_.find(job.id);
        if (found == leases_.end()) continue;
        found->second.lent = true;
        job.again = job.again || found->second.again;
    }
}

bool Leases::done(std::span<const MessageId> ids) {
    const std::lock_guard lock(mutex_);
    for (const MessageId id : ids) {
        const auto found = leases_.find(id);
        if (found == leases_.end() || !found->second.lent) continue;
        release(found->second.carrier);
        leases_.erase(found);
    }
    return !acks_.empty();
}

void Leases::release(std::uint64_t carrier) {
    const auto found = carriers_.find(carrier);
    if (found == carriers_.end()) return;
    Carried& of = found->second;
    HY_ASSERT(of.left > 0);
    if (of.gone) --let_go_;
    if (--of.left > 0) return;
    if (!of.gone) {
        acks_.push_back({of.band, of.tag});
        --open_[of.band];
    }
    carriers_.erase(found);
}

std::vector<Leases::Ack> Leases::take_acks() {
    std::vector<Ack> acks;
    {
        const std::lock_guard lock(mutex_);
        acks.swap(acks_);
    }
    std::sort(acks.begin(), acks.end());
    return acks;
}

void Leases::disconnect() {
    const std::lock_guard lock(mutex_);
    std::erase_if(carriers_, [](const auto& one) { return !one.second.gone; });
    open_ = {};
    acks_.clear();
    // Also what was let go: the acknowledgement may not have arrived.
    for (auto& [id, lease] : leases_) lease.again = true;
}

std::size_t Leases::let_go(const Limits& limits) {
    const std::lock_guard lock(mutex_);
    const auto before = let_go_;
    const bool may_grow =
        limits.hungry && static_cast<std::int64_t>(leases_.size()) < limits.held_max;
    std::array<bool, most_bands> full{};
    for (std::size_t band = 0; band < most_bands; ++band)
        full[band] = may_grow && open_[band] >= limits.window;
    for (auto& [number, carrier] : carriers_) {
        if (carrier.gone || (carrier.since_us >= limits.oldest_us && !full[carrier.band])) continue;
        carrier.gone = true;
        --open_[carrier.band];
        let_go_ += static_cast<std::int64_t>(carrier.left);
        acks_.push_back({carrier.band, carrier.tag});
    }
    return static_cast<std::size_t>(let_go_ - before);
}

std::int64_t Leases::size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(leases_.size());
}

std::int64_t Leases::size_let_go() const {
    const std::lock_guard lock(mutex_);
    return let_go_;
}

bool Leases::is_full(std::size_t window) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(open_.begin(), open_.end(), [&](std::size_t n) { return n >= window; });
}

}  // namespace hongyan::rabbitmq
