// Reading messages, traces and dead letters, and what operators do to them: cancel, send again,
// redrive.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_message_routes(Routes& routes);

}  // namespace hongyan::api
