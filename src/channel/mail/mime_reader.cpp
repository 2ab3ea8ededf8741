#include "channel/mail/mime_reader.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_fields = 500;
constexpr std::size_t max_value_bytes = 16 * 1024;
constexpr std::size_t max_parts = 100;
constexpr std::size_t max_depth = 8;
constexpr std::size_t max_boundary_bytes = 200;

/// The next line without its end; text moves behind it.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void append_limited(std::string& out, std::string_view more) {
    out += more.substr(0, max_value_bytes - std::min(out.size(), max_value_bytes));
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::string from_quoted_printable(std::string_view text, std::size_t limit) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < limit; ++i) {
        if (text[i] != '=') {
            out += text[i];
            continue;
        }
        const std::string_view rest = text.substr(i + 1, 2);
        if (rest.starts_with('\n')) {
            i += 1;
        } else if (rest == "\r\n") {
            i += 2;
        } else if (rest.size() == 2 && hex_value(rest[0]) >= 0 && hex_value(rest[1]) >= 0) {
            out += static_cast<char>(hex_value(rest[0]) * 16 + hex_value(rest[1]));
            i += 2;
        } else {
            out += '=';
        }
    }
    return out;
}

/// What of it is base64, other bytes skipped as RFC 2045 6.8 says.
std::string from_loose_base64(std::string_view text, std::size_t limit) {
    std::string digits;
    const std::size_t most = limit / 3 * 4 + 4;
    for (const char c : text) {
        const bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (c == '=' || digits.size() >= most) break;
        if (digit) digits += c;
    }
    if (digits.size() % 4 == 1) digits.pop_back();
    // The last group may have bits that stand for nothing, which a strict reader refuses.
    auto bytes = from_base64(digits);
    if (!bytes) bytes = from_base64(std::string_view(digits).substr(0, digits.size() / 4 * 4));
    return bytes ? std::move(*bytes) : std::string();
}

std::string type_of(const MailFields& fields) {
    const std::string_view value = fields.get("content-type");
    std::string type = to_lower(trim(value.substr(0, value.find_first_of("; \t"))));
    return type.find('/') == type.npos ? "text/plain" : type;
}

/// Where a line "--boundary" starts at or behind from; npos if there is none.
std::size_t find_boundary(std::string_view text, std::string_view mark, std::size_t from) {
    for (auto at = text.find(mark, from); at != text.npos; at = text.find(mark, at + 1)) {
        if (at == 0 || text[at - 1] == '\n') return at;
    }
    return text.npos;
}

class TreeReader {
  public:
    explicit TreeReader(std::vector<MimePart>& parts) : parts_(parts) {}

    /// False: beyond the limits.
    bool read(MailFields fields, std::string_view body, std::size_t depth) {
        std::string type = type_of(fields);
        const std::string boundary = type.starts_with("multipart/")
                                         ? field_parameter(fields.get("content-type"), "boundary")
                                         : "";
        if (boundary.empty() || boundary.size() > max_boundary_bytes) {
            if (parts_.size() >= max_parts) return false;
            parts_.push_back({std::move(fields), std::move(type), body});
            return true;
        }
        return depth < max_depth && read_children("--" + boundary, body, depth + 1);
    }

  private:
    bool read_children(const std::string& mark, std::string_view body, std::size_t depth) {
        std::size_t at = find_boundary(body, mark, 0);
        while (at != body.npos) {
            std::string_view rest = body.substr(at + mark.size());
            if (rest.starts_with("--")) return true;
            const std::size_t start = body.size() - rest.size();
            const std::size_t next = find_boundary(body, mark, start);
            std::string_view part = body.substr(start, std::min(next, body.size()) - start);
            take_line(part);  // what is left of the boundary's line
            if (++entered_ > max_parts) return false;
            MailFields fields = take_fields(part);
            if (!read(std::move(fields), part, depth)) return false;
            at = next;
        }
        return true;
    }

    std::vector<MimePart>& parts_;
    std::size_t entered_ = 0;
};

std::optional<int> month_of(std::string_view name) {
    constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
    const std::string lower = to_lower(name.substr(0, 3));
    const auto found = std::find(months.begin(), months.end(), lower);
    if (found == months.end()) return std::nullopt;
    return static_cast<int>(found - months.begin()) + 1;
}

std::string two_digits(std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

/// "+0800" and "-0700" as "+08:00"; names of zones as UTC.
std::string offset_of(std::string_view zone) {
    const bool numeric = zone.size() == 5 && (zone[0] == '+' || zone[0] == '-');
    if (!numeric) return "Z";
    return std::string(zone.substr(0, 3)).append(":").append(zone.substr(3));
}

}  // namespace

std::string_view MailFields::get(std::string_view name) const {
    for (const MailField& field : all) {
        if (field.name == name) return field.value;
    }
    return {};
}

std::string MimePart::decoded(std::size_t limit) const {
    const std::string encoding = to_lower(fields.get("content-transfer-encoding"));
    if (encoding == "quoted-printable") return from_quoted_printable(body, limit);
    if (encoding == "base64") return from_loose_base64(body, limit);
    return std::string(body.substr(0, limit));
}

MailFields take_fields(std::string_view& text) {
    MailFields fields;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty()) break;
        if (line.front() == ' ' || line.front() == '\t') {
            if (fields.all.empty()) continue;
            fields.all.back().value += ' ';
            append_limited(fields.all.back().value, trim(line));
            continue;
        }
        const auto colon = line.find(':');
        if (colon == line.npos || fields.all.size() >= max_fields) continue;
        MailField field{to_lower(trim(line.substr(0, colon))), ""};
        append_limited(field.value, trim(line.substr(colon + 1)));
        fields.all.push_back(std::move(field));
    }
    return fields;
}

std::string field_parameter(std::string_view value, std::string_view name) {
    for (auto at = value.find(';'); at != value.npos;) {
        std::string_view rest = value.substr(at + 1);
        const auto equals = rest.find_first_of("=;");
        if (equals == rest.npos) return "";
        at += equals + 1;
        if (rest[equals] == ';') continue;
        const bool wanted = equals_ignoring_case(trim(rest.substr(0, equals)), name);
        rest = rest.substr(equals + 1);
        const std::size_t blanks = std::min(rest.find_first_not_of(" \t"), rest.size());
        rest.remove_prefix(blanks);
        const bool quoted = rest.starts_with('"');
        if (quoted) rest.remove_prefix(1);
        const auto end = std::min(rest.find_first_of(quoted ? "\"" : "; \t"), rest.size());
        if (wanted) return std::string(rest.substr(0, end));
        at = value.find(';', static_cast<std::size_t>(rest.data() - value.data()) + end);
    }
    return "";
}

Result<ReadMail> read_mail(std::string_view mail) {
    if (mail.starts_with("From ")) take_line(mail);  // a line of the mbox form
    ReadMail read;
    read.fields = take_fields(mail);
    if (read.fields.all.empty()) {
        return make_error(ErrorCode::bad_request, "this is no mail: it has no header");
    }
    read.type = type_of(read.fields);
    read.report_type = to_lower(field_parameter(read.fields.get("content-type"), "report-type"));
    if (TreeReader(read.parts).read(read.fields, mail, 0)) return read;
    return make_error(ErrorCode::bad_request, "the mail has more parts or levels than allowed");
}

std::optional<std::int64_t> parse_mail_date(std::string_view text) {
    const auto comma = text.find(',');
    if (comma != text.npos) text.remove_prefix(comma + 1);
    std::vector<std::string> words;
    for (std::string& word : split(text.substr(0, 100), ' ')) {
        if (!word.empty()) words.push_back(std::move(word));
    }
    if (words.size() < 4) return std::nullopt;
    const auto day = parse_int(words[0]);
    const auto month = month_of(words[1]);
    const auto year = parse_int(words[2]);
    if (!day || !month || !year || *day < 1 || *day > 31) return std::nullopt;
    std::string time = words[3].size() == 7 || words[3].size() == 4 ? "0" + words[3] : words[3];
    if (time.size() == 5) time += ":00";
    const std::string zone = words.size() > 4 ? words[4] : "";
    return parse_rfc3339(words[2] + "-" + two_digits(*month) + "-" + two_digits(*day) + "T" + time +
                         offset_of(zone));
}

}  // namespace hongyan::mail
