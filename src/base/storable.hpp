// What PostgreSQL can store as text: UTF-8 without NUL. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace hongyan {

[[nodiscard]] bool is_storable(std::string_view text);
/// The text with each byte that cannot be stored replaced by U+FFFD.
[[nodiscard]] std::string storable(std::string_view text);

}  // namespace hongyan
