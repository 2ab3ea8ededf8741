#include "channel/twilio/outcome.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "kit/http_account.hpp"

namespace hongyan::twilio {
namespace {

namespace json = boost::json;
using enum OutcomeClass;

struct CodeRow {
    std::int64_t code;
    OutcomeClass kind;
};
constexpr std::array code_table = std::to_array<CodeRow>({
    {20003, configuration},        // authentication failed
    {20429, rate_limited},         // too many requests
    {21211, recipient_permanent},  // not a valid number
    {21612, recipient_permanent},  // no route to it
    {21614, recipient_permanent},  // not a mobile number
    {21610, recipient_permanent},  // unsubscribed (STOP)
    {21606, configuration},        // From cannot send messages
    {21608, configuration},        // trial account, number not verified
    {21408, configuration},        // region not enabled
    {21611, rate_limited},         // From's queue is full
    {21617, message_permanent},    // longer than 1600 characters
    {30001, rate_limited},         // queue overflow
    {30002, configuration},        // account suspended
    {30004, recipient_permanent},  // blocked
    {30005, recipient_permanent},  // unknown handset
    {30006, recipient_permanent},  // landline or unreachable carrier
    {30007, message_permanent},    // filtered by the carrier
    // From here on what the sender's side of the account causes, beyond the common list.
    {20005, configuration},  // account not active
    {20404, configuration},  // no such account
    {21212, configuration},  // From is no valid number
    {21603, configuration},  // neither From nor a Messaging Service
    {21607, configuration},  // From is not the account's
    {21609, configuration},  // StatusCallback is no valid URL
    {21659, configuration},  // From is not the account's, nor a short code
    {21660, configuration},  // From belongs to another account
    {21703, configuration},  // the Messaging Service has no sender
    {21705, configuration},  // no such Messaging Service
});

Outcome judge_unreadable(const OutboundReply& reply) {
    Outcome outcome;
    outcome.kind = kit::class_of_status(reply.status);
    outcome.code = "HTTP " + std::to_string(reply.status);
    outcome.detail = "The answer is not the service's JSON.";
    // Something took the request and called it well; whether it was the service is not known.
    if (outcome.kind == accepted) outcome.kind = unknown;
    return outcome;
}

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return "";
    return std::string(value->get_string().data(), value->get_string().size());
}

std::int64_t number_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

Outcome refusal(const OutboundReply& reply, std::int64_t code, std::string detail, int attempts) {
    Outcome outcome;
    outcome.kind = class_of_code(code, reply.status, attempts);
    outcome.code = std::to_string(code);
    outcome.detail = std::move(detail);
    outcome.suppress = suppression_of(code);
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), reply.started_ms);
    return outcome;
}

/// A message that Twilio made: its status may already say that it failed.
Outcome judge_message(const json::object& message, const OutboundReply& reply, int attempts) {
    const std::string sid = text_at(message, "sid");
    const std::string status = text_at(message, "status");
    if (sid.empty()) return judge_unreadable(reply);
    Outcome outcome;
    if (status == "failed" || status == "undelivered") {
        outcome = refusal(reply, number_at(message, "error_code"),
                          text_at(message, "error_message"), attempts);
        // Its class by HTTP status would be success.
        if (outcome.kind == accepted) outcome.kind = message_permanent;
    }
    outcome.provider_message_id = sid;
    if (outcome.code.empty()) outcome.code = status;
    return outcome;
}

}  // namespace

OutcomeClass class_of_code(std::int64_t code, int http_status, int attempts) {
    // An unreachable handset may be switched on again, an unknown trouble may pass: one more try.
    if (code == 30003) return attempts < 2 ? transient : recipient_permanent;
    if (code == 30008) return attempts < 2 ? transient : message_permanent;
    const auto* row = std::find_if(code_table.begin(), code_table.end(),
                                   [&](const CodeRow& r) { return r.code == code; });
    if (row != code_table.end()) return row->kind;
    // Not listed. The HTTP status tells throttling, credentials and the service's own trouble.
    if (http_status == 429 || http_status == 401 || http_status == 403 || http_status >= 500) {
        return kit::class_of_status(http_status);
    }
    // 2xxxx without the account's causes above, and 3xxxx, are about this one message.
    if (code >= 20'000 && code < 40'000) return message_permanent;
    return kit::class_of_status(http_status);
}

std::string_view suppression_of(std::int64_t code) {
    return code == 21610 ? "unsubscribed at Twilio (STOP)" : "";
}

Outcome judge_answer(const OutboundReply& reply, int attempts) {
    boost::system::error_code error;
    const json::value body = json::parse(reply.body, error);
    const json::object* object = error ? nullptr : body.if_object();
    if (object == nullptr) return judge_unreadable(reply);
    if (reply.status == 200 || reply.status == 201) {
        return judge_message(*object, reply, attempts);
    }
    const std::int64_t code = number_at(*object, "code");
    if (code == 0) return judge_unreadable(reply);
    return refusal(reply, code, text_at(*object, "message"), attempts);
}

}  // namespace hongyan::twilio
