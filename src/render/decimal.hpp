// Decimal: a number as the digits people wrote, so that rounding gives what they would get on paper
// (1.005 to two places is 1.01, whatever its binary form). Internal to render/; a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "render/value.hpp"
#include "render/workspace.hpp"

namespace hongyan::render {

inline constexpr int max_decimals = 9;

class Decimal {
  public:
    /// Of a number below 10^21, or of a text like "-1234.50" with at most 21 digits before and
    /// after the point.
    [[nodiscard]] static std::optional<Decimal> of(const Value& value);

    /// Keeps so many digits after the point (0 to max_decimals), rounding half away from zero,
    /// filling up with zeros.
    void round(std::size_t decimals);
    [[nodiscard]] bool is_negative() const { return negative_; }
    /// Appends the digits without sign; group, if any, goes between thousands.
    void append_to(TextBuffer& out, std::string_view group, std::string_view point) const;

  private:
    [[nodiscard]] static std::optional<Decimal> read(std::string_view text);
    void count_up();

    bool negative_ = false;
    std::size_t whole_ = 0;     ///< digits before the point
    std::size_t fraction_ = 0;  ///< digits after it
    std::array<char, 64> digits_{};
};

}  // namespace hongyan::render
