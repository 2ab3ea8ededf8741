#include "channel/mail/dkim.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/mail/address.hpp"

namespace hongyan::mail {
namespace {

constexpr std::array<std::string_view, 13> signed_names{"from",
                                                        "to",
                                                        "cc",
                                                        "subject",
                                                        "date",
                                                        "message-id",
                                                        "mime-version",
                                                        "reply-to",
                                                        "list-unsubscribe",
                                                        "list-unsubscribe-post",
                                                        "content-type",
                                                        "content-transfer-encoding",
                                                        "x-hongyan-ref"};
constexpr std::size_t max_key_file = 16 * 1024;
/// A SubjectPublicKeyInfo of RSA-1024 has 162 bytes; RFC 8301 forbids smaller keys.
constexpr std::size_t min_rsa_public_bytes = 160;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Without the empty lines at its end; "" if there is nothing else.
std::string_view without_empty_end(std::string_view body) {
    while (body.ends_with("\r\n\r\n")) body.remove_suffix(2);
    return body == "\r\n" ? std::string_view() : body;
}

/// True if relaxing would change nothing inside the lines.
bool is_relaxed(std::string_view body) {
    if (body.find('\t') != body.npos) return false;
    for (auto at = body.find(' '); at != body.npos; at = body.find(' ', at + 1)) {
        const char next = at + 1 < body.size() ? body[at + 1] : '\r';
        if (next == ' ' || next == '\r') return false;
    }
    return true;
}

std::vector<std::string_view> fields_of(std::string_view head) {
    std::vector<std::string_view> fields;
    for (std::size_t start = 0; start < head.size();) {
        std::size_t end = start;
        do {
            const auto line_end = head.find("\r\n", end);
            end = line_end == head.npos ? head.size() : line_end + 2;
        } while (end < head.size() && is_blank(head[end]));
        fields.push_back(head.substr(start, end - start));
        start = end;
    }
    return fields;
}

/// value behind used bytes, cut only behind one of the separators (which stays), or anywhere if
/// there are none.
void append_wrapped(std::string& out, std::string_view value, std::size_t used, char separator) {
    constexpr std::size_t max_line = 76;
    while (used + value.size() > max_line) {
        std::size_t cut = max_line - used;
        if (separator != 0) {
            const auto found = value.substr(0, cut).rfind(separator);
            cut = found == value.npos ? std::min(value.find(separator), value.size() - 1) + 1
                                      : found + 1;
        }
        out.append(value.substr(0, cut)).append("\r\n\t");
        value.remove_prefix(cut);
        used = 1;
    }
    out += value;
}

Error wrong(std::string detail) { return make_error(ErrorCode::config_invalid, std::move(detail)); }

Result<std::string> key_text(const DkimSettings& settings) {
    if (settings.private_key_file.empty()) return settings.private_key;
    std::ifstream file(settings.private_key_file, std::ios::binary);
    std::string text(max_key_file, '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && file.gcount() == 0) {
        return wrong("cannot read the DKIM key file " + settings.private_key_file);
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace

std::string_view relaxed_body(std::string_view body, std::string& buffer) {
    if (is_relaxed(body)) return without_empty_end(body);
    buffer.clear();
    buffer.reserve(body.size());
    bool blank = false;
    for (std::size_t i = 0; i < body.size(); ++i) {
        const char c = body[i];
        if (is_blank(c)) {
            blank = true;
            continue;
        }
        const bool line_end = c == '\r' && i + 1 < body.size() && body[i + 1] == '\n';
        if (blank && !line_end) buffer += ' ';
        blank = false;
        buffer += c;
    }
    if (!buffer.ends_with("\r\n") && !buffer.empty()) buffer += "\r\n";
    return without_empty_end(buffer);
}

void append_relaxed_header(std::string& out, std::string_view field) {
    const auto colon = field.find(':');
    HY_ASSERT(colon != field.npos);
    out += to_lower(trim(field.substr(0, colon)));
    out += ':';
    bool blank = false;
    const std::size_t value_start = out.size();
    for (const char c : field.substr(colon + 1)) {
        if (is_blank(c) || c == '\r' || c == '\n') {
            blank = true;
            continue;
        }
        if (blank && out.size() > value_start) out += ' ';
        blank = false;
        out += c;
    }
}

SignedParts signed_parts(std::string_view head, std::string_view body) {
    SignedParts parts;
    const auto fields = fields_of(head);
    for (const std::string_view name : signed_names) {
        // From the bottom up, as a verifier does; the last mention finds nothing.
        for (auto f = fields.rbegin(); f != fields.rend(); ++f) {
            if (f->size() <= name.size() || (*f)[name.size()] != ':') continue;
            if (!equals_ignoring_case(f->substr(0, name.size()), name)) continue;
            append_relaxed_header(parts.canonical, *f);
            parts.canonical += "\r\n";
            parts.names.append(name).append(":");
        }
        parts.names.append(name).append(":");
    }
    parts.names.pop_back();
    std::string buffer;
    parts.body_hash = to_base64(sha256(relaxed_body(body, buffer)));
    return parts;
}

Result<DkimSigner> DkimSigner::make(const DkimSettings& settings) {
    auto domain = ascii_domain(settings.domain);
    if (!domain) return wrong("a DKIM domain must be a host name");
    auto pem = key_text(settings);
    if (!pem) return std::move(pem.error());
    auto key = SigningKey::from_pem(*pem);
    if (!key) return std::move(key.error());
    const bool wants_rsa = settings.algorithm == "rsa";
    const auto wanted = wants_rsa ? SigningKey::Kind::rsa : SigningKey::Kind::ed25519;
    if (key->kind() != wanted) {
        return wrong("the DKIM key of " + settings.selector + " is not of kind " +
                     settings.algorithm);
    }
    if (wants_rsa && key->public_key().size() < min_rsa_public_bytes) {
        return wrong("the DKIM key of " + settings.selector + " has fewer than 1024 bits");
    }
    return DkimSigner(std::move(*domain), settings.selector, std::move(*key));
}

bool DkimSigner::aligned(std::string_view from_domain) const {
    if (from_domain == domain_) return true;
    return from_domain.ends_with(domain_) &&
           from_domain[from_domain.size() - domain_.size() - 1] == '.';
}

void DkimSigner::append_signature(std::string& out, const SignedParts& parts,
                                  std::int64_t now_ms) const {
    const bool rsa = key_.kind() == SigningKey::Kind::rsa;
    std::string field = "DKIM-Signature: v=1; a=";
    field.append(rsa ? "rsa" : "ed25519").append("-sha256; c=relaxed/relaxed;\r\n\td=");
    field.append(domain_).append(";\r\n\ts=").append(selector_).append("; t=");
    field.append(std::to_string(now_ms / 1000)).append(";\r\n\th=");
    append_wrapped(field, parts.names, 3, ':');
    field.append(";\r\n\tbh=").append(parts.body_hash).append(";\r\n\tb=");
    std::string hashed = parts.canonical;
    append_relaxed_header(hashed, field);
    append_wrapped(field, to_base64(key_.sign(rsa ? hashed : sha256(hashed))), 3, '\0');
    out.append(field).append("\r\n");
}

}  // namespace hongyan::mail
