// Routes of what follows from outcomes: /api/outcomes (the table of classes), /api/suppressions.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_outcome_routes(Routes& routes);

}  // namespace hongyan::api
