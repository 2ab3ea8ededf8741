// Templates: list, read, make, change, delete; their versions; previews of saved ones and of
// drafts.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_template_routes(Routes& routes);

}  // namespace hongyan::api
