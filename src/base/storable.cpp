#include "base/storable.hpp"

#include <cstring>

#include "base/text.hpp"

namespace hongyan {
namespace {

/// Bytes of the sequence that begins with this byte, 0 if none does.
std::size_t sequence_length(unsigned char first) {
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    if (first >= 0xF0 && first < 0xF5) return 4;
    return 0;
}

}  // namespace

bool is_storable(std::string_view text) {
    return (text.empty() || std::memchr(text.data(), 0, text.size()) == nullptr) && is_utf8(text);
}

std::string storable(std::string_view text) {
    std::string mended;
    mended.reserve(text.size() + 8);
    while (!text.empty()) {
        const auto length = sequence_length(static_cast<unsigned char>(text.front()));
        const auto piece = text.substr(0, length);
        const bool good = length > 0 && piece.size() == length && is_utf8(piece);
        if (good)
            mended += piece;
        else
            mended += "\xEF\xBF\xBD";
        text.remove_prefix(good ? length : 1);
    }
    return mended;
}

}  // namespace hongyan
