// Which engine stands behind a contract, chosen by an address: for queues "local" (or nothing), and
// amqp:// or amqps:// (docs/rabbitmq.md); for coordination "local" (or nothing), and redis:// or
// rediss:// (docs/cluster-redis.md). Called at the start; may wait a few seconds for a server that
// is slow to answer. A server that is away is no error, what it refuses is: config_invalid, with
// the part of the address that is wrong, and never a password.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "contract/coordination.hpp"
#include "contract/queue.hpp"

namespace hongyan {

/// All of it must outlive the queue.
struct QueueParts {
    const Clock& clock;
    Log& log;
    Millis aging{30'000};  ///< waiting time that counts as one level of priority
    bool consumes = true;  ///< false: jobs are published here and taken by other nodes
};
[[nodiscard]] Result<std::unique_ptr<Queue>> open_queue(std::string_view address,
                                                        const QueueParts& parts);

/// All of it must outlive the coordination.
struct CoordinationParts {
    const Clock& clock;
    Log& log;
    std::string node;  ///< names this node in Redis
    /// The store's lock, where several nodes share a store: locks come from there while Redis is
    /// away, and always without Redis. Null for a store of one process.
    Lock* store_lock = nullptr;
};
[[nodiscard]] Result<std::unique_ptr<Coordination>> open_coordination(
    std::string_view address, const CoordinationParts& parts);

}  // namespace hongyan
