// An example value for a JSON Schema of ours, made of the examples of its fields, so that no reply
// needs one written by hand that would go stale. Used while the OpenAPI document is made; a pure
// function.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace hongyan::api {

/// schemas is what stands at #/components/schemas, where references lead. The schema's own example
/// if it has one.
[[nodiscard]] boost::json::value example_of(const boost::json::object& schemas,
                                            const boost::json::object& schema);

}  // namespace hongyan::api
