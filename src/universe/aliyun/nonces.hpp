// The nonces of the last minutes, each good once. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

namespace hongyan::universe::aliyun {

class Nonces {
  public:
    /// True the first time within 30 minutes (twice what a time stamp may be off).
    [[nodiscard]] bool use(const std::string& nonce, std::int64_t now_ms);

  private:
    std::mutex mutex_;
    std::unordered_set<std::string> seen_;
    std::deque<std::pair<std::int64_t, std::string>> by_time_;
};

}  // namespace hongyan::universe::aliyun
