#include "app/cli_table.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdint>

namespace hongyan::app {
namespace {

struct Decoded {
    std::uint32_t point = 0;
    std::size_t bytes = 1;
};

/// One code point of UTF-8; broken bytes count as one character each.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length == 1 || text.size() < length) return {first, 1};
    std::uint32_t point = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) point = (point << 6U) | (byte(i) & 0x3FU);
    return {point, length};
}

std::size_t width_of(std::uint32_t point) {
    if (point == 0x200D || (point >= 0x300 && point <= 0x36F) ||
        (point >= 0xFE00 && point <= 0xFE0F))
        return 0;
    const bool is_wide =
        (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
        (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
        (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
        (point >= 0xFFE0 && point <= 0xFFE6) || (point >= 0x1F300 && point <= 0x1FAFF) ||
        (point >= 0x20000 && point <= 0x3FFFD);
    return is_wide ? 2 : 1;
}

/// One JSON value; inner ones begin at this depth.
void write_indented(const boost::json::value& value, std::size_t depth, std::string& out) {
    const auto line = [&](std::size_t steps) { out += "\n" + std::string(2 * steps, ' '); };
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out += '{';
        for (bool is_first = true; const auto& [key, member] : *object) {
            out += is_first ? "" : ",";
            is_first = false;
            line(depth + 1);
            out += boost::json::serialize(boost::json::value(key)) + ": ";
            write_indented(member, depth + 1, out);
        }
        line(depth);
        out += '}';
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        out += '[';
        for (bool is_first = true; const auto& member : *array) {
            out += is_first ? "" : ",";
            is_first = false;
            line(depth + 1);
            write_indented(member, depth + 1, out);
        }
        line(depth);
        out += ']';
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string indented_json(const boost::json::value& value) {
    std::string out;
    write_indented(value, 0, out);
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        if (text.starts_with("\033[")) {  // a colour code
            const auto end = text.find('m');
            text.remove_prefix(end == text.npos ? text.size() : end + 1);
            continue;
        }
        const auto [point, bytes] = decode(text);
        width += width_of(point);
        text.remove_prefix(bytes);
    }
    return width;
}

std::string one_line(std::string_view text, std::size_t width) {
    std::string line;
    std::size_t used = 0;
    while (!text.empty()) {
        const auto [point, bytes] = decode(text);
        const bool is_control = point < 0x20 || (point >= 0x7F && point < 0xA0);
        if (used + width_of(point) > width - 1 && text.size() > bytes) return line + "…";
        line += is_control ? (point == '\n' ? " " : "?") : text.substr(0, bytes);
        used += width_of(point);
        text.remove_prefix(bytes);
    }
    return line;
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i]));
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + 2, ' ');
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

}  // namespace hongyan::app
