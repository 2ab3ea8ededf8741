#include "channel/mail/returned_mail.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "channel/mail/bounce_text.hpp"
#include "channel/mail/html_text.hpp"
#include "channel/mail/reference.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_text = 256 * 1024;

/// Where a mail server says to whom this mail came.
constexpr std::array<std::string_view, 8> arrival_fields{"to",
                                                         "delivered-to",
                                                         "x-original-to",
                                                         "envelope-to",
                                                         "x-envelope-to",
                                                         "apparently-to",
                                                         "resent-to",
                                                         "cc"};

bool contains_ignoring_case(std::string_view text, std::string_view word) {
    return to_lower(text).find(word) != std::string::npos;
}

/// The id in "msg_ID@domain", wherever it stands in text.
std::optional<MessageId> find_message_id(std::string_view text, std::string_view domain) {
    constexpr std::string_view mark = "msg_";
    std::size_t tried = 0;
    for (auto at = text.find(mark); at != text.npos && tried < 100;
         at = text.find(mark, at + 1), ++tried) {
        const std::string_view rest = text.substr(at + mark.size(), 20);
        const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
        const std::size_t behind = at + mark.size() + end;
        if (behind >= text.size() || text[behind] != '@') continue;
        if (!equals_ignoring_case(text.substr(behind + 1, domain.size()), domain)) continue;
        const std::string_view tail = text.substr(behind + 1 + domain.size(), 1);
        if (!tail.empty() && tail.find_first_of("> \t\r\n;,)\"'") == tail.npos) continue;
        if (const auto id = parse_int(rest.substr(0, end)); id && *id > 0) return *id;
    }
    return std::nullopt;
}

/// True if somebody wrote to a return path in our form, whether or not it is signed by us.
bool names_return_path(std::string_view arrival, const BounceKeys& keys) {
    if (keys.verp_key.empty()) return false;
    const std::string lower = to_lower(arrival);
    const std::string start = to_lower(keys.verp_prefix) + "+";
    const std::string end = "@" + to_lower(keys.verp_domain);
    const auto at = lower.find(start);
    return at != lower.npos && lower.find(end, at) != lower.npos;
}

}  // namespace

Result<ReturnedMail> ReturnedMail::read(std::string_view mail) {
    auto read = read_mail(mail);
    if (!read) return std::move(read.error());
    ReturnedMail out;
    std::string html;
    for (const MimePart& part : read->parts) {
        const std::string& type = part.type;
        if (type.ends_with("delivery-status")) {  // also message/global-delivery-status
            if (out.status_.size() < max_text) out.status_ += part.decoded(max_text) + "\n\n";
        } else if (type == "message/feedback-report") {
            out.feedback_ = part.decoded(max_text);
        } else if (type.starts_with("message/") || type == "text/rfc822-headers") {
            if (out.original_.empty()) out.original_ = part.decoded(max_text);
        } else if (type == "text/html") {
            if (html.empty()) html = html_to_text(part.decoded(max_text));
        } else if (type.starts_with("text/") && out.text_.size() < max_text) {
            out.text_ += part.decoded(max_text) + "\n";
        }
    }
    if (trim(out.text_).empty()) out.text_ = std::move(html);
    out.fields_ = std::move(read->fields);
    return out;
}

std::string ReturnedMail::arrival() const {
    std::string all;
    for (const MailField& field : fields_.all) {
        const bool names = std::find(arrival_fields.begin(), arrival_fields.end(), field.name) !=
                           arrival_fields.end();
        if (names && all.size() < max_text) all.append(field.value).append("\n");
    }
    return all;
}

bool ReturnedMail::came_to_return_path(const BounceKeys& keys) const {
    return find_reference(arrival(), keys.verp_key, Purpose::bounce).has_value();
}

std::optional<MessageId> ReturnedMail::message(const BounceKeys& keys,
                                               std::string_view more) const {
    const std::string came_to = arrival();
    if (auto id = find_reference(came_to, keys.verp_key, Purpose::bounce)) return id;
    if (names_return_path(came_to, keys)) return std::nullopt;
    for (const std::string_view text :
         {more, std::string_view(original_), std::string_view(text_)}) {
        if (auto id = find_reference(text, keys.verp_key, Purpose::bounce)) return id;
    }
    return keys.accept_unsigned ? unsigned_message(keys.message_id_domain) : std::nullopt;
}

std::optional<MessageId> ReturnedMail::unsigned_message(std::string_view domain) const {
    if (domain.empty()) return std::nullopt;
    std::string_view original = original_;
    const MailFields returned = take_fields(original);
    if (auto id = find_message_id(returned.get("message-id"), domain)) return id;
    for (const char* name : {"in-reply-to", "references", "x-original-message-id"}) {
        if (auto id = find_message_id(fields_.get(name), domain)) return id;
    }
    if (!original_.empty()) return std::nullopt;
    return find_message_id(std::string_view(text_).substr(original_start(text_)), domain);
}

bool ReturnedMail::from_daemon() const {
    if (!fields_.get("x-failed-recipients").empty()) return true;
    if (fields_.get("return-path") == "<>") return true;
    for (const char* name : {"from", "sender", "return-path"}) {
        const std::string_view value = fields_.get(name);
        for (const char* word : {"mailer-daemon", "postmaster", "mail delivery", "mail-daemon"}) {
            if (contains_ignoring_case(value, word)) return true;
        }
    }
    return false;
}

}  // namespace hongyan::mail
