#include "engine/open/open.hpp"

#include <utility>

#include "engine/local/coordination.hpp"
#include "engine/local/queue.hpp"
#include "engine/rabbitmq/queue.hpp"
#include "engine/redis/coordination.hpp"

namespace hongyan {
namespace {

bool is_local(std::string_view address) { return address.empty() || address == "local"; }

Error unknown(const std::string& part, const std::string& known) {
    Error error = make_error(ErrorCode::config_invalid,
                             "the address of the " + part + " begins with none of " + known);
    error.problems.push_back({part, "invalid", "begins with none of " + known});
    return error;
}

}  // namespace

Result<std::unique_ptr<Queue>> open_queue(std::string_view address, const QueueParts& parts) {
    auto local = std::make_unique<local::LocalQueue>(parts.clock, parts.aging);
    if (is_local(address)) return std::unique_ptr<Queue>(std::move(local));
    if (!address.starts_with("amqp://") && !address.starts_with("amqps://"))
        return unknown("queue", "local, amqp://, amqps://");
    auto options = rabbitmq::parse(address);
    if (!options) return std::move(options.error());
    options->consumes = parts.consumes;
    auto opened =
        rabbitmq::RabbitQueue::open(std::move(*options), parts.clock, parts.log, std::move(local));
    if (!opened) return std::move(opened.error());
    return std::unique_ptr<Queue>(std::move(*opened));
}

Result<std::unique_ptr<Coordination>> open_coordination(std::string_view address,
                                                        const CoordinationParts& parts) {
    if (is_local(address)) {
        return std::unique_ptr<Coordination>(
            std::make_unique<local::LocalCoordination>(parts.clock, parts.store_lock));
    }
    if (!address.starts_with("redis://") && !address.starts_with("rediss://"))
        return unknown("coordination", "local, redis://, rediss://");
    auto parsed = redis::parse_address(address);
    if (!parsed) {
        Error error = std::move(parsed.error());
        for (auto& problem : error.problems) problem.path = "coordination." + problem.path;
        return error;
    }
    redis::RedisCoordination::Options options;
    options.node = parts.node;
    auto opened = redis::RedisCoordination::open(
        std::move(*parsed),
        {parts.clock, parts.log, std::make_unique<local::LocalLimiter>(parts.clock),
         parts.store_lock},
        std::move(options));
    if (!opened) return std::move(opened.error());
    return std::unique_ptr<Coordination>(std::move(*opened));
}

}  // namespace hongyan
