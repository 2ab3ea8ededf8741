// Batch tasks: list, read, cancel.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_task_routes(Routes& routes);

}  // namespace hongyan::api
