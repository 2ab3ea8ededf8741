#include "channel/mail/smtp_wire.hpp"

#include <algorithm>

namespace hongyan::mail {
namespace {

Error refuse(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

/// Every byte that may not stand between < and >; quotes are fine, spaces and brackets are not.
bool is_clean_address(std::string_view address) {
    return std::none_of(address.begin(), address.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7F || c == '<' || c == '>';
    });
}

/// RFC 3461 xtext.
std::string xtext(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && c != '+' && c != '=') {
            out += c;
        } else {
            out += {'+', digits[byte >> 4U], digits[byte & 0xFU]};
        }
    }
    return out;
}

Status check_envelope(const Mail& mail, const Features& features) {
    const Envelope& envelope = mail.envelope;
    if (!is_clean_address(envelope.mail_from) || !is_clean_address(envelope.rcpt_to) ||
        envelope.rcpt_to.empty()) {
        return make_error(ErrorCode::recipient_invalid,
                          "an address with controls, spaces or angle brackets is never sent");
    }
    if (envelope.smtputf8 && !features.smtputf8) {
        return make_error(ErrorCode::recipient_invalid,
                          "5.6.7 the mail server offers no SMTPUTF8, which the address needs");
    }
    if (envelope.eightbit && !features.eightbit) {
        return refuse("the mail server offers no 8BITMIME; turn mail.eight_bit off");
    }
    if (features.max_size != 0 && mail.data.size() > features.max_size) {
        return refuse("the mail has " + std::to_string(mail.data.size()) +
                      " bytes, the mail server takes " + std::to_string(features.max_size));
    }
    return Done{};
}

/// The problem of a line's content (without CRLF), or nothing.
const char* line_problem(std::string_view line) {
    if (line.size() > max_mail_line) return "a line of the mail has more than 998 bytes";
    if (line.find('\r') != line.npos) return "the mail has a CR without its LF";
    if (line.find('\0') != line.npos) return "the mail has a NUL";
    return nullptr;
}

/// Calls use(line with CRLF) for each line; the problem of the first bad one ends it.
template <class Use>
Status for_each_line(std::string_view data, Use use) {
    std::size_t start = 0;
    while (start < data.size()) {
        const auto end = data.find('\n', start);
        if (end == data.npos) return refuse("the mail does not end with a line end");
        if (end == start || data[end - 1] != '\r') return refuse("the mail has a LF without CR");
        if (const char* problem = line_problem(data.substr(start, end - 1 - start))) {
            return refuse(problem);
        }
        use(data.substr(start, end + 1 - start));
        start = end + 1;
    }
    return Done{};
}

}  // namespace

Status append_envelope(std::string& out, const Mail& mail, const WireOptions& options) {
    const Features& features = options.features;
    if (Status clean = check_envelope(mail, features); !clean) return clean;
    const bool notices = options.notices && features.notices;
    out.append("MAIL FROM:<").append(mail.envelope.mail_from).append(">");
    if (features.size) out.append(" SIZE=").append(std::to_string(mail.data.size()));
    if (mail.envelope.eightbit) out.append(" BODY=8BITMIME");
    if (mail.envelope.smtputf8) out.append(" SMTPUTF8");
    if (notices) out.append(" RET=HDRS ENVID=").append(xtext(options.envelope_id));
    out.append("\r\nRCPT TO:<").append(mail.envelope.rcpt_to).append(">");
    if (notices) {
        out.append(" NOTIFY=FAILURE,DELAY");
        // The form for international addresses (RFC 6533) is another one; there it is left out.
        if (!mail.envelope.smtputf8) {
            out.append(" ORCPT=rfc822;").append(xtext(mail.envelope.rcpt_to));
        }
    }
    out.append("\r\n");
    return Done{};
}

Status append_dot_stuffed(std::string& out, std::string_view data) {
    const std::size_t before = out.size();
    out.reserve(before + data.size() + 64);
    std::size_t copied = 0;  // lines are copied in runs that end where a dot must be doubled
    std::size_t at = 0;
    const Status fine = for_each_line(data, [&](std::string_view line) {
        if (line.front() == '.') {
            out.append(data.substr(copied, at - copied)).append(".");
            copied = at;
        }
        at += line.size();
    });
    if (!fine) {
        out.resize(before);
        return fine;
    }
    out.append(data.substr(copied)).append(".\r\n");
    return Done{};
}

Status check_lines(std::string_view data) {
    return for_each_line(data, [](std::string_view) {});
}

}  // namespace hongyan::mail
