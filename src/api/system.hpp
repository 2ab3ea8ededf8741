// What needs no key: /livez, /readyz, /metrics, /openapi.json and the pages that explain errors.
// They tell nothing of messages.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_system_routes(Routes& routes);
/// The routes that stand in no OpenAPI document: the document itself, and the pages about problems.
/// openapi outlives the server.
void add_page_routes(http::Router& router, const std::string& openapi);

}  // namespace hongyan::api
