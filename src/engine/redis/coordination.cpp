#include "engine/redis/coordination.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "contract/fallback_lock.hpp"
#include "engine/redis/client.hpp"
#include "engine/redis/lock.hpp"
#include "engine/redis/trace.hpp"

namespace hongyan::redis {
namespace {

/// CLIENT LIST of Redis shows it; Redis takes no blanks in it.
std::string client_name(const std::string& node) {
    std::string name = "hongyan-" + node.substr(0, 100);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
    return name;
}

LinkOptions at(Address address, const RedisCoordination::Options& given) {
    LinkOptions options = given.link;
    options.address = std::move(address);
    options.client_name = client_name(given.node);
    return options;
}

/// Two starts of one node are two nodes: what the first one held is not the second one's.
Quota::Settings settings_of(const RedisCoordination::Options& options) {
    Quota::Settings settings;
    settings.node = options.node + "-" + to_hex(random_bytes(6));
    settings.times = options.times;
    return settings;
}

/// What time alone does not cure, in the words of Redis, OpenSSL and ours.
bool needs_mending(std::string_view why) {
    static constexpr std::array<std::string_view, 8> words{
        "WRONGPASS",   "NOAUTH",     "NOPERM",      "ERR AUTH", "DB index is out of range",
        "certificate", "is too old", "No such file"};
    return std::any_of(words.begin(), words.end(),
                       [&](auto word) { return why.find(word) != std::string_view::npos; });
}

}  // namespace

struct RedisCoordination::All {
    All(Address address, Parts with, const Options& options)
        : parts(std::move(with)),
          client(at(std::move(address), options), parts.log),
          redis_lock(client, parts.clock, {}),
          limiter({client, *parts.inner, parts.clock, parts.log}, settings_of(options)),
          trace(client, {}) {
        if (parts.store_lock != nullptr)
            lock.emplace(redis_lock, *parts.store_lock, parts.clock, options.longest_ttl);
        client.start();
    }

    Parts parts;
    Client client;
    RedisLock redis_lock;
    std::optional<FallbackLock> lock;
    SharedLimiter limiter;
    RedisTrace trace;
};

RedisCoordination::RedisCoordination(std::unique_ptr<All> all) : all_(std::move(all)) {}
RedisCoordination::~RedisCoordination() = default;

Result<std::unique_ptr<RedisCoordination>> RedisCoordination::open(Address address, Parts parts,
                                                                   Options options) {
    auto all = std::make_unique<All>(std::move(address), std::move(parts), options);
    const auto end = std::chrono::steady_clock::now() + options.start_wait;
    while (!all->client.wait_up(Millis(20))) {
        Health health = all->client.health();
        if (needs_mending(health.last_error)) {
            Error error = make_error(ErrorCode::config_invalid, health.text);
            error.problems.push_back({"coordination", "refused", health.last_error});
            return error;
        }
        if (std::chrono::steady_clock::now() > end) break;
    }
    return std::unique_ptr<RedisCoordination>(new RedisCoordination(std::move(all)));
}

Lock& RedisCoordination::lock() {
    if (all_->lock) return *all_->lock;
    return all_->redis_lock;
}
Limiter& RedisCoordination::limiter() { return all_->limiter; }
LiveTrace& RedisCoordination::trace() { return all_->trace; }

CoordinationHealth RedisCoordination::health() const {
    const Health of_client = all_->client.health();
    CoordinationHealth health;
    health.connected = of_client.up;
    health.last_error = of_client.last_error;
    health.connects = of_client.connects;
    health.failures = of_client.failures;
    health.round_trip_us = of_client.round_trip_us;
    health.limits_degraded = all_->limiter.is_degraded();
    health.locks_fallen_back = all_->lock && all_->lock->is_fallen_back();
    health.nodes = all_->limiter.nodes();
    health.traces = all_->trace.counts();
    health.detail = of_client.text + "; " + all_->limiter.health();
    if (health.locks_fallen_back) health.detail += "; locks come from the store";
    return health;
}

}  // namespace hongyan::redis
