// The route on which providers report: /api/callbacks/{channel}/{account}. It needs no API key;
// each provider's own signature or secret is checked by its account.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_callback_routes(Routes& routes);

}  // namespace hongyan::api
