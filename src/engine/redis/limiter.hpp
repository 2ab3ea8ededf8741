// SharedLimiter: the Limiter of a cluster: all nodes together keep to each rule. It asks the
// limiter inside the process, which counts and shapes what this node lets pass, and a Quota for
// each rule, which holds what Redis has given this node ahead; admit() never waits for the network.
// When Redis does not answer for a second, each node goes by its fair part of every limit, says so
// in the log and in health(), and returns when all rules have been answered again. Bounds:
// docs/cluster-redis.md. Lock order: rules, then a resource, then the limiter inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "contract/limiter.hpp"
#include "engine/redis/client.hpp"
#include "engine/redis/limiter_quota.hpp"

namespace hongyan::redis {

class SharedLimiter final : public Limiter {
  public:
    struct Parts {
        Client& client;
        Limiter& inner;  ///< of this process, used by nobody else
        const Clock& clock;
        Log& log;
    };
    SharedLimiter(Parts parts, Quota::Settings settings);
    ~SharedLimiter() override;

    [[nodiscard]] Admission admit(std::string_view resource, int cost = 1) override;
    void leave(std::string_view resource) override;
    void set_rules(std::vector<LimitRule> rules) override;
    [[nodiscard]] std::vector<LimitUsage> usage() const override;

    /// True while each node goes by its fair part.
    [[nodiscard]] bool is_degraded() const { return degraded_.load(std::memory_order_acquire); }
    /// That share the limits, as Redis last said.
    [[nodiscard]] int nodes() const { return core_->nodes; }
    /// One sentence for operators.
    [[nodiscard]] std::string health() const;

  private:
    struct Slot {
        std::int64_t serial = 0;  ///< an answer for another serial is too late
        Quota quota;
    };
    struct State {
        std::vector<Slot> slots;
        std::int64_t inside = 0;
    };
    struct Resource {
        explicit Resource(std::string given_name) : name(std::move(given_name)) {}
        const std::string name;
        Guarded<State> state;
    };
    using Table = std::unordered_map<std::string_view, Resource*>;
    struct Owned {
        std::vector<std::unique_ptr<Resource>> resources;
        std::vector<std::unique_ptr<const Table>> tables;  ///< the last one is in use
        std::vector<LimitRule> rules;
        std::vector<double> inner_max;  ///< what the limiter inside was given last
        std::int64_t last_serial = 0;
    };
    /// Shared with answers under way, which may come after this object's end.
    struct Core {
        Guarded<Owned> owned;
        std::atomic<std::int64_t> answered_us{0};
        std::atomic<int> nodes{1};
        Guarded<std::string> trouble;  ///< the last question that was not answered as it should be
    };

    [[nodiscard]] Resource* find(std::string_view name) const;
    [[nodiscard]] Admission refusal(Resource& resource, State& state, int cost,
                                    std::int64_t now_us);
    void replace_slots(Owned& owned, Resource& resource, std::vector<LimitRule> rules) const;
    void give_inner(Owned& owned, bool always);
    void tick();
    void ask_due(Owned& owned, std::int64_t now_us);
    struct Prepared {
        Resource& resource;
        std::int64_t serial;
        const Script& script;
        ScriptCall call;
        std::int64_t now_us;
    };
    void send(Prepared prepared);
    void judge(Owned& owned, std::int64_t now_us);
    [[nodiscard]] std::string why_degraded() const;

    // Fixed after construction.
    const Parts parts_;
    const Quota::Settings settings_;
    const std::shared_ptr<Core> core_;
    // Own synchronisation.
    std::atomic<const Table*> table_;
    std::atomic<bool> degraded_{false};
    std::int64_t timer_ = 0;
};

}  // namespace hongyan::redis
