#include "jobs/leadership.hpp"

#include "table/leases.hpp"

namespace hongyan::jobs {
namespace {

constexpr const char* lock_name = "jobs";
constexpr Millis lease{15'000};

}  // namespace

Leadership::Leadership(LockManager* locks, bool wants, Log& log)
    : locks_(locks), wants_(wants), log_(log) {}

bool Leadership::try_lead() {
    if (locks_ == nullptr) return wants_;
    if (!wants_) return false;
    if (is_leading()) return true;
    resign();
    LockRequest request;
    request.name = lock_name;
    request.ttl = lease;
    request.kind = LockKind::simple;
    auto taken = locks_->hold(std::move(request));
    if (!taken) return false;
    log_.info("leads", {{"token", taken->token()}});
    const std::lock_guard lock(mutex_);
    hold_ = std::move(*taken);
    return true;
}

bool Leadership::is_leading() const {
    if (locks_ == nullptr) return wants_;
    const std::lock_guard lock(mutex_);
    return hold_.is_valid();
}

void Leadership::fence(Session& session) const {
    if (locks_ == nullptr) return;
    std::int64_t token = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!hold_.is_valid()) throw StoreError("another node leads");
        token = hold_.token();
    }
    if (!table::pass_fence(session, lock_name, token)) throw StoreError("another node leads");
}

void Leadership::resign() {
    LockManager::Hold over;  // given back without the mutex, since that asks the engine
    {
        const std::lock_guard lock(mutex_);
        std::swap(over, hold_);
    }
}

}  // namespace hongyan::jobs
