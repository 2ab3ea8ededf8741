// The sandbox's inbox: what the built-in stand-in for providers has received, for trying things out
// and for tests.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_sandbox_routes(Routes& routes);

}  // namespace hongyan::api
