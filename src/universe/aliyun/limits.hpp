// The limits for one number that Aliyun sets for mainland China (isv.BUSINESS_LIMIT_CONTROL): so
// many in a minute, an hour, a day, counted when a message is submitted. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace hongyan::universe::aliyun {

/// At most `most` within the last window.
struct WindowRule {
    std::int64_t window_ms = 0;
    std::size_t most = 0;  ///< 0 = no limit
    std::string words;     ///< as the refusal names the window
};

class NumberLimits {
  public:
    /// Counts one message for the key (number, signature, template) unless a rule forbids it; then
    /// gives that rule, else null.
    [[nodiscard]] const WindowRule* count(const std::string& key,
                                          const std::vector<WindowRule>& rules,
                                          std::int64_t now_ms);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<std::int64_t>> times_;
};

}  // namespace hongyan::universe::aliyun
