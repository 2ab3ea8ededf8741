// Routes of providers and their accounts: /api/providers, /api/accounts.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_account_routes(Routes& routes);

}  // namespace hongyan::api
