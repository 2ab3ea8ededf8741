#include "render/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/assert.hpp"

namespace hongyan::render {
namespace {

constexpr std::size_t max_digits = 21;
constexpr double too_large = 1e21;
constexpr double too_small = 1e-12;  // far below the last digit that round() may keep

bool are_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Decimal> Decimal::of(const Value& value) {
    NumberText room;
    if (value.is(Value::Kind::number)) {
        const double size = std::abs(value.number);
        if (!(size < too_large)) return std::nullopt;
        if (size < too_small) return read("0");
        std::array<char, 64> text;
        const auto [end, failure] = std::to_chars(text.data(), text.data() + text.size(),
                                                  value.number, std::chars_format::fixed);
        HY_ASSERT(failure == std::errc());
        return read({text.data(), static_cast<std::size_t>(end - text.data())});
    }
    if (value.is(Value::Kind::integer) || value.is(Value::Kind::text))
        return read(scalar_text(value, room));
    return std::nullopt;
}

std::optional<Decimal> Decimal::read(std::string_view text) {
    Decimal result;
    if (text.starts_with('-') || text.starts_with('+')) {
        result.negative_ = text[0] == '-';
        text.remove_prefix(1);
    }
    const std::size_t point = std::min(text.find('.'), text.size());
    const auto whole = text.substr(0, point);
    const auto fraction = text.substr(std::min(point + 1, text.size()));
    if (whole.empty() || whole.size() > max_digits || !are_digits(whole) || !are_digits(fraction)) {
        return std::nullopt;
    }
    if (point < text.size() && fraction.empty()) return std::nullopt;
    // Digits beyond what any rounding looks at are dropped; a double in plain digits may have up to
    // 28 of them.
    if (fraction.size() > 2 * max_digits) return std::nullopt;
    result.whole_ = whole.size();
    result.fraction_ = std::min(fraction.size(), max_digits);
    std::memcpy(result.digits_.data(), whole.data(), whole.size());
    if (result.fraction_ > 0) {
        std::memcpy(result.digits_.data() + whole.size(), fraction.data(), result.fraction_);
    }
    return result;
}

void Decimal::count_up() {
    std::size_t i = whole_ + fraction_;
    while (i > 0 && digits_[i - 1] == '9') digits_[--i] = '0';
    if (i > 0) {
        ++digits_[i - 1];
        return;
    }
    std::memmove(digits_.data() + 1, digits_.data(), whole_ + fraction_);
    digits_[0] = '1';
    ++whole_;
}

void Decimal::round(std::size_t decimals) {
    HY_ASSERT(decimals <= static_cast<std::size_t>(max_decimals));
    if (fraction_ > decimals) {
        const bool up = digits_[whole_ + decimals] >= '5';
        fraction_ = decimals;
        if (up) count_up();
    }
    while (fraction_ < decimals) digits_[whole_ + fraction_++] = '0';
    const auto* begin = digits_.data();
    if (std::all_of(begin, begin + whole_ + fraction_, [](char c) { return c == '0'; }))
        negative_ = false;
}

void Decimal::append_to(TextBuffer& out, std::string_view group, std::string_view point) const {
    std::size_t start = 0;
    while (start + 1 < whole_ && digits_[start] == '0') ++start;
    for (std::size_t i = start; i < whole_; ++i) {
        if (i > start && (whole_ - i) % 3 == 0) out.append(group);
        out.append(1, digits_[i]);
    }
    if (fraction_ == 0) return;
    out.append(point);
    out.append({digits_.data() + whole_, fraction_});
}

}  // namespace hongyan::render
