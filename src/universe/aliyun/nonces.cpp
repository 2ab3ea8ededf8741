#include "universe/aliyun/nonces.hpp"

namespace hongyan::universe::aliyun {
namespace {

constexpr std::int64_t kept_ms = 30 * 60'000;
/// Bounds the memory of a long load test; the oldest are forgotten first.
constexpr std::size_t most = 500'000;

}  // namespace

bool Nonces::use(const std::string& nonce, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    while (!by_time_.empty() &&
           (by_time_.front().first < now_ms - kept_ms || by_time_.size() >= most)) {
        seen_.erase(by_time_.front().second);
        by_time_.pop_front();
    }
    if (!seen_.insert(nonce).second) return false;
    by_time_.emplace_back(now_ms, nonce);
    return true;
}

}  // namespace hongyan::universe::aliyun
