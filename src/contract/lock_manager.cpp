#include "contract/lock_manager.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/thread.hpp"

namespace hongyan {

struct LockManager::Hold::Care {
    explicit Care(Lease from) : lease(std::move(from)), valid_until_us(lease.valid_until_us) {}
    std::mutex renewing;  ///< a release waits for the renewal under way
    const Lease lease;
    std::atomic<std::int64_t> valid_until_us;
    std::int64_t since_us = 0;
    std::int64_t next_us = 0;  ///< the watchdog's own
    std::atomic<bool> ended{false};
};

bool LockManager::Hold::is_valid() const {
    return care_ && !care_->ended && manager_->clock_.steady_us() < care_->valid_until_us;
}

std::int64_t LockManager::Hold::token() const { return care_ ? care_->lease.token : 0; }

LockManager::Hold& LockManager::Hold::operator=(Hold&& other) noexcept {
    if (this != &other) {
        release();
        manager_ = other.manager_;
        care_ = std::move(other.care_);
    }
    return *this;
}

void LockManager::Hold::release() {
    if (const auto care = std::exchange(care_, nullptr)) manager_->end(*care);
}

LockManager::LockManager(Lock& lock, const Clock& clock, Log& log, Options options)
    : lock_(lock), clock_(clock), log_(log), options_(std::move(options)) {
    watchdog_ = start_thread("locks", [this] { watch(); });
}

LockManager::~LockManager() {
    {
        auto state = state_.lock();
        HY_ASSERT(state->cares.empty());
        state->stop = true;
    }
    changed_.notify_all();
    watchdog_.join();
}

Result<LockManager::Hold> LockManager::hold(LockRequest request) {
    request.owner = options_.node + ":" + std::to_string(next_owner_++);
    auto lease = lock_.acquire(request);
    if (!lease) return lease.error();
    Hold hold;
    hold.manager_ = this;
    hold.care_ = std::make_shared<Care>(std::move(*lease));
    hold.care_->since_us = clock_.steady_us();
    hold.care_->next_us = hold.care_->valid_until_us - request.ttl.count() * 667;
    state_.lock()->cares.push_back(hold.care_);
    changed_.notify_all();
    return hold;
}

void LockManager::end(Care& care) {
    state_.lock()->cares.remove_if([&](const auto& other) { return other.get() == &care; });
    const std::lock_guard no_renewal(care.renewing);
    if (care.ended.exchange(true)) return;
    if (auto released = lock_.release(care.lease); !released)
        log_.warn("lock_not_released",
                  {{"lock", care.lease.name}, {"why", released.error().detail}});
}

std::vector<std::string> LockManager::held() const {
    std::vector<std::string> names;
    {
        auto state = state_.lock();
        for (const auto& care : state->cares)
            if (!care->ended) names.push_back(care->lease.name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void LockManager::watch() {
    while (true) {
        std::vector<std::shared_ptr<Care>> due;
        {
            auto state = state_.lock();
            if (state->stop) return;
            const std::int64_t now_us = clock_.steady_us();
            std::int64_t next_us = now_us + 1'000'000;
            for (const auto& care : state->cares) {
                if (care->ended) continue;
                if (care->next_us <= now_us) due.push_back(care);
                next_us = std::min(next_us, care->next_us);
            }
            if (due.empty()) {
                const auto pause = std::max<std::int64_t>(1'000, next_us - now_us);
                changed_.wait_for(state.lock(), std::chrono::microseconds(pause));
                continue;
            }
        }
        for (const auto& care : due) tend(*care);
    }
}

void LockManager::tend(Care& care) {
    const std::lock_guard alone(care.renewing);
    if (care.ended) return;
    const std::int64_t now_us = clock_.steady_us();
    if (now_us - care.since_us > options_.held_most.count() * 1000) {
        log_.error("lock_held_too_long", {{"lock", care.lease.name}});
        care.ended = true;
        ++lost_;
        return;
    }
    const auto renewed = lock_.renew(care.lease);
    const bool over = !renewed && (renewed.error().code == ErrorCode::conflict ||
                                   clock_.steady_us() >= care.valid_until_us);
    if (renewed) {
        care.valid_until_us = renewed->valid_until_us;
        care.next_us = renewed->valid_until_us - care.lease.ttl.count() * 667;
    } else if (over) {
        care.ended = true;
        ++lost_;
        log_.error("lock_lost", {{"lock", care.lease.name}, {"why", renewed.error().detail}});
    } else {  // the engine cannot be asked now: again soon, while the lease lasts
        care.next_us =
            clock_.steady_us() + std::max<std::int64_t>(1'000, care.lease.ttl.count() * 50);
    }
}

}  // namespace hongyan
