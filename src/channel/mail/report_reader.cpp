#include "channel/mail/report_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "channel/mail/mime_reader.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_recipients = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Behind the type, as in "rfc822; a@example.com" or "smtp; 550 5.1.1 ..."; all if there is none.
std::string_view behind_type(std::string_view value) {
    const auto semicolon = value.find(';');
    return semicolon == value.npos || semicolon > 20 ? trim(value)
                                                     : trim(value.substr(semicolon + 1));
}

std::string address_in(std::string_view value) {
    value = behind_type(value);
    const auto open = value.find('<');
    const auto close = value.rfind('>');
    if (open != value.npos && close != value.npos && open < close) {
        value = value.substr(open + 1, close - open - 1);
    }
    return std::string(trim(value).substr(0, 320));
}

/// Digits from at, at most count of them.
std::size_t digits_at(std::string_view text, std::size_t at, std::size_t count) {
    std::size_t have = 0;
    while (have < count && at + have < text.size() && is_digit(text[at + have])) ++have;
    return have;
}

/// The length of a status code that starts at that place; 0 if none does.
std::size_t status_length(std::string_view text, std::size_t at) {
    const char first = text[at];
    if (first != '2' && first != '4' && first != '5') return 0;
    if (at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.')) return 0;
    if (at + 1 >= text.size() || text[at + 1] != '.') return 0;
    const std::size_t subject = digits_at(text, at + 2, 4);
    if (subject == 0 || subject > 3) return 0;
    const std::size_t dot = at + 2 + subject;
    if (dot >= text.size() || text[dot] != '.') return 0;
    const std::size_t detail = digits_at(text, dot + 1, 4);
    if (detail == 0 || detail > 3) return 0;
    const std::size_t end = dot + 1 + detail;
    const bool goes_on =
        end + 1 < text.size() && (text[end] == '.' || text[end] == '-') && is_digit(text[end + 1]);
    return goes_on ? 0 : end - at;
}

void set_field(RecipientReport& report, const MailField& field) {
    if (field.name == "final-recipient") {
        if (report.recipient.empty()) report.recipient = address_in(field.value);
    } else if (field.name == "original-recipient") {
        const std::string original = address_in(field.value);
        if (!original.empty()) report.recipient = original;
    } else if (field.name == "action") {
        report.action = to_lower(field.value.substr(0, field.value.find_first_of(" \t(;")));
    } else if (field.name == "status") {
        report.status = find_status(field.value);
    } else if (field.name == "diagnostic-code") {
        report.diagnostic = std::string(behind_type(field.value));
    } else if (field.name == "last-attempt-date") {
        report.at_ms = parse_mail_date(field.value).value_or(0);
    }
}

bool is_empty(const RecipientReport& report) {
    return report.recipient.empty() && report.action.empty() && report.status.empty();
}

}  // namespace

DeliveryReport read_delivery_status(std::string_view text) {
    DeliveryReport report;
    std::int64_t arrival_ms = 0;
    while (!text.empty() && report.recipients.size() < max_recipients) {
        const MailFields block = take_fields(text);
        RecipientReport one;
        bool has_final = false;
        for (const MailField& field : block.all) {
            if (field.name == "original-envelope-id") report.envelope_id = field.value;
            if (field.name == "arrival-date") {
                arrival_ms = parse_mail_date(field.value).value_or(0);
            }
            // A second one without an empty line between them belongs to the next recipient.
            if (field.name == "final-recipient" && has_final) {
                report.recipients.push_back(std::move(one));
                one = {};
            }
            has_final = has_final || field.name == "final-recipient";
            set_field(one, field);
        }
        if (!is_empty(one)) report.recipients.push_back(std::move(one));
    }
    report.recipients.resize(std::min(report.recipients.size(), max_recipients));
    for (RecipientReport& one : report.recipients) {
        if (one.at_ms == 0) one.at_ms = arrival_ms;
    }
    return report;
}

FeedbackReport read_feedback_report(std::string_view text) {
    FeedbackReport report;
    while (!text.empty() && text.find_first_of("\r\n") == 0) text.remove_prefix(1);
    const MailFields fields = take_fields(text);
    report.type = to_lower(fields.get("feedback-type"));
    report.mail_from = address_in(fields.get("original-mail-from"));
    report.recipient = address_in(fields.get("original-rcpt-to"));
    if (report.recipient.empty()) report.recipient = address_in(fields.get("removal-recipient"));
    const auto arrival = fields.get("arrival-date");
    const auto received = fields.get("received-date");
    report.at_ms = parse_mail_date(arrival.empty() ? received : arrival).value_or(0);
    return report;
}

std::string find_status(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (const std::size_t size = status_length(text, at); size > 0) {
            return std::string(text.substr(at, size));
        }
    }
    return "";
}

}  // namespace hongyan::mail
