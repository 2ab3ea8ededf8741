// FallbackLock: two Lock engines as one: the first (Redis) while it answers, the second (the store)
// when the first has been gone for longer than any lease of it can last. Whoever gets a name from
// the first makes sure that nobody holds it by the second. Two nodes that disagree on whether the
// first is there can still both hold a name for a while: then the store's fence decides, as always
// (docs/decisions/0054). A lease stays with the engine that gave it. Same threads as Lock.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "base/guarded.hpp"
#include "contract/lock.hpp"

namespace hongyan {

class FallbackLock final : public Lock {
  public:
    /// longest_ttl: no lease of the first is asked for with a longer one; such a request is
    /// refused.
    FallbackLock(Lock& first, Lock& second, const Clock& clock, Millis longest_ttl);

    [[nodiscard]] Result<Lease> acquire(const LockRequest& request) override;
    [[nodiscard]] Result<Lease> renew(const Lease& lease) override;
    Status release(const Lease& lease) override;
    [[nodiscard]] Result<LockState> look(const std::string& name) override;
    /// True while new leases come from the second.
    [[nodiscard]] bool is_fallen_back() const;

  private:
    struct State {
        std::int64_t gone_since_us = 0;                            ///< 0 = the first answered last
        std::set<std::pair<std::string, std::int64_t>> by_second;  ///< name and token
    };
    [[nodiscard]] Result<Lease> acquire_second(const LockRequest& request);
    [[nodiscard]] Lock& engine_of(const Lease& lease);
    void note(bool answered);
    [[nodiscard]] bool is_gone_for_good(const State& state) const;

    Lock& first_;
    Lock& second_;
    const Clock& clock_;
    const Millis longest_ttl_;
    mutable Guarded<State> state_;
};

}  // namespace hongyan
