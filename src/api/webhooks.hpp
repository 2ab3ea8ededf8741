// Routes of webhooks to senders: /api/webhooks.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_webhook_routes(Routes& routes);

}  // namespace hongyan::api
