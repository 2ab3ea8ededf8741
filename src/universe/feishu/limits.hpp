// Throttle: counts what each key did within a sliding stretch of time. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/guarded.hpp"

namespace hongyan::universe::feishu {

class Throttle {
  public:
    /// Notes one more for key unless there were most already within the last span_ms; most <= 0
    /// allows all.
    [[nodiscard]] bool allow(std::string_view key, std::int64_t now_ms, std::int64_t span_ms,
                             std::int64_t most);

  private:
    using Times = std::deque<std::int64_t>;
    Guarded<std::map<std::string, Times, std::less<>>> seen_;
};

}  // namespace hongyan::universe::feishu
