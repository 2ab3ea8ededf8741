// account_settings: what holds for the settings of every provider, whatever its own description
// says: no control character in a word that ends up in a header or a command, and addresses that
// can be called. Called when an account is made or changed, beside Provider::check_settings. Pure,
// safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::api {

/// schema is the provider's settings_schema; paths begin with "$". Key texts (PEM, a JSON document)
/// may have line breaks.
[[nodiscard]] std::vector<Problem> general_problems(std::string_view schema,
                                                    const boost::json::object& settings);

}  // namespace hongyan::api
