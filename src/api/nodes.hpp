// GET /api/nodes: the nodes of the cluster as this one sees them, and how its engines are.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_node_routes(Routes& routes);

}  // namespace hongyan::api
