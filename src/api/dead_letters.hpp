// Dead letters: groups by cause, and the ways to send them again.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_dead_letter_routes(Routes& routes);

}  // namespace hongyan::api
