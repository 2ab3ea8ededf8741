#include "engine/rabbitmq/outbox.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::rabbitmq {

std::size_t Outbox::put(std::span<const Job> jobs, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    std::size_t taken = 0;
    for (const Job& job : jobs) {
        HY_ASSERT(job.priority < priority_levels);
        if (waiting_jobs_ >= max_jobs_) break;
        waiting_[job.priority].push_back({job, now_ms});
        ++waiting_jobs_;
        ++taken;
    }
    return jobs.size() - taken;
}

std::optional<Outbox::Load> Outbox::next(const Limits& limits) {
    const std::lock_guard lock(mutex_);
    Load load;
    for (std::size_t band = 0; band < bands_.size() && load.jobs.empty(); ++band) {
        if (open_[band] >= limits.band_carriers) continue;
        load.band = band;
        for (int p = bands_[band].highest; p >= bands_[band].lowest; --p) {
            fill(load, waiting_[static_cast<std::size_t>(p)], limits.jobs);
            if (limits.one_priority && !load.jobs.empty()) break;
        }
    }
    if (load.jobs.empty()) return std::nullopt;
    waiting_jobs_ -= load.jobs.size();
    ++loaded_;
    loaded_since_ms_ = load.since_ms;
    return load;
}

void Outbox::fill(Load& load, std::deque<Waiting>& from, std::size_t most) {
    while (!from.empty() && load.jobs.size() < most) {
        const auto since_ms = from.front().since_ms;
        load.since_ms = load.jobs.empty() ? since_ms : std::min(load.since_ms, since_ms);
        load.jobs.push_back(from.front().job);
        from.pop_front();
    }
}

void Outbox::sent(std::uint64_t tag, Load load, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    --loaded_;
    ++open_[load.band];
    const bool is_new = sent_.try_emplace(tag, Sent{std::move(load), now_us}).second;
    HY_ASSERT(is_new);
}

void Outbox::back(Load load) {
    const std::lock_guard lock(mutex_);
    --loaded_;
    put_back(std::move(load), true);
}

void Outbox::put_back(Load&& load, bool may_be_there) {
    for (auto job = load.jobs.rbegin(); job != load.jobs.rend(); ++job) {
        job->again = job->again || may_be_there;
        waiting_[job->priority].push_front({*job, load.since_ms});
    }
    waiting_jobs_ += load.jobs.size();
}

std::pair<Outbox::Place, Outbox::Place> Outbox::range(std::uint64_t tag, bool multiple) {
    // Tag 0 with multiple means all (AMQP 0-9-1, basic.ack).
    const auto first = multiple ? sent_.begin() : sent_.find(tag);
    if (multiple) return {first, tag == 0 ? sent_.end() : sent_.upper_bound(tag)};
    return {first, first == sent_.end() ? first : std::next(first)};
}

std::size_t Outbox::ack(std::uint64_t tag, bool multiple) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = range(tag, multiple);
    std::size_t count = 0;
    for (auto at = first; at != last; ++at) {
        count += at->second.load.jobs.size();
        --open_[at->second.load.band];
    }
    sent_.erase(first, last);
    return count;
}

std::size_t Outbox::nack(std::uint64_t tag, bool multiple) {
    return take_back(tag, multiple, true);
}

std::size_t Outbox::returned(std::uint64_t tag) { return take_back(tag, false, false); }

std::size_t Outbox::take_back(std::uint64_t tag, bool multiple, bool may_be_there) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = range(tag, multiple);
    std::size_t count = 0;
    // From the last to the first, so that they stand in their old order.
    for (auto at = last; at != first;) {
        --at;
        count += at->second.load.jobs.size();
        --open_[at->second.load.band];
        put_back(std::move(at->second.load), may_be_there);
    }
    sent_.erase(first, last);
    return count;
}

std::size_t Outbox::reset() { return nack(0, true); }

std::size_t Outbox::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_jobs_;
}

std::size_t Outbox::carriers() const {
    const std::lock_guard lock(mutex_);
    return sent_.size();
}

bool Outbox::empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_jobs_ == 0 && loaded_ == 0 && sent_.empty();
}

std::optional<std::int64_t> Outbox::oldest_ms() const {
    const std::lock_guard lock(mutex_);
    std::optional<std::int64_t> oldest;
    const auto note = [&](std::int64_t ms) { oldest = std::min(oldest.value_or(ms), ms); };
    for (const auto& of_priority : waiting_) {
        if (!of_priority.empty()) note(of_priority.front().since_ms);
    }
    for (const auto& [tag, sent] : sent_) note(sent.load.since_ms);
    if (loaded_ > 0) note(loaded_since_ms_);
    return oldest;
}

std::optional<std::int64_t> Outbox::oldest_sent_us() const {
    const std::lock_guard lock(mutex_);
    if (sent_.empty()) return std::nullopt;
    return sent_.begin()->second.sent_us;
}

std::size_t Outbox::oldest_band() const {
    const std::lock_guard lock(mutex_);
    return sent_.empty() ? 0 : sent_.begin()->second.load.band;
}

QueueDepth Outbox::depth() const {
    QueueDepth depth;
    const std::lock_guard lock(mutex_);
    for (std::size_t p = 0; p < waiting_.size(); ++p)
        depth.by_priority[p] = static_cast<std::int64_t>(waiting_[p].size());
    depth.total = static_cast<std::int64_t>(waiting_jobs_);
    return depth;
}

}  // namespace hongyan::rabbitmq
