#include "delivery/in_flight.hpp"

#include <algorithm>

namespace hongyan::delivery {

std::vector<Job> InFlight::enter(std::vector<Job>& jobs) {
    std::vector<Job> echoes;
    const std::lock_guard lock(mutex_);
    if (!revoked_.empty()) {
        std::erase_if(jobs, [&](const Job& job) {
            const auto found = revoked_.find(job.id);
            if (found == revoked_.end()) return false;
            found->second.job = job;
            return true;
        });
    }
    std::erase_if(jobs, [&](const Job& job) {
        if (ids_.insert(job.id).second) return false;
        echoes.push_back(job);
        return true;
    });
    for (const Job& job : jobs) ++by_channel_[static_cast<std::size_t>(job.channel)];
    if (revoked_tasks_.empty()) return echoes;
    for (const Job& job : jobs) {
        const auto of_tenant = revoked_tasks_.lower_bound({job.tenant_id, 0});
        if (of_tenant != revoked_tasks_.end() && of_tenant->first.first == job.tenant_id)
            doubtful_.insert(job.id);
    }
    return echoes;
}

void InFlight::leave(const std::vector<Job>& jobs) {
    {
        const std::lock_guard lock(mutex_);
        for (const Job& job : jobs) {
            const bool was_detached = !detached_.empty() && detached_.erase(job.id) > 0;
            if (ids_.erase(job.id) > 0 && !was_detached)
                --by_channel_[static_cast<std::size_t>(job.channel)];
            doubtful_.erase(job.id);
        }
    }
    left_.notify_all();
}

void InFlight::detach(const std::vector<Job>& jobs) {
    {
        const std::lock_guard lock(mutex_);
        for (const Job& job : jobs) {
            if (ids_.contains(job.id) && detached_.insert(job.id).second)
                --by_channel_[static_cast<std::size_t>(job.channel)];
        }
    }
    left_.notify_all();
}

InFlight::Hold InFlight::hold_back(const Job& job, std::int64_t task_id) {
    if (task_id == 0) return Hold::no;
    const std::lock_guard lock(mutex_);
    const auto found = revoked_tasks_.find({job.tenant_id, task_id});
    if (found == revoked_tasks_.end()) return doubtful_.contains(job.id) ? Hold::again : Hold::no;
    found->second.jobs.push_back(job);
    return Hold::kept;
}

bool InFlight::revoke(MessageId id) {
    const std::lock_guard lock(mutex_);
    if (ids_.contains(id)) return false;
    ++revoked_[id].holders;
    return true;
}

std::optional<Job> InFlight::end_revoke(MessageId id) {
    const std::lock_guard lock(mutex_);
    const auto found = revoked_.find(id);
    if (found == revoked_.end() || --found->second.holders > 0) return std::nullopt;
    auto job = found->second.job;
    revoked_.erase(found);
    return job;
}

std::vector<MessageId> InFlight::revoke_task(std::int64_t tenant_id, std::int64_t task_id) {
    const std::lock_guard lock(mutex_);
    ++revoked_tasks_[{tenant_id, task_id}].holders;
    return {ids_.begin(), ids_.end()};
}

std::vector<Job> InFlight::end_revoke_task(std::int64_t tenant_id, std::int64_t task_id) {
    const std::lock_guard lock(mutex_);
    const auto found = revoked_tasks_.find({tenant_id, task_id});
    if (found == revoked_tasks_.end() || --found->second.holders > 0) return {};
    auto jobs = std::move(found->second.jobs);
    revoked_tasks_.erase(found);
    return jobs;
}

std::int64_t InFlight::count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(ids_.size() - detached_.size());
}

std::array<std::int64_t, channel_names.size()> InFlight::by_channel() const {
    const std::lock_guard lock(mutex_);
    return by_channel_;
}

void InFlight::wait_below(std::int64_t limit, Millis wait) const {
    std::unique_lock lock(mutex_);
    left_.wait_for(lock, wait, [&] {
        return static_cast<std::int64_t>(ids_.size() - detached_.size()) < limit;
    });
}

}  // namespace hongyan::delivery
