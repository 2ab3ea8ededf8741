#include "universe/mail/path.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::universe::mail {
namespace {

bool is_high(char c) { return (c & 0x80) != 0; }

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom_text(char c) {
    return is_high(c) || is_alnum(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_local_part(std::string_view text) {
    if (text.empty() || text.size() > 64) return false;
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        const auto inner = text.substr(1, text.size() - 2);
        for (std::size_t i = 0; i < inner.size(); ++i) {
            if (inner[i] == '\\' && ++i == inner.size()) return false;
            if (inner[i] == '"' && inner[i - 1] != '\\') return false;
        }
        return true;
    }
    if (text.front() == '.' || text.back() == '.' || text.find("..") != text.npos) return false;
    return std::ranges::all_of(text, [](char c) { return c == '.' || is_atom_text(c); });
}

bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > 255) return false;
    if (text.front() == '[' && text.back() == ']') return true;
    if (text.front() == '.' || text.back() == '.' || text.find("..") != text.npos) return false;
    return std::ranges::all_of(
        text, [](char c) { return is_high(c) || is_alnum(c) || c == '-' || c == '.'; });
}

bool is_mailbox(std::string_view address) {
    const auto at = address.rfind('@');
    if (at == address.npos || address.size() > 254 || !is_utf8(address)) return false;
    return is_local_part(address.substr(0, at)) && is_domain(address.substr(at + 1));
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

}  // namespace

std::optional<Path> read_path(std::string_view text) {
    // Many clients write a space behind the colon; RFC 5321 forbids it, servers mostly do not.
    if (text.starts_with(' ')) text.remove_prefix(1);
    const auto end = text.find('>');
    if (!text.starts_with('<') || end == text.npos) return std::nullopt;
    Path path;
    path.address = text.substr(1, end - 1);
    if (!path.address.empty() && !is_mailbox(path.address)) return std::nullopt;
    path.is_ascii = std::ranges::none_of(path.address, is_high);
    std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ' ') return std::nullopt;
    for (const std::string& word : split(trim(rest), ' ')) {
        if (word.empty()) continue;
        const auto equals = word.find('=');
        path.parameters.emplace_back(upper(word.substr(0, equals)),
                                     equals == word.npos ? "" : word.substr(equals + 1));
    }
    return path;
}

}  // namespace hongyan::universe::mail
