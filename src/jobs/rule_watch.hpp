// RuleWatch: sees that templates, keys, pools, limits, accounts or outcome rules were changed by
// any hand, also by plain SQL from another program, and hands the new rows to whom they concern.
// Asked every half second by the schedule, and at once after a change through the API. poll() is
// safe from every thread; one runs at a time.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/log.hpp"
#include "contract/store.hpp"
#include "table/rules.hpp"

namespace hongyan::jobs {

/// Called from poll()'s thread, only for what has changed.
struct RuleReaders {
    std::function<void()> templates;
    std::function<void()> keys;
    std::function<void(const std::vector<table::PoolRow>&)> pools;
    std::function<void(const std::vector<LimitRule>&)> limits;
    std::function<void()> accounts;
    std::function<void()> outcomes;
    std::function<void(bool)> suppressing;  ///< whether any recipient is suppressed
};

class RuleWatch {
  public:
    RuleWatch(Store& store, Log& log, RuleReaders readers);
    /// Reads what has changed since the last call; everything at the first one.
    Status poll();

  private:
    Store& store_;
    Log& log_;
    const RuleReaders readers_;
    std::mutex mutex_;
    table::RuleVersions seen_;  ///< under mutex_
};

}  // namespace hongyan::jobs
