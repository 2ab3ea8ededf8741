// Statistics: the overview by day and channel, and what is going on right now.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_statistics_routes(Routes& routes);

}  // namespace hongyan::api
