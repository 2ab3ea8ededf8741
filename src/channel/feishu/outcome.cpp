#include "channel/feishu/outcome.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "kit/http_account.hpp"
#include "shape/shape.hpp"

namespace hongyan::feishu {
namespace {

using Kind = OutcomeClass;
using shape::field;

struct Data {
    std::string message_id;
};
struct Answer {
    std::optional<std::int64_t> code;
    std::optional<std::int64_t> status_code;
    std::string msg;
    std::string status_message;
    std::optional<Data> data;
};

const shape::Object& describe(shape::Tag<Data>) {
    static const shape::Object object =
        shape::object<Data>("FeishuAnswerData", "What a send gives.",
                            field("message_id", &Data::message_id, "The message's id."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Answer>) {
    static const shape::Object object =
        shape::object<Answer>("FeishuAnswer", "An answer of Feishu.",
                              field("code", &Answer::code, "0 is success."),
                              field("StatusCode", &Answer::status_code, "The robot's older word."),
                              field("msg", &Answer::msg, "What happened."),
                              field("StatusMessage", &Answer::status_message, "The same, older."),
                              field("data", &Answer::data, "What a send gives."))
            .open();
    return object;
}

struct Row {
    std::int64_t code;
    Kind kind;
};

constexpr std::array robot_rows{
    Row{9499, Kind::message_permanent},   // JSON or type wrong; "not enabled" see below
    Row{11232, Kind::rate_limited},       // too often, or the crowd at the full hour
    Row{11246, Kind::message_permanent},  // card content wrong
    Row{19001, Kind::configuration},      // no such webhook: the robot was removed
    Row{19002, Kind::message_permanent},  // a parameter is wrong
    Row{19021, Kind::token},  // signature or clock: once more with the clock its Date header showed
    Row{19022, Kind::configuration},      // caller's address not allowed
    Row{19024, Kind::message_permanent},  // the keyword it demands is missing
    Row{19036, Kind::message_permanent},  // too large
    Row{99991400, Kind::rate_limited},
};

constexpr std::array app_rows{
    Row{230001, Kind::message_permanent},    // parameter wrong, see ext=
    Row{230002, Kind::recipient_permanent},  // bot not in the chat
    Row{230006, Kind::configuration},        // bot ability off
    Row{230013, Kind::recipient_permanent},  // user outside the application's range
    Row{230018, Kind::recipient_permanent},  // the chat's settings forbid it
    Row{230020, Kind::quota},                // this user or chat got too much
    Row{230022, Kind::message_permanent},    // sensitive words
    Row{230025, Kind::message_permanent},    // too long
    Row{230027, Kind::configuration},        // no permission
    Row{230028, Kind::message_permanent},    // data loss prevention
    Row{230035, Kind::recipient_permanent},  // no right to send there
    Row{230038, Kind::recipient_permanent},  // another tenant's
    Row{230054, Kind::message_permanent},    // message type
    Row{230055, Kind::message_permanent},
    Row{232009, Kind::recipient_permanent},  // chat dissolved
    Row{99991400, Kind::rate_limited},
    Row{99991661, Kind::token},
    Row{99991663, Kind::token},
    Row{99991664, Kind::token},
    Row{99991671, Kind::token},
    Row{99991672, Kind::configuration},        // a scope is missing
    Row{99992351, Kind::recipient_permanent},  // open_id wrong
};

std::optional<Kind> find(std::span<const Row> rows, std::int64_t code) {
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.code == code; });
    if (row == rows.end()) return std::nullopt;
    return row->kind;
}

/// The pause that the gateway names: its own header in seconds, or Retry-After.
std::int64_t pause_of(const OutboundReply& reply) {
    const auto reset = parse_int(reply.header("x-ogw-ratelimit-reset")).value_or(0);
    if (reset > 0 && reset <= 86'400) return reset * 1000;
    const std::int64_t now = reply.started_ms + reply.duration_us / 1000;
    return kit::retry_after_ms(reply.header("retry-after"), now);
}

/// For an answer without a code that could be read.
Outcome judge_unreadable(const OutboundReply& reply) {
    Outcome outcome;
    outcome.code = "HTTP " + std::to_string(reply.status);
    outcome.kind = kit::class_of_status(reply.status);
    outcome.detail = "The answer holds no code.";
    // It may have been sent: 200 is what a success and a failure look like from outside.
    if (outcome.kind == Kind::accepted) outcome.kind = Kind::unknown;
    if (outcome.kind == Kind::rate_limited) outcome.retry_after_ms = pause_of(reply);
    return outcome;
}

Outcome judge(const OutboundReply& reply, std::span<const Row> rows) {
    const auto answer = shape::read<Answer>(reply.body);
    if (!answer || (!answer->code && !answer->status_code)) return judge_unreadable(reply);
    const std::int64_t code = answer->code ? *answer->code : *answer->status_code;
    Outcome outcome;
    outcome.code = std::to_string(code);
    outcome.detail = answer->msg.empty() ? answer->status_message : answer->msg;
    if (code == 0) {
        outcome.kind = kit::class_of_status(reply.status);
        if (answer->data) outcome.provider_message_id = answer->data->message_id;
        return outcome;
    }
    const auto known = find(rows, code);
    const Kind by_status = kit::class_of_status(reply.status);
    // A code that is not in the table says at least that nothing was sent, so another try is safe;
    // attempts are bounded, and a wrong "permanent" would lose messages.
    outcome.kind = known ? *known : by_status == Kind::accepted ? Kind::transient : by_status;
    if (reply.status == 429) outcome.kind = Kind::rate_limited;
    if (outcome.kind == Kind::rate_limited) outcome.retry_after_ms = pause_of(reply);
    if (const auto log_id = reply.header("x-tt-logid"); !log_id.empty()) {
        outcome.detail += " (log id " + std::string(log_id.substr(0, 100)) + ")";
    }
    return outcome;
}

}  // namespace

Outcome judge_robot(const OutboundReply& reply) {
    Outcome outcome = judge(reply, robot_rows);
    if (outcome.code == "9499" &&
        to_lower(outcome.detail).find("not enabled") != std::string::npos) {
        outcome.kind = Kind::configuration;
    }
    if (outcome.code == "11232" && outcome.retry_after_ms == 0) outcome.retry_after_ms = 1'000;
    return outcome;
}

Outcome judge_app(const OutboundReply& reply) { return judge(reply, app_rows); }

}  // namespace hongyan::feishu
