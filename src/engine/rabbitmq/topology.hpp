// Topology: the queues of the broker, found or made. Ours are quorum queues with a dead-letter
// queue beside them; those of an operator are used as they are and never made. Called by the thread
// of the connection.
#pragma once

#include <string>

#include "engine/rabbitmq/connection.hpp"

namespace hongyan::rabbitmq {

/// Says which queues had to be made, "" if none: what was in them before is gone, if they are not
/// new. Errors: config_invalid if a queue is there with other arguments, or not at all and not
/// ours.
[[nodiscard]] Result<std::string> ensure_queues(Connection& connection, const Options& options);

}  // namespace hongyan::rabbitmq
