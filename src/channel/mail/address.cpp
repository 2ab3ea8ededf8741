#include "channel/mail/address.hpp"

#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr const char* right_domain =
    "the part behind the @ must be a host name such as example.com";

Error refuse(std::string detail) {
    return make_error(ErrorCode::recipient_invalid, std::move(detail));
}

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr std::array<bool, 256> make_atom_table() {
    std::array<bool, 256> table{};
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-/=?^_`{|}~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    for (std::size_t c = 0x80; c < 256; ++c) table[c] = true;  // RFC 6531; UTF-8 is checked before
    return table;
}
constexpr std::array<bool, 256> atom_chars = make_atom_table();

/// Spaces and invisible marks beyond ASCII, which nobody has in an address on purpose.
bool has_odd_space(std::string_view text) {
    constexpr std::array<std::string_view, 8> odd{"\xC2\xA0",     "\xE2\x80\x8B", "\xE2\x80\x8C",
                                                  "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F",
                                                  "\xE3\x80\x80", "\xEF\xBB\xBF"};
    return std::any_of(odd.begin(), odd.end(),
                       [text](std::string_view mark) { return text.find(mark) != text.npos; });
}

bool is_dot_atom(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    char before = 0;
    for (const char c : text) {
        if (c == '.' ? before == '.' : !atom_chars[static_cast<unsigned char>(c)]) return false;
        before = c;
    }
    return is_ascii(text) || !has_odd_space(text);
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    std::string_view last;
    for (std::size_t start = 0; start <= host.size();) {
        const std::size_t end = std::min(host.find('.', start), host.size());
        last = host.substr(start, end - start);
        if (!is_label(last)) return false;
        start = end + 1;
    }
    // A last label of digits only would be an IPv4 address, which is not a mail domain.
    return !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "" if IDNA 2008 has no ASCII form for it.
std::string to_punycode(const std::string& host) {
    char* ascii = nullptr;
    const int status =
        idn2_to_ascii_8z(host.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const std::unique_ptr<char, void (*)(void*)> owned(ascii, idn2_free);
    return status == IDN2_OK && ascii != nullptr ? to_lower(ascii) : "";
}

/// The text inside a quoted string, its backslashes undone; nothing if it does not end right.
std::optional<std::string> unquote(std::string_view quoted) {
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return std::nullopt;
    quoted = quoted.substr(1, quoted.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < quoted.size(); ++i) {
        if (quoted[i] == '"') return std::nullopt;
        if (quoted[i] == '\\' && ++i == quoted.size()) return std::nullopt;
        out += quoted[i];
    }
    return out;
}

Result<std::string> parse_name(std::string_view text) {
    if (!text.empty() && text.front() == '"') {
        if (auto name = unquote(text)) return std::move(*name);
        return refuse("the quotes around the name do not match");
    }
    if (text.find_first_of("<>@,;:\"\\") != text.npos) {
        return refuse(
            "a name with any of < > @ , ; : \" \\ must stand in quotes, for example "
            "\"Doe, Ann\" <ann@example.com>; only one recipient is allowed");
    }
    return std::string(text);
}

Result<Mailbox> parse_address(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == text.npos) return refuse("an address has the form name@example.com");
    const std::string_view local = text.substr(0, at);
    if (!is_dot_atom(local) || local.size() > max_local_bytes) {
        return refuse(
            "the part before the @ must be 1 to 64 bytes of letters, digits or "
            "!#$%&'*+-/=?^_`{|}~ with single dots between them");
    }
    auto domain = ascii_domain(text.substr(at + 1));
    if (!domain) return std::move(domain.error());
    Mailbox box;
    box.international = !is_ascii(local);
    box.address.reserve(local.size() + 1 + domain->size());
    box.address.append(local).append(1, '@').append(*domain);
    box.domain = std::move(*domain);
    if (box.address.size() > max_address_bytes) return refuse("an address has at most 254 bytes");
    return box;
}

}  // namespace

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && i + 1 < text.size()) {
            const auto next = static_cast<unsigned char>(text[i + 1]);
            if (next >= 0x80 && next <= 0x9F) return true;
        }
        if (byte == 0xE2) {
            const std::string_view three = text.substr(i, 3);
            if (three == "\xE2\x80\xA8" || three == "\xE2\x80\xA9") return true;
        }
    }
    return false;
}

Result<std::string> ascii_domain(std::string_view domain) {
    if (is_ascii(domain)) {
        if (!is_host_name(domain)) return refuse(right_domain);
        return to_lower(domain);
    }
    const bool clean = std::all_of(domain.begin(), domain.end(), [](char c) {
        return (c & 0x80) != 0 || is_alnum(c) || c == '-' || c == '.';
    });
    const bool short_enough = domain.size() <= max_address_bytes;
    if (!clean || !short_enough || !is_utf8(domain) || has_odd_space(domain)) {
        return refuse(right_domain);
    }
    std::string ascii = to_punycode(std::string(domain));
    if (!is_host_name(ascii)) return refuse(right_domain);
    return ascii;
}

Result<Mailbox> parse_mailbox(std::string_view text) {
    if (has_control(text)) return refuse("must not hold line breaks or other control characters");
    if (!is_utf8(text)) return refuse("must be UTF-8");
    text = trim(text);
    if (!text.ends_with('>')) return parse_address(text);
    const auto open = text.rfind('<');
    if (open == text.npos) return refuse("a > without its <");
    auto name = parse_name(trim(text.substr(0, open)));
    if (!name) return std::move(name.error());
    auto box = parse_address(text.substr(open + 1, text.size() - open - 2));
    if (box) box->name = std::move(*name);
    return box;
}

}  // namespace hongyan::mail
