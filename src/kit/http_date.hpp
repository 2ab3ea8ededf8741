// Dates as they stand in HTTP headers (RFC 9110 5.6.7), all three forms. Pure, safe from every
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hongyan::kit {

/// Milliseconds since 1970, or nothing if the text is not such a date. now_ms decides the century
/// of the form with a year of two digits.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                          std::int64_t now_ms);

}  // namespace hongyan::kit
