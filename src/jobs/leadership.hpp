// Leadership: which node does what one node at a time may do (retention, the webhooks, the
// recipients' index, taking over from the dead). The one that holds the lock "jobs" leads; the lock
// is a lease with a fencing token, and fence() makes a transaction fail in which the lease turns
// out to be another's (docs/decisions/0054). Without a cluster the only node always leads. All
// members are safe from every thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/log.hpp"
#include "contract/lock_manager.hpp"
#include "contract/store.hpp"

namespace hongyan::jobs {

class Leadership {
  public:
    /// locks: null without a cluster. wants: this node takes part.
    Leadership(LockManager* locks, bool wants, Log& log);

    /// Tries to get the lead if nobody has it. Asks the lock's engine, so it is called from one
    /// thread, which may wait.
    [[nodiscard]] bool try_lead();
    /// As it was at the last try_lead(), and still within the lease.
    [[nodiscard]] bool is_leading() const;
    /// Throws StoreError if another leads by now. First in every transaction of such a job.
    void fence(Session& session) const;
    /// Gives the lead up; another node may have it at once.
    void resign();

  private:
    LockManager* const locks_;
    const bool wants_;
    Log& log_;
    mutable std::mutex mutex_;
    LockManager::Hold hold_;  ///< under mutex_
};

}  // namespace hongyan::jobs
