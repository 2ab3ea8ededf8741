// GET /api/settings: every setting of the program with its value and where it came from; secrets
// are not shown.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_setting_routes(Routes& routes);

}  // namespace hongyan::api
