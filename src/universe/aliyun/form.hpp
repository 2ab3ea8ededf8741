// Query strings and forms as parameters by name. Pure functions, safe from every thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::universe::aliyun {

using Parameters = std::map<std::string, std::string>;

/// Adds the pairs of "a=1&b=%E4%BD%A0" ('+' is a space); false if an escape is broken, a name
/// stands twice, or there are more than 200.
[[nodiscard]] bool add_pairs(Parameters& parameters, std::string_view text);

/// The value of that name, or "".
[[nodiscard]] std::string value_in(const Parameters& parameters, const std::string& name);

}  // namespace hongyan::universe::aliyun
