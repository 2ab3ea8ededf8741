#include "universe/smpp/handset.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

namespace hongyan::universe::smpp {
namespace {

constexpr std::size_t most_unfinished = 20'000;
constexpr const char* unreadable = "\xEF\xBF\xBD";

/// GSM 03.38 by rows of sixteen, as the standard prints it.
constexpr std::array<const char*, 128> letters{
    "@", "£", "$",  "¥", "è", "é", "ù", "ì", "ò", "Ç", "\n", "Ø", "ø", "\r", "Å", "å",
    "Δ", "_", "Φ",  "Γ", "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ",  "",  "Æ", "æ",  "ß", "É",
    " ", "!", "\"", "#", "¤", "%", "&", "'", "(", ")", "*",  "+", ",", "-",  ".", "/",
    "0", "1", "2",  "3", "4", "5", "6", "7", "8", "9", ":",  ";", "<", "=",  ">", "?",
    "¡", "A", "B",  "C", "D", "E", "F", "G", "H", "I", "J",  "K", "L", "M",  "N", "O",
    "P", "Q", "R",  "S", "T", "U", "V", "W", "X", "Y", "Z",  "Ä", "Ö", "Ñ",  "Ü", "§",
    "¿", "a", "b",  "c", "d", "e", "f", "g", "h", "i", "j",  "k", "l", "m",  "n", "o",
    "p", "q", "r",  "s", "t", "u", "v", "w", "x", "y", "z",  "ä", "ö", "ñ",  "ü", "à"};
const char* escaped_letter(int code) {
    switch (code) {
        case 10:
            return "\f";
        case 20:
            return "^";
        case 40:
            return "{";
        case 41:
            return "}";
        case 47:
            return "\\";
        case 60:
            return "[";
        case 61:
            return "~";
        case 62:
            return "]";
        case 64:
            return "|";
        case 101:
            return "€";
        default:
            return unreadable;
    }
}

std::string utf8(std::uint32_t c) {
    std::string out;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 63));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 63));
        out += static_cast<char>(0x80 | (c & 63));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 63));
        out += static_cast<char>(0x80 | (c >> 6 & 63));
        out += static_cast<char>(0x80 | (c & 63));
    }
    return out;
}

int octet(const std::string& s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

std::string read_gsm(const std::string& septets) {
    std::string out;
    for (std::size_t i = 0; i < septets.size(); ++i) {
        const int code = octet(septets, i);
        if (code > 127) {
            out += unreadable;
        } else if (code != 27) {
            out += letters[static_cast<std::size_t>(code)];
        } else {
            out += ++i < septets.size() ? escaped_letter(octet(septets, i)) : unreadable;
        }
    }
    return out;
}

std::string unpack(const std::string& octets, std::size_t header_octets) {
    const std::size_t bits = octets.size() * 8;
    std::size_t at = (7 - header_octets * 8 % 7) % 7;
    std::string septets;
    for (; at + 7 <= bits; at += 7) {
        int value = 0;
        for (std::size_t b = 0; b < 7; ++b)
            value |= (octet(octets, (at + b) / 8) >> ((at + b) % 8) & 1) << b;
        septets += static_cast<char>(value);
    }
    // Seven bits left over at the end may be a padding that reads as '@'.
    if (bits >= 8 && at == bits && !septets.empty() && septets.back() == '\0') septets.pop_back();
    return septets;
}

std::string read_utf16(const std::string& octets) {
    std::string out;
    for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
        const std::uint32_t unit =
            static_cast<std::uint32_t>(octet(octets, i) << 8 | octet(octets, i + 1));
        if (unit < 0xD800 || unit > 0xDFFF) {
            out += utf8(unit);
            continue;
        }
        const bool has_next = unit < 0xDC00 && i + 3 < octets.size();
        const std::uint32_t next =
            has_next ? static_cast<std::uint32_t>(octet(octets, i + 2) << 8 | octet(octets, i + 3))
                     : 0;
        if (next < 0xDC00 || next > 0xDFFF) {
            out += unreadable;
            continue;
        }
        out += utf8(0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00));
        i += 2;
    }
    if (octets.size() % 2 != 0) out += unreadable;
    return out;
}

/// The concatenation element of a user data header; false if the header is broken.
bool read_header(const std::string& text, Part& part, std::size_t& header_octets) {
    if (text.empty()) return false;
    header_octets = static_cast<std::size_t>(octet(text, 0)) + 1;
    if (header_octets > text.size()) return false;
    std::size_t at = 1;
    while (at + 2 <= header_octets) {
        const int element = octet(text, at);
        const auto length = static_cast<std::size_t>(octet(text, at + 1));
        if (at + 2 + length > header_octets) return false;
        const std::size_t value = at + 2;
        if (element == 0 && length == 3) {
            part = {"", octet(text, value), octet(text, value + 1), octet(text, value + 2), "udh8"};
        } else if (element == 8 && length == 4) {
            part = {"", octet(text, value) << 8 | octet(text, value + 1), octet(text, value + 2),
                    octet(text, value + 3), "udh16"};
        }
        at = value + length;
    }
    return at == header_octets && part.total >= 1 && part.place >= 1 && part.place <= part.total;
}

bool read_sar(const Submit& submit, Part& part) {
    const auto reference = submit.tlvs.find(0x20C);
    const auto total = submit.tlvs.find(0x20E);
    const auto place = submit.tlvs.find(0x20F);
    if (reference == submit.tlvs.end() || total == submit.tlvs.end() || place == submit.tlvs.end())
        return false;
    if (reference->second.size() != 2 || total->second.size() != 1 || place->second.size() != 1)
        return false;
    part = {"", octet(reference->second, 0) << 8 | octet(reference->second, 1),
            octet(total->second, 0), octet(place->second, 0), "sar"};
    return part.total >= 1 && part.place >= 1 && part.place <= part.total;
}

/// What one short message on the air can hold.
bool fits_the_air(const std::string& text, Script script, std::size_t header_octets) {
    if (script != Script::gsm) return text.size() <= 140;
    const std::size_t header_septets = (header_octets * 8 + 6) / 7;
    return text.size() - header_octets + header_septets <= 160;
}

}  // namespace

std::string_view script_name(Script script) {
    constexpr std::array<std::string_view, 6> names{"gsm7",  "gsm7_packed", "latin1",
                                                    "ascii", "ucs2",        "binary"};
    return names[static_cast<std::size_t>(script)];
}

Script script_of(int data_coding, const std::string& default_alphabet) {
    const Script gsm = default_alphabet == "gsm7_packed" ? Script::gsm_packed : Script::gsm;
    if (data_coding == 0) return default_alphabet == "latin1" ? Script::latin1 : gsm;
    if (data_coding == 1) return Script::ascii;
    if (data_coding == 3) return Script::latin1;
    if (data_coding == 8) return Script::utf16;
    if (data_coding >= 0x10 && data_coding < 0x40) {
        const int alphabet = data_coding >> 2 & 3;
        return alphabet == 0 ? gsm : alphabet == 2 ? Script::utf16 : Script::binary;
    }
    if (data_coding >= 0xF0) return (data_coding & 4) == 0 ? gsm : Script::binary;
    return Script::binary;
}

std::string read_octets(const std::string& octets, Script script, std::size_t header_octets) {
    switch (script) {
        case Script::gsm:
            return read_gsm(octets);
        case Script::gsm_packed:
            return read_gsm(unpack(octets, header_octets));
        case Script::utf16:
            return read_utf16(octets);
        case Script::binary:
            return to_hex(octets);
        case Script::latin1:
        case Script::ascii:
            break;
    }
    std::string out;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const int c = octet(octets, i);
        out +=
            script == Script::ascii && c > 127 ? unreadable : utf8(static_cast<std::uint32_t>(c));
    }
    return out;
}

PartOrRefusal read_part(const Submit& submit, const std::string& default_alphabet) {
    PartOrRefusal result;
    const Script script = script_of(submit.data_coding, default_alphabet);
    const auto payload = submit.tlvs.find(0x424);
    if (payload != submit.tlvs.end()) {
        if (!submit.text.empty()) return {{}, refusal::message_length};
        result.part.how = "payload";
        result.part.text = read_octets(payload->second, script, 0);
        return result;
    }
    std::size_t header_octets = 0;
    if ((submit.esm_class & 0x40) != 0) {
        if (!read_header(submit.text, result.part, header_octets)) return {{}, refusal::esm_class};
    } else if (submit.tlvs.contains(0x20C) && !read_sar(submit, result.part)) {
        return {{}, 0xC4};  // ESME_RINVOPTPARAMVAL
    }
    if (!fits_the_air(submit.text, script, header_octets)) return {{}, refusal::message_length};
    result.part.text = read_octets(submit.text.substr(header_octets), script, header_octets);
    return result;
}

std::optional<Whole> Assembler::add(const Submit& submit, const Part& part, std::string id,
                                    std::string raw) {
    if (part.total == 1) return Whole{part.text, {std::move(id)}, std::move(raw)};
    const std::string key = submit.source + '\n' + submit.destination + '\n' + part.how + '\n' +
                            std::to_string(part.reference) + '\n' + std::to_string(part.total);
    auto [found, is_new] = unfinished_.try_emplace(key);
    if (is_new) order_.push_back(key);
    found->second[part.place] = {part.text, std::move(id), std::move(raw)};
    if (found->second.size() < static_cast<std::size_t>(part.total)) {
        for (; unfinished_.size() > most_unfinished && !order_.empty(); order_.pop_front())
            unfinished_.erase(order_.front());
        return std::nullopt;
    }
    Whole whole;
    for (auto& [place, piece] : found->second) {
        whole.text += piece.text;
        whole.ids.push_back(std::move(piece.id));
        whole.raw += piece.raw + "\n";
    }
    unfinished_.erase(found);
    std::erase(order_, key);
    return whole;
}

}  // namespace hongyan::universe::smpp
