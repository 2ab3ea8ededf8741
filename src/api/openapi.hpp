// The OpenAPI 3.1 document, made from the same descriptions that read requests and write replies.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "api/route.hpp"

namespace hongyan::api {

/// The document as indented JSON with a line feed at the end.
[[nodiscard]] std::string openapi_document(const std::vector<RouteDoc>& routes);

}  // namespace hongyan::api
