// GET /api/session: who the key belongs to and what server this is; the console's first request.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_session_routes(Routes& routes);

}  // namespace hongyan::api
