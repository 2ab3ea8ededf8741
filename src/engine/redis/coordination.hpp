// RedisCoordination: Coordination by Redis: RedisLock with the store's lock behind it,
// SharedLimiter over a limiter of the process, RedisTrace, all over one Client. Without Redis it
// serves on, says so in health(), and comes back by itself.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "contract/coordination.hpp"
#include "engine/redis/address.hpp"
#include "engine/redis/limiter.hpp"
#include "engine/redis/link.hpp"

namespace hongyan::redis {

class RedisCoordination final : public Coordination {
  public:
    struct Parts {
        const Clock& clock;
        Log& log;
        std::unique_ptr<Limiter> inner;  ///< of this process, without rules
        Lock* store_lock = nullptr;      ///< for when Redis is away; null: no locks then
    };
    struct Options {
        std::string node;  ///< names this node in Redis; a start of it is made unique here
        LinkOptions link = {};
        QuotaTimes times = {};
        Millis start_wait{3'000};  ///< for a Redis that is there
        /// Of a lock; so long Redis is away before the store's count. The leader's lease is 15 s.
        Millis longest_ttl{20'000};
    };
    /// Errors: config_invalid if Redis refuses what the address says (password, user, database,
    /// certificate, version). A Redis that is away is no error.
    static Result<std::unique_ptr<RedisCoordination>> open(Address address, Parts parts,
                                                           Options options);
    ~RedisCoordination() override;

    [[nodiscard]] Lock& lock() override;
    [[nodiscard]] Limiter& limiter() override;
    [[nodiscard]] LiveTrace& trace() override;
    [[nodiscard]] CoordinationHealth health() const override;

  private:
    struct All;
    explicit RedisCoordination(std::unique_ptr<All> all);
    const std::unique_ptr<All> all_;
};

}  // namespace hongyan::redis
