// What a node of a cluster tells the others of itself, with its beat, and the figures of all nodes
// together, for the live screen: the others' are as old as their last beat, two seconds. Without a
// cluster they are this node's alone. Safe from every thread.
#pragma once

#include <string>

#include "api/context.hpp"
#include "api/statistics_wire.hpp"

namespace hongyan::api {

/// JSON for this node's row.
[[nodiscard]] std::string node_report(const Context& context);
/// What happened in the last minute (60) or hour (3,600) on all nodes.
[[nodiscard]] delivery::LiveSums live_of_all(const Context& context, std::int64_t tenant_id,
                                             int seconds);
/// What waits in the broker or on any node.
[[nodiscard]] QueueView queue_of_all(const Context& context);

}  // namespace hongyan::api
