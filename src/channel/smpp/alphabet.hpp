// The alphabets of short messages: GSM 03.38 with its extension table, Latin-1, ASCII and UCS-2
// (written as UTF-16, so that characters beyond the first plane become surrogate pairs). A text
// becomes units that must not be torn apart, each with its bytes on the wire. Pure functions, safe
// from every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::smpp {

enum class Alphabet : std::uint8_t {
    gsm7,         ///< one septet in each octet
    gsm7_packed,  ///< septets packed, eight in seven octets
    latin1,
    ascii,
    ucs2,
};

/// The GSM 03.38 septets of a character: one, two (0x1B and one of the extension table) or "".
[[nodiscard]] std::string gsm_septets(char32_t c);
/// The bytes of one character in that alphabet (packed: its septets unpacked); "" if it has none.
[[nodiscard]] std::string encode_character(Alphabet alphabet, char32_t c);
/// True if every character of well-formed UTF-8 is in the alphabet.
[[nodiscard]] bool fits(Alphabet alphabet, std::string_view text);
/// Takes the first character off well-formed, non-empty UTF-8.
[[nodiscard]] char32_t take_character(std::string_view& text);
/// Septets packed into octets behind fill_bits (0 to 6) zero bits; "hellohello" becomes
/// e8329bfd4697d9ec37.
[[nodiscard]] std::string pack_septets(std::string_view septets, unsigned fill_bits);

}  // namespace hongyan::smpp
