#include "channel/aliyun/phone.hpp"

#include <algorithm>

namespace hongyan::aliyun {
namespace {

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Takes the international prefix off; true if there was one.
bool take_prefix(std::string_view& text) {
    const std::size_t length = text.starts_with('+') ? 1 : text.starts_with("00") ? 2 : 0;
    text.remove_prefix(length);
    return length != 0;
}

/// Mobile numbers of mainland China have 11 digits, those of machines 13.
bool is_mainland(std::string_view number) {
    return number.starts_with('1') && (number.size() == 11 || number.size() == 13);
}

/// A bare number where the default is China. Landlines get no text messages, and a foreign number
/// without + cannot be told from a mistyped one.
std::optional<std::string> chinese(std::string_view number) {
    if (is_mainland(number)) return "86" + std::string(number);
    if (number.starts_with("86") && is_mainland(number.substr(2))) return std::string(number);
    return std::nullopt;
}

}  // namespace

bool is_phone(std::string_view text) {
    take_prefix(text);
    return text.size() >= 5 && text.size() <= 15 && all_digits(text);
}

std::optional<std::string> international_digits(std::string_view text,
                                                std::string_view default_country_code) {
    if (!is_phone(text)) return std::nullopt;
    if (take_prefix(text)) {
        if (text.starts_with('0')) return std::nullopt;
        return std::string(text);
    }
    if (default_country_code.empty()) return std::nullopt;
    if (default_country_code == "86") return chinese(text);
    std::string national(text);
    // A trunk 0 is dialled inside the country only; Italy's is part of the number.
    const bool trunk = national.front() == '0' && default_country_code != "39";
    if (trunk) national.erase(0, 1);
    // More than ten digits that begin with the country code: it is there already.
    if (!trunk && national.size() > 10 && national.starts_with(default_country_code)) {
        return national;
    }
    return std::string(default_country_code) + national;
}

std::string service_number(std::string_view digits) {
    if (digits.starts_with("86") && is_mainland(digits.substr(2))) digits.remove_prefix(2);
    return std::string(digits);
}

}  // namespace hongyan::aliyun
