// A node of a live trace as the JSON text that stands in Redis, and back. Names of members are
// those of the trace API. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/live_trace.hpp"
#include "shape/shape.hpp"

namespace hongyan {

[[nodiscard]] const shape::Object& describe(shape::Tag<LiveNode>);

}  // namespace hongyan

namespace hongyan::redis {

[[nodiscard]] std::string to_json(const LiveNode& node);
/// Nothing if it is not a node; unknown members are passed over, so that nodes of another version
/// can be read.
[[nodiscard]] std::optional<LiveNode> node_from_json(std::string_view text);

}  // namespace hongyan::redis
