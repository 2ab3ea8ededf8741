// LocalLock: the Lock inside this process, for the embedded shape. A lease ends by the clock as it
// does in a cluster, so that a job behaves the same in both shapes. Tokens keep rising over a
// restart, because they begin with the time and with what the store has seen.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <string>

#include "base/guarded.hpp"
#include "contract/lock.hpp"

namespace hongyan::local {

class LocalLock final : public Lock {
  public:
    explicit LocalLock(const Clock& clock) : clock_(clock) {}

    [[nodiscard]] Result<Lease> acquire(const LockRequest& request) override;
    [[nodiscard]] Result<Lease> renew(const Lease& lease) override;
    Status release(const Lease& lease) override;
    [[nodiscard]] Result<LockState> look(const std::string& name) override;

  private:
    struct Tenure {
        std::string owner;
        std::int64_t token = 0;
        int holds = 0;
        std::int64_t ends_us = 0;
        std::list<std::int64_t> line;  ///< tickets of those who wait in order
        int asking = 0;                ///< calls of acquire() that look at this
    };
    struct State {
        std::map<std::string, Tenure> tenures;
        std::int64_t last_token = 0;
        std::int64_t next_ticket = 1;
        std::size_t sweep_at = 10'000;  ///< at so many names the unused ones are forgotten
    };
    [[nodiscard]] bool may_take(const Tenure& tenure, const LockRequest& request,
                                std::int64_t ticket) const;
    [[nodiscard]] Lease take(State& state, Tenure& tenure, const LockRequest& request) const;
    [[nodiscard]] static Tenure* of(State& state, const Lease& lease, std::int64_t now_us);
    static void forget_unused(State& state, std::int64_t now_us);

    const Clock& clock_;
    Guarded<State> state_;
    std::condition_variable changed_;
};

}  // namespace hongyan::local
