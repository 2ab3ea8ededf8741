#include "channel/smpp/validity.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace hongyan::smpp {
namespace {

constexpr std::int64_t day = 86'400;

std::string two_digits_each(const std::array<std::int64_t, 6>& fields) {
    std::string out;
    for (const auto field : fields) {
        out += static_cast<char>('0' + field / 10 % 10);
        out += static_cast<char>('0' + field % 10);
    }
    return out;
}

std::string relative_text(std::int64_t seconds) {
    // Months count as 30 days and years as 365, rounded down: never longer than was wanted.
    const std::int64_t days = seconds / day;
    const std::int64_t years = std::min<std::int64_t>(99, days / 365);
    const std::int64_t months = std::min<std::int64_t>(11, days % 365 / 30);
    const std::int64_t left = std::min<std::int64_t>(30, days % 365 - months * 30);
    const std::int64_t time = seconds % day;
    return two_digits_each({years, months, left, time / 3'600, time / 60 % 60, time % 60}) + "000R";
}

std::string absolute_text(std::int64_t unix_seconds) {
    const std::chrono::sys_days date{std::chrono::days{static_cast<int>(unix_seconds / day)}};
    const std::chrono::year_month_day ymd{date};
    const std::int64_t time = unix_seconds % day;
    return two_digits_each({static_cast<int>(ymd.year()) % 100, static_cast<unsigned>(ymd.month()),
                            static_cast<unsigned>(ymd.day()), time / 3'600, time / 60 % 60,
                            time % 60}) +
           "000+";
}

}  // namespace

std::string validity_text(ValidityForm form, std::int64_t seconds, std::int64_t now_ms) {
    if (seconds <= 0 || form == ValidityForm::none) return {};
    if (form == ValidityForm::relative) return relative_text(seconds);
    return absolute_text(now_ms / 1'000 + seconds);
}

std::int64_t validity_seconds(std::int64_t wanted_seconds, std::int64_t deliver_by_ms,
                              std::int64_t now_ms) {
    if (deliver_by_ms == 0) return wanted_seconds;
    const std::int64_t left = std::max<std::int64_t>(1, (deliver_by_ms - now_ms) / 1'000);
    return wanted_seconds > 0 ? std::min(wanted_seconds, left) : left;
}

}  // namespace hongyan::smpp
