// The wording of problems: values as a person would quote them, ranges, lists of words. Internal to
// shape.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shape/json_reader.hpp"

namespace hongyan::shape {

/// text in quotes, cut after about 60 bytes on a character's edge.
[[nodiscard]] std::string shown(std::string_view text);
/// "a string", with scalars also their value: "the string \"abc\"", "the number 5.5".
[[nodiscard]] std::string shown(const Node& node);
/// "a, b, c"
[[nodiscard]] std::string joined(std::span<const std::string_view> words);
/// "; did you mean X?" for a likely slip, else "".
[[nodiscard]] std::string suggestion(std::string_view word,
                                     std::span<const std::string_view> candidates);
/// "1 to 320", "at least 1", "at most 320".
[[nodiscard]] std::string range_text(std::optional<std::size_t> low,
                                     std::optional<std::size_t> high);

}  // namespace hongyan::shape
