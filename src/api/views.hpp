// Saved views: filters of the console's lists under a name, shared by all keys of a tenant.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_view_routes(Routes& routes);

}  // namespace hongyan::api
