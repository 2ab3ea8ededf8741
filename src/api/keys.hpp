// API keys: list, make, revoke. The default tenant (1) administers every tenant's keys; the others
// see their own only.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_key_routes(Routes& routes);
/// Writes down when keys were last used; called now and then.
void store_key_uses(Context& context);

}  // namespace hongyan::api
