// How many SMS a text becomes, for previews and for cost: GSM 03.38 seven-bit characters with the
// extension table where every character is in it, else UCS-2. Long texts are split and lose room to
// the header that joins the parts. Pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hongyan::render {

enum class SmsEncoding : std::uint8_t { gsm7, ucs2 };
[[nodiscard]] constexpr std::string_view to_text(SmsEncoding v) {
    return v == SmsEncoding::gsm7 ? "gsm7" : "ucs2";
}

struct SmsSegments {
    SmsEncoding encoding = SmsEncoding::gsm7;
    std::size_t characters = 0;     ///< code points; a byte that is not UTF-8 counts as one
    std::size_t units = 0;          ///< septets (extension characters take two) or UTF-16 units
    std::size_t segments = 0;       ///< 0 for the empty text
    std::size_t per_segment = 160;  ///< units that one part holds: 160 or 153, 70 or 67
};

/// An extension character or a surrogate pair is never split over two parts, as phones and gateways
/// do it.
[[nodiscard]] SmsSegments sms_segments(std::string_view text);

}  // namespace hongyan::render
