// The error answers of the OpenAPI document: which ones a route can give, and the shared components
// that describe them. Used while the document is made; pure functions.
#pragma once

#include <boost/json/object.hpp>

#include "api/route.hpp"

namespace hongyan::api {

/// The schema of every error answer, which stands at #/components/schemas/Problem.
[[nodiscard]] boost::json::object problem_schema();

/// Adds the route's error answers to responses, as references into components, which gets what is
/// not there yet. OpenAPI describes one answer for each status, so errors with the same status
/// share a component.
void add_error_responses(boost::json::object& responses, boost::json::object& components,
                         const RouteDoc& doc);

}  // namespace hongyan::api
