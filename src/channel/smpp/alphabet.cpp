#include "channel/smpp/alphabet.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::smpp {
namespace {

/// The default alphabet in the order of its codes; 0x1B, the escape, stands for nothing.
constexpr std::u32string_view gsm_basic =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1B"
    U"ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    U"abcdefghijklmnopqrstuvwxyzäöñüà";
static_assert(gsm_basic.size() == 128);

constexpr std::array<std::pair<char32_t, char>, 10> gsm_extension{{{U'\f', 0x0A},
                                                                   {U'^', 0x14},
                                                                   {U'{', 0x28},
                                                                   {U'}', 0x29},
                                                                   {U'\\', 0x2F},
                                                                   {U'[', 0x3C},
                                                                   {U'~', 0x3D},
                                                                   {U']', 0x3E},
                                                                   {U'|', 0x40},
                                                                   {U'€', 0x65}}};
constexpr char escape = 0x1B;

/// Code of each character below 0x400 in the default alphabet, 0xFF for none.
constexpr std::array<std::uint8_t, 0x400> make_codes() {
    std::array<std::uint8_t, 0x400> codes{};
    for (auto& code : codes) code = 0xFF;
    for (std::size_t i = 0; i < gsm_basic.size(); ++i)
        codes[gsm_basic[i]] = static_cast<std::uint8_t>(i);
    codes[0x1B] = 0xFF;
    return codes;
}
constexpr auto gsm_codes = make_codes();

void append_unit(std::string& out, char32_t unit) {
    out += static_cast<char>(unit >> 8);
    out += static_cast<char>(unit);
}

std::string utf16_bytes(char32_t c) {
    std::string out;
    if (c > 0xFFFF) {
        append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
        append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
        append_unit(out, c);
    }
    return out;
}

}  // namespace

std::string gsm_septets(char32_t c) {
    if (c < gsm_codes.size() && gsm_codes[c] != 0xFF)
        return std::string(1, static_cast<char>(gsm_codes[c]));
    for (const auto& [character, code] : gsm_extension) {
        if (character == c) return {escape, code};
    }
    return {};
}

std::string encode_character(Alphabet alphabet, char32_t c) {
    switch (alphabet) {
        case Alphabet::gsm7:
        case Alphabet::gsm7_packed:
            return gsm_septets(c);
        case Alphabet::latin1:
            return c < 0x80 || (c >= 0xA0 && c < 0x100) ? std::string(1, static_cast<char>(c))
                                                        : std::string();
        case Alphabet::ascii:
            return c < 0x80 ? std::string(1, static_cast<char>(c)) : std::string();
        case Alphabet::ucs2:
            return utf16_bytes(c);
    }
    return {};
}

bool fits(Alphabet alphabet, std::string_view text) {
    if (alphabet == Alphabet::ucs2) return true;
    while (!text.empty()) {
        if (encode_character(alphabet, take_character(text)).empty()) return false;
    }
    return true;
}

char32_t take_character(std::string_view& text) {
    HY_ASSERT(!text.empty());
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    HY_ASSERT(length <= text.size());
    char32_t c = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i)
        c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return c;
}

std::string pack_septets(std::string_view septets, unsigned fill_bits) {
    HY_ASSERT(fill_bits < 7);
    std::string out;
    unsigned waiting = 0;  // bits not yet written, the lowest first
    unsigned count = fill_bits;
    for (const char septet : septets) {
        waiting |= (static_cast<unsigned>(septet) & 0x7FU) << count;
        count += 7;
        for (; count >= 8; count -= 8, waiting >>= 8) out += static_cast<char>(waiting);
    }
    if (count > 0) out += static_cast<char>(waiting);
    return out;
}

}  // namespace hongyan::smpp
