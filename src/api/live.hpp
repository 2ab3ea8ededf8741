// What the monitoring screen lives on: GET /api/live/snapshot, the one-use tickets, and the live
// connection GET /api/live.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_live_routes(Routes& routes);

}  // namespace hongyan::api
