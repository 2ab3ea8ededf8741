#include "channel/email/address.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "channel/email/mime_library.hpp"

namespace hongyan::email {
namespace {

Error refuse(std::string detail) {
    return make_error(ErrorCode::recipient_invalid, std::move(detail));
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5322 atext.
bool is_atom_char(char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    if (text.find("..") != text.npos) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == '.' || is_atom_char(c); });
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    const auto labels = split(host, '.');
    if (!std::all_of(labels.begin(), labels.end(), [](const auto& l) { return is_label(l); })) {
        return false;
    }
    // A last label of digits only would be an IPv4 address, which is not a mail domain.
    const std::string& last = labels.back();
    return !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// GMime knows IDNA. (libcurl does, too, but only under a UTF-8 locale.) Other text comes back as
/// it was.
std::string to_punycode(const std::string& host) {
    need_mime_library();
    InternetAddress* address = internet_address_mailbox_new(nullptr, ("x@" + host).c_str());
    const char* ascii = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(address));
    std::string out = ascii == nullptr ? "" : to_lower(ascii).substr(2);
    g_object_unref(address);
    return out;
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
    if (!is_ascii(local)) {
        return refuse(
            "the part before the @ must be ASCII; international names are supported in "
            "the domain only");
    }
    if (!is_dot_atom(local) || local.size() > max_local_bytes) {
        return refuse(
            "the part before the @ must be 1 to 64 letters, digits or "
            "!#$%&'*+-/=?^_`{|}~ with single dots between them");
    }
    auto domain = ascii_domain(text.substr(at + 1));
    if (!domain) return domain.error();
    Mailbox box;
    box.address = std::string(local) + "@" + *domain;
    box.domain = std::move(*domain);
    if (box.address.size() > max_address_bytes) return refuse("an address has at most 254 bytes");
    return box;
}

}  // namespace

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

Result<std::string> ascii_domain(std::string_view domain) {
    const char* right = "the part behind the @ must be a host name such as example.com";
    if (is_ascii(domain)) {
        return is_host_name(domain) ? Result<std::string>(std::string(domain)) : refuse(right);
    }
    const bool clean = std::all_of(domain.begin(), domain.end(), [](char c) {
        return (c & 0x80) != 0 || is_alnum(c) || c == '-' || c == '.';
    });
    if (!clean || !is_utf8(domain) || domain.size() > max_address_bytes) return refuse(right);
    std::string ascii = to_punycode(std::string(domain));
    if (!is_host_name(ascii)) return refuse(right);
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
    if (!name) return name.error();
    auto box = parse_address(text.substr(open + 1, text.size() - open - 2));
    if (box) box->name = std::move(*name);
    return box;
}

}  // namespace hongyan::email
