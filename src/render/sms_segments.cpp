#include "render/sms_segments.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::render {
namespace {

/// GSM 03.38 default alphabet outside ASCII, sorted, and the extension table.
constexpr std::array<char32_t, 39> gsm_others{
    0xA1, 0xA3, 0xA4, 0xA5,  0xA7,  0xBF,  0xC4,  0xC5,  0xC6,  0xC7,  0xC9,  0xD1,  0xD6,
    0xD8, 0xDC, 0xDF, 0xE0,  0xE4,  0xE5,  0xE6,  0xE8,  0xE9,  0xEC,  0xF1,  0xF2,  0xF6,
    0xF8, 0xF9, 0xFC, 0x393, 0x394, 0x398, 0x39B, 0x39E, 0x3A0, 0x3A3, 0x3A6, 0x3A8, 0x3A9};
constexpr std::array<char32_t, 10> gsm_extension{0x0C, '[', '\\', ']', '^',
                                                 '{',  '|', '}',  '~', 0x20AC};

/// Septets of a character: 1, 2 for the extension table, 0 if GSM 03.38 does not have it.
std::size_t septets(char32_t c) {
    if (std::find(gsm_extension.begin(), gsm_extension.end(), c) != gsm_extension.end()) return 2;
    if (c < 0x80) return c == '\n' || c == '\r' || (c >= 0x20 && c != 0x7F && c != '`') ? 1 : 0;
    return std::binary_search(gsm_others.begin(), gsm_others.end(), c) ? 1 : 0;
}

std::size_t utf16_units(char32_t c) { return c > 0xFFFF ? 2 : 1; }

/// Takes the first character off well-formed UTF-8.
char32_t take_character(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80 ? 1 : (first < 0xE0 ? 2 : (first < 0xF0 ? 3 : 4));
    char32_t c = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i)
        c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return c;
}

/// Parts of a text whose characters have these units, when none may be split.
std::size_t count_parts(std::string_view text, std::size_t (*units_of)(char32_t),
                        std::size_t per_part) {
    std::size_t parts = 1;
    std::size_t used = 0;
    while (!text.empty()) {
        const std::size_t units = units_of(take_character(text));
        if (used + units > per_part) {
            ++parts;
            used = 0;
        }
        used += units;
    }
    return parts;
}

}  // namespace

SmsSegments sms_segments(std::string_view text) {
    SmsSegments result;
    if (text.empty()) return result;
    std::string repaired;
    if (!is_utf8(text)) {
        for (const char c : text)
            repaired += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : "\xEF\xBF\xBD";
        text = repaired;
    }
    std::size_t gsm_units = 0;
    std::size_t ucs2_units = 0;
    bool is_gsm = true;
    for (auto rest = text; !rest.empty(); ++result.characters) {
        const char32_t c = take_character(rest);
        is_gsm = is_gsm && septets(c) > 0;
        gsm_units += septets(c);
        ucs2_units += utf16_units(c);
    }
    result.encoding = is_gsm ? SmsEncoding::gsm7 : SmsEncoding::ucs2;
    result.units = is_gsm ? gsm_units : ucs2_units;
    const std::size_t whole = is_gsm ? 160 : 70;
    const std::size_t part = is_gsm ? 153 : 67;
    const bool fits_one = result.units <= whole;
    result.per_segment = fits_one ? whole : part;
    result.segments = fits_one ? 1 : count_parts(text, is_gsm ? septets : utf16_units, part);
    return result;
}

}  // namespace hongyan::render
