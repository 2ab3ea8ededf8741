// The rows of /metrics that tell of a queue and a coordination outside of the process:
// hongyan_queue_* and hongyan_coordination_*. For those in the process there is nothing to tell:
// then give null.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <vector>

#include "contract/coordination.hpp"
#include "contract/queue.hpp"

namespace hongyan::api {

[[nodiscard]] std::vector<prometheus::MetricFamily> engine_metrics(const Queue* queue,
                                                                   const Coordination* coordination,
                                                                   std::int64_t now_ms);

}  // namespace hongyan::api
