// /metrics in the Prometheus text format, made from the counters of the parts at the time of the
// question.
#pragma once

#include <string>

#include "api/context.hpp"

namespace hongyan::api {

[[nodiscard]] std::string metrics_text(const Context& context);

}  // namespace hongyan::api
