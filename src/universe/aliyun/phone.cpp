#include "universe/aliyun/phone.hpp"

#include <algorithm>

namespace hongyan::universe::aliyun {

std::optional<std::string> reachable_number(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    } else if (text.starts_with("00")) {
        text.remove_prefix(2);
    }
    const bool digits =
        !text.empty() && text.front() != '0' &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return std::nullopt;
    std::string_view mobile = text;
    if (mobile.starts_with("86")) mobile.remove_prefix(2);
    const bool is_mainland = mobile.front() == '1' && (mobile.size() == 11 || mobile.size() == 13);
    if (is_mainland) return "+86" + std::string(mobile);
    if (text.starts_with("86") || text.size() < 8 || text.size() > 15) return std::nullopt;
    return "+" + std::string(text);
}

}  // namespace hongyan::universe::aliyun
