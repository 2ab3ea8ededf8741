#include "table/bulk.hpp"

#include <charconv>

#include "base/text.hpp"

namespace hongyan::table {
namespace {

void append_number(std::string& to, std::int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    to.append(digits, end);
}

}  // namespace

void CopyRows::separate() {
    if (in_row_) rows_ += '\t';
    in_row_ = true;
}

CopyRows& CopyRows::number(std::int64_t value) {
    separate();
    append_number(rows_, value);
    return *this;
}

CopyRows& CopyRows::text(std::string_view value) {
    separate();
    while (!value.empty()) {
        const auto plain = value.find_first_of("\\\t\n\r");
        rows_ += value.substr(0, plain);
        if (plain == std::string_view::npos) break;
        const char odd = value[plain];
        rows_ += '\\';
        rows_ += odd == '\t' ? 't' : odd == '\n' ? 'n' : odd == '\r' ? 'r' : odd;
        value.remove_prefix(plain + 1);
    }
    return *this;
}

CopyRows& CopyRows::blob(std::string_view bytes) {
    separate();
    rows_ += "\\\\x";
    rows_ += to_hex(bytes);
    return *this;
}

CopyRows& CopyRows::null() {
    separate();
    rows_ += "\\N";
    return *this;
}

void CopyRows::end_row() {
    rows_ += '\n';
    in_row_ = false;
}

void ArrayText::separate() {
    if (text_.size() > 1) text_ += ',';
}

void ArrayText::number(std::int64_t value) {
    separate();
    append_number(text_, value);
}

void ArrayText::text(std::string_view value) {
    separate();
    text_ += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
    }
    text_ += '"';
}

void ArrayText::null() {
    separate();
    text_ += "NULL";
}

std::string_view ArrayText::close() {
    text_ += '}';
    return text_;
}

}  // namespace hongyan::table
