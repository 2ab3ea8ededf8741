// RedisLock: the Lock that all nodes share. Every step is one Lua script that goes by the clock of
// Redis, so clocks of nodes play no part; a step whose answer was lost is repeated and does nothing
// twice. Waiters are woken by what a release publishes; besides they look again when the lease that
// bars them ends, and often enough to keep their place in line. When Redis loses its memory a lock
// can be given to a second owner; tokens rise all the same (they begin with the time in
// microseconds), so the store's fence decides. Keys: docs/cluster-redis.md.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "contract/lock.hpp"
#include "engine/redis/client.hpp"

namespace hongyan::redis {

class RedisLock final : public Lock {
  public:
    struct Options {
        std::string prefix = "hongyan:";
        Millis place_ttl{
            3'000};        ///< a waiter that does not ask for so long loses its place in line
        int attempts = 3;  ///< of one step whose answer was lost
    };
    RedisLock(Client& client, const Clock& clock, Options options);

    [[nodiscard]] Result<Lease> acquire(const LockRequest& request) override;
    [[nodiscard]] Result<Lease> renew(const Lease& lease) override;
    Status release(const Lease& lease) override;
    [[nodiscard]] Result<LockState> look(const std::string& name) override;

  private:
    struct Ask;
    [[nodiscard]] Words keys(const std::string& name) const;
    [[nodiscard]] std::string channel(const std::string& name) const;
    [[nodiscard]] Result<Value> step(const Script& script, const ScriptCall& call) const;
    [[nodiscard]] Result<Value> try_once(const Ask& ask, bool in_line) const;
    void leave_line(const Ask& ask) const;
    [[nodiscard]] std::string next_request();

    Client& client_;
    const Clock& clock_;
    const Options options_;
    const std::string incarnation_;  ///< makes request ids unique among nodes and restarts
    std::atomic<std::int64_t> requests_{0};
};

}  // namespace hongyan::redis
