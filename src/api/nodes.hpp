// GET /api/nodes: the nodes of the cluster as this one sees them, and how its engines are.
#pragma once

#include <boost/json/array.hpp>

#include "api/route.hpp"

namespace hongyan::api {

/// Store, queue and coordination of this node as they are now, for its report.
[[nodiscard]] boost::json::array engines_report(const Context& context);
void add_node_routes(Routes& routes);

}  // namespace hongyan::api
