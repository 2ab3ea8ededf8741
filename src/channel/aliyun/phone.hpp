// Telephone numbers as people write them, made into one form. Pure, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hongyan::aliyun {

/// True for 5 to 15 digits, with + or 00 in front if international.
[[nodiscard]] bool is_phone(std::string_view text);

/// "8613800138000": country code and number without +. A number without + or 00 gets
/// default_country_code ("" = such numbers are refused), see phone.cpp for how a code that is there
/// already is told. Nothing if text is no number, or nobody can say of which country.
[[nodiscard]] std::optional<std::string> international_digits(
    std::string_view text, std::string_view default_country_code);

/// The number as the service wants it: mainland numbers without 86, others with their country code.
[[nodiscard]] std::string service_number(std::string_view digits);

}  // namespace hongyan::aliyun
