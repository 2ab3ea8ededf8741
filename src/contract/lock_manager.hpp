// LockManager: holds locks for the jobs of one node over any Lock engine. A Hold is renewed at a
// third of its ttl by the manager's one thread (the watchdog) until it is given back, or its owner
// is gone (the Hold destroyed, the process ended), or it was held for longer than `held_most`, so
// that a job that hangs does not keep a lock for ever. A job asks is_valid() before it acts and
// hands token() to the store with every write. All members are safe from every thread; a Hold
// belongs to one thread, is_valid() may be asked by any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "contract/lock.hpp"

namespace hongyan {

class LockManager {
  public:
    struct Options {
        std::string node;  ///< the owner of every lock is this and a number
        Millis held_most{3'600'000};
    };
    /// One lock of which the manager takes care.
    class Hold {
      public:
        Hold() = default;
        Hold(Hold&&) noexcept = default;
        Hold& operator=(Hold&& other) noexcept;
        ~Hold() { release(); }
        /// False from the moment in which another may have it.
        [[nodiscard]] bool is_valid() const;
        [[nodiscard]] std::int64_t token() const;
        /// Gives it back; again is nothing.
        void release();

      private:
        friend class LockManager;
        struct Care;
        LockManager* manager_ = nullptr;
        std::shared_ptr<Care> care_;  ///< shared with the watchdog, which may be renewing
    };

    LockManager(Lock& lock, const Clock& clock, Log& log, Options options);
    /// Every Hold must be gone.
    ~LockManager();
    LockManager(const LockManager&) = delete;
    LockManager& operator=(const LockManager&) = delete;

    /// request.owner is set by the manager; each hold has one of its own.
    [[nodiscard]] Result<Hold> hold(LockRequest request);
    /// The names of what is held now, sorted.
    [[nodiscard]] std::vector<std::string> held() const;
    /// Leases that ended although their Hold was still there.
    [[nodiscard]] std::int64_t lost() const { return lost_; }

  private:
    using Care = Hold::Care;
    struct State {
        std::list<std::shared_ptr<Care>> cares;
        bool stop = false;
    };
    void watch();
    void tend(Care& care);
    void end(Care& care);

    // Fixed after construction.
    Lock& lock_;
    const Clock& clock_;
    Log& log_;
    const Options options_;
    // Own synchronisation.
    mutable Guarded<State> state_;
    std::condition_variable changed_;
    std::atomic<std::int64_t> next_owner_{1};
    std::atomic<std::int64_t> lost_{0};
    std::thread watchdog_;
};

}  // namespace hongyan
