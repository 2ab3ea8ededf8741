// Worker pools and limits: list and change. Changes take effect at once, and as rows of the tables
// they last.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_rule_routes(Routes& routes);

}  // namespace hongyan::api
