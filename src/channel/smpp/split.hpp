// Splitting a text into the short messages that carry it: the alphabet is chosen, the text is cut
// where nothing is torn (no escape pair, no surrogate pair), and each part is told how it belongs
// to the others (user data header, SAR TLVs, or all in one message_payload). Pure functions, safe
// from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "channel/smpp/alphabet.hpp"
#include "channel/smpp/pdu.hpp"

namespace hongyan::smpp {

enum class Concatenation : std::uint8_t { udh8, udh16, sar, payload };
inline constexpr std::array<std::string_view, 4> concatenation_names{"udh8", "udh16", "sar",
                                                                     "payload"};
enum class Encoding : std::uint8_t { gsm7, gsm7_packed, latin1, ascii, ucs2 };
inline constexpr std::array<std::string_view, 5> encoding_names{"gsm7", "gsm7_packed", "latin1",
                                                                "ascii", "ucs2"};

/// How this account and this message want it.
struct SplitRules {
    Encoding encoding = Encoding::gsm7;  ///< where the text fits it, else UCS-2
    Concatenation concatenation = Concatenation::udh8;
    std::uint8_t default_data_coding = 0x00;  ///< of gsm7 and gsm7_packed
    std::uint8_t ucs2_data_coding = 0x08;
    bool flash = false;
    std::optional<std::uint8_t> data_coding;  ///< wanted by the message; decides the alphabet
    std::size_t max_segments = 255;
};

struct Segment {
    std::uint8_t esm_class = 0;
    std::string text;
    std::vector<Tlv> tlvs;
};

struct SplitText {
    Alphabet alphabet = Alphabet::gsm7;
    std::uint8_t data_coding = 0;
    std::vector<Segment> segments;  ///< at least one
};

/// The alphabet that a data_coding announces; nothing for binary and for those never used for text.
[[nodiscard]] std::optional<Alphabet> alphabet_of(std::uint8_t data_coding, Encoding account);
/// reference ties the parts of one message together; its low byte counts with udh8.
/// Errors: content_invalid (not UTF-8, empty, too long, or not in the alphabet that was demanded).
[[nodiscard]] Result<SplitText> split_text(std::string_view text, const SplitRules& rules,
                                           std::uint16_t reference);

}  // namespace hongyan::smpp
