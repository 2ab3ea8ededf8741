// GET /api/messages/{id}/why: every decision about one message, in order, and what would happen
// now.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_why_routes(Routes& routes);

}  // namespace hongyan::api
