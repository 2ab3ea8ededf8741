#include "channel/smpp/split.hpp"

#include <utility>

#include "base/text.hpp"

namespace hongyan::smpp {
namespace {

constexpr std::uint8_t udh_indicator = 0x40;
/// Room for message_payload beside the fields of its PDU.
constexpr std::size_t max_payload = max_pdu_size - 512;

Error invalid(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

Alphabet as_alphabet(Encoding encoding) {
    return static_cast<Alphabet>(static_cast<std::uint8_t>(encoding));
}

bool is_gsm(Alphabet a) { return a == Alphabet::gsm7 || a == Alphabet::gsm7_packed; }

std::uint8_t data_coding_of(Alphabet alphabet, const SplitRules& rules) {
    if (rules.data_coding) return *rules.data_coding;
    if (rules.flash) return alphabet == Alphabet::ucs2 ? 0x18 : 0x10;
    switch (alphabet) {
        case Alphabet::ascii:
            return 0x01;
        case Alphabet::latin1:
            return 0x03;
        case Alphabet::ucs2:
            return rules.ucs2_data_coding;
        case Alphabet::gsm7:
        case Alphabet::gsm7_packed:
            break;
    }
    return rules.default_data_coding;
}

Result<Alphabet> choose_alphabet(std::string_view text, const SplitRules& rules) {
    if (rules.data_coding) {
        const auto demanded = alphabet_of(*rules.data_coding, rules.encoding);
        if (!demanded)
            return invalid("data_coding " + std::to_string(*rules.data_coding) +
                           " is not one of text");
        if (!fits(*demanded, text)) {
            return invalid("the text has characters that data_coding " +
                           std::to_string(*rules.data_coding) + " cannot carry");
        }
        return *demanded;
    }
    auto wanted = as_alphabet(rules.encoding);
    // Message class 0 exists for GSM and UCS-2 only.
    if (rules.flash && !is_gsm(wanted)) wanted = Alphabet::gsm7;
    return fits(wanted, text) ? wanted : Alphabet::ucs2;
}

/// Octets (septets for GSM) that one part of a message holds, and a message that is alone.
std::size_t room_for(Alphabet alphabet, std::size_t header_octets) {
    if (!is_gsm(alphabet)) {
        const std::size_t octets = 140 - header_octets;
        return alphabet == Alphabet::ucs2 ? octets / 2 * 2 : octets;
    }
    return 160 - (header_octets * 8 + 6) / 7;
}

/// The text as bytes, cut before a character that would not fit whole.
std::vector<std::string> cut(std::string_view text, Alphabet alphabet, std::size_t room) {
    std::vector<std::string> parts(1);
    while (!text.empty()) {
        const std::string unit = encode_character(alphabet, take_character(text));
        if (parts.back().size() + unit.size() > room) parts.emplace_back();
        parts.back() += unit;
    }
    return parts;
}

std::size_t header_octets(Concatenation how) {
    // The centre builds the header from SAR TLVs; with room for the usual one of 8 bits.
    return how == Concatenation::udh16 ? 7 : 6;
}

std::string header_bytes(Concatenation how, std::uint16_t reference, std::size_t total,
                         std::size_t index) {
    std::string out;
    const auto put = [&out](std::size_t v) { out += static_cast<char>(v); };
    const bool wide = how == Concatenation::udh16;
    put(wide ? 6 : 5);
    put(wide ? 8 : 0);
    put(wide ? 4 : 3);
    if (wide) put(reference >> 8);
    put(reference & 0xFF);
    put(total);
    put(index + 1);
    return out;
}

std::vector<Tlv> sar_tlvs(std::uint16_t reference, std::size_t total, std::size_t index) {
    const auto byte = [](std::size_t v) { return std::string(1, static_cast<char>(v)); };
    return {{tag::sar_msg_ref_num, byte(reference >> 8) + byte(reference & 0xFF)},
            {tag::sar_total_segments, byte(total)},
            {tag::sar_segment_seqnum, byte(index + 1)}};
}

std::string as_octets(Alphabet alphabet, std::string_view units, std::size_t header) {
    if (alphabet != Alphabet::gsm7_packed) return std::string(units);
    return pack_septets(units, static_cast<unsigned>((7 - header * 8 % 7) % 7));
}

Segment one_segment(const SplitText& split, const SplitRules& rules, std::string_view units,
                    std::uint16_t reference, std::size_t total, std::size_t index) {
    Segment segment;
    if (rules.concatenation == Concatenation::sar) {
        segment.text = as_octets(split.alphabet, units, 0);
        segment.tlvs = sar_tlvs(reference, total, index);
        return segment;
    }
    segment.esm_class = udh_indicator;
    segment.text = header_bytes(rules.concatenation, reference, total, index);
    segment.text += as_octets(split.alphabet, units, segment.text.size());
    return segment;
}

}  // namespace

std::optional<Alphabet> alphabet_of(std::uint8_t data_coding, Encoding account) {
    switch (data_coding) {
        case 0x01:
            return Alphabet::ascii;
        case 0x03:
            return Alphabet::latin1;
        case 0x02:
        case 0x04:
            return std::nullopt;
        default:
            break;
    }
    const bool general = (data_coding & 0xC0) == 0;  // 3GPP 23.038: general data coding
    if ((general && (data_coding & 0x0C) == 0x08) || (data_coding & 0xF0) == 0xE0)
        return Alphabet::ucs2;
    const bool eight_bit =
        (general && (data_coding & 0x0C) == 0x04) || (data_coding & 0xF4) == 0xF4;
    if (eight_bit) return std::nullopt;
    return account == Encoding::gsm7_packed ? Alphabet::gsm7_packed : Alphabet::gsm7;
}

Result<SplitText> split_text(std::string_view text, const SplitRules& rules,
                             std::uint16_t reference) {
    if (text.empty()) return invalid("a short message needs a text");
    if (!is_utf8(text)) return invalid("the text must be UTF-8");
    auto alphabet = choose_alphabet(text, rules);
    if (!alphabet) return std::move(alphabet.error());
    SplitText split;
    split.alphabet = *alphabet;
    split.data_coding = data_coding_of(*alphabet, rules);

    const std::size_t whole = room_for(split.alphabet, 0);
    const auto everything = cut(text, split.alphabet, max_payload * 2);
    if (everything.size() == 1 && everything[0].size() <= whole) {
        split.segments.push_back({0, as_octets(split.alphabet, everything[0], 0), {}});
        return split;
    }
    if (rules.concatenation == Concatenation::payload) {
        auto payload = as_octets(split.alphabet, everything[0], 0);
        const std::size_t units = everything[0].size();
        const std::size_t part = room_for(split.alphabet, 6);
        if (everything.size() > 1 || payload.size() > max_payload ||
            (units + part - 1) / part > rules.max_segments) {
            return invalid("the text is longer than the account allows");
        }
        split.segments.push_back({0, {}, {{tag::message_payload, std::move(payload)}}});
        return split;
    }
    const auto parts =
        cut(text, split.alphabet, room_for(split.alphabet, header_octets(rules.concatenation)));
    if (parts.size() > std::min<std::size_t>(255, rules.max_segments)) {
        return invalid("the text takes " + std::to_string(parts.size()) + " segments, at most " +
                       std::to_string(std::min<std::size_t>(255, rules.max_segments)) +
                       " are allowed");
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        split.segments.push_back(one_segment(split, rules, parts[i], reference, parts.size(), i));
    }
    return split;
}

}  // namespace hongyan::smpp
