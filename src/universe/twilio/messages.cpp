#include "universe/twilio/messages.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.hpp"

namespace hongyan::universe::twilio {
namespace {

/// The oldest are forgotten.
constexpr std::size_t most_messages = 20'000;

/// "Mon, 23 Nov 2026 08:00:00 +0000"
std::string mail_date(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    return {text.data(), length};
}

std::string text_or_null(std::string_view text) {
    return text.empty() ? "null" : json_quoted(text);
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Units of UTF-16: four bytes of UTF-8 are two.
std::size_t utf16_length(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

}  // namespace

std::size_t segments_of(std::string_view text) {
    const bool ascii = is_ascii(text);
    const std::size_t length = ascii ? text.size() : utf16_length(text);
    const std::size_t alone = ascii ? 160 : 70;
    const std::size_t joined = ascii ? 153 : 67;
    return length <= alone ? 1 : (length + joined - 1) / joined;
}

std::string json_of(const TwilioMessage& m) {
    const std::string uri = "/2010-04-01/Accounts/" + m.account_sid + "/Messages/" + m.sid;
    const bool is_sent = m.status != "queued" && m.status != "accepted";
    return R"({"account_sid":)" + json_quoted(m.account_sid) +
           R"(,"api_version":"2010-04-01","body":)" + json_quoted(m.body) + R"(,"date_created":")" +
           mail_date(m.created_ms) + R"(","date_sent":)" +
           (is_sent ? json_quoted(mail_date(m.updated_ms)) : "null") + R"(,"date_updated":")" +
           mail_date(m.updated_ms) + R"(","direction":"outbound-api","error_code":)" +
           (m.error_code == 0 ? "null" : std::to_string(m.error_code)) + R"(,"error_message":)" +
           (m.error_code == 0 ? "null" : R"("Message not delivered")") + R"(,"from":)" +
           text_or_null(m.from) + R"(,"messaging_service_sid":)" +
           text_or_null(m.messaging_service_sid) + R"(,"num_media":")" + std::to_string(m.media) +
           R"(","num_segments":")" + std::to_string(segments_of(m.body)) +
           R"(","price":null,"price_unit":"USD","sid":)" + json_quoted(m.sid) + R"(,"status":)" +
           json_quoted(m.status) + R"(,"subresource_uris":{"media":)" +
           json_quoted(uri + "/Media.json") + R"(},"to":)" + json_quoted(m.to) + R"(,"uri":)" +
           json_quoted(uri + ".json") + "}";
}

Fields callback_fields(const TwilioMessage& m) {
    Fields fields{{"AccountSid", m.account_sid},
                  {"ApiVersion", "2010-04-01"},
                  {"From", m.from},
                  {"MessageSid", m.sid},
                  {"MessageStatus", m.status},
                  {"SmsSid", m.sid},
                  {"SmsStatus", m.status},
                  {"To", m.to}};
    if (m.error_code != 0) fields.emplace_back("ErrorCode", std::to_string(m.error_code));
    if (!m.messaging_service_sid.empty()) {
        fields.emplace_back("MessagingServiceSid", m.messaging_service_sid);
    }
    return fields;
}

void Messages::add(TwilioMessage message) {
    const std::lock_guard lock(mutex_);
    messages_.push_front(std::move(message));
    if (messages_.size() > most_messages) messages_.pop_back();
}

std::optional<TwilioMessage> Messages::find(std::string_view sid) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(messages_.begin(), messages_.end(),
                                    [&](const TwilioMessage& m) { return m.sid == sid; });
    if (found == messages_.end()) return std::nullopt;
    return *found;
}

std::vector<TwilioMessage> Messages::list(std::string_view to, std::string_view from,
                                          std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::vector<TwilioMessage> found;
    for (const TwilioMessage& m : messages_) {
        if (found.size() == limit) break;
        if ((to.empty() || m.to == to) && (from.empty() || m.from == from)) found.push_back(m);
    }
    return found;
}

std::optional<TwilioMessage> Messages::update(const std::string& sid, const std::string& status,
                                              int error_code, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    for (TwilioMessage& m : messages_) {
        if (m.sid != sid) continue;
        m.status = status;
        m.error_code = error_code;
        m.updated_ms = now_ms;
        return m;
    }
    return std::nullopt;
}

}  // namespace hongyan::universe::twilio
