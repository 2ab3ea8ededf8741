#include "channel/wechat/outcome.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.hpp"
#include "shape/shape.hpp"

namespace hongyan::wechat {
namespace {

using Kind = OutcomeClass;
using shape::field;

struct Answer {
    std::optional<std::int64_t> errcode;
    std::string errmsg;
    std::string msgid;  ///< JSON text: a number beyond 2^53 at WeChat, a text at WeCom
    std::string invaliduser;
    std::string unlicenseduser;
    std::string invalidparty;
    std::string invalidtag;
    std::string access_token;
    std::int64_t expires_in = 0;
};

const shape::Object& describe(shape::Tag<Answer>) {
    static const shape::Object object =
        shape::object<Answer>(
            "WechatAnswer", "An answer of WeChat or WeCom.",
            field("errcode", &Answer::errcode, "0 is success."),
            field("errmsg", &Answer::errmsg, "What happened."),
            field("msgid", &Answer::msgid, "The message's id.").raw_json(),
            field("invaliduser", &Answer::invaliduser, "Users who got nothing."),
            field("unlicenseduser", &Answer::unlicenseduser, "Users without a licence."),
            field("invalidparty", &Answer::invalidparty, "Departments that got nothing."),
            field("invalidtag", &Answer::invalidtag, "Tags that got nothing."),
            field("access_token", &Answer::access_token, "The token."),
            field("expires_in", &Answer::expires_in, "Its life in seconds."))
            .open();
    return object;
}

struct Row {
    std::int64_t code;
    Kind kind;
};

constexpr std::array official_rows{
    Row{-1, Kind::transient},
    Row{40001, Kind::token},                // invalid or not the latest
    Row{40003, Kind::recipient_permanent},  // openid wrong, or of another account
    Row{40013, Kind::configuration},        // appid
    Row{40014, Kind::token},
    Row{40037, Kind::configuration},      // template_id
    Row{40125, Kind::configuration},      // secret
    Row{40164, Kind::configuration},      // caller's address not allowed
    Row{40165, Kind::message_permanent},  // page path
    Row{40241, Kind::message_permanent},  // the same message within a minute
    Row{40243, Kind::configuration},      // secret frozen
    Row{41001, Kind::message_permanent},  // token missing
    Row{41030, Kind::message_permanent},  // page path
    Row{42001, Kind::token},
    Row{43004, Kind::recipient_permanent},  // does not follow the account
    Row{43019, Kind::recipient_permanent},  // in the account's black list
    Row{43101, Kind::recipient_permanent},  // has not subscribed to this template, or used it up
    Row{43116, Kind::configuration},        // template banned
    Row{43117, Kind::quota},                // too often to this openid
    Row{44002, Kind::message_permanent},
    Row{45009, Kind::rate_limited},  // the day's calls are used up
    Row{45011, Kind::rate_limited},  // too often in this minute
    Row{45047, Kind::quota},
    Row{47001, Kind::message_permanent},
    Row{47003, Kind::message_permanent},  // a parameter of the template, errmsg names it
    Row{48001, Kind::configuration},
    Row{48004, Kind::configuration},
    Row{50002, Kind::configuration},
    Row{50005, Kind::recipient_permanent},
};

constexpr std::array wecom_rows{
    Row{-1, Kind::transient},
    Row{40001, Kind::configuration},        // secret
    Row{40003, Kind::recipient_permanent},  // user id
    Row{40013, Kind::configuration},        // corpid
    Row{40014, Kind::token},
    Row{40056, Kind::configuration},      // agentid
    Row{40058, Kind::message_permanent},  // parameter
    Row{42001, Kind::token},
    Row{44004, Kind::message_permanent},  // empty
    Row{45002, Kind::message_permanent},  // too long
    Row{45009, Kind::rate_limited},
    Row{45033, Kind::rate_limited},  // too many at once
    Row{48002, Kind::configuration},
    Row{60011, Kind::recipient_permanent},  // no right on this member
    Row{60020, Kind::configuration},        // caller's address not allowed
    Row{60111, Kind::recipient_permanent},
    Row{81013, Kind::recipient_permanent},  // no user, party or tag of the message is valid
    Row{82001, Kind::recipient_permanent},
    Row{86003, Kind::recipient_permanent},
    Row{301002, Kind::configuration},
};

constexpr std::array robot_rows{
    Row{-1, Kind::transient},
    Row{40008, Kind::message_permanent},  // msgtype
    Row{40058, Kind::message_permanent},
    Row{44004, Kind::message_permanent},
    Row{45002, Kind::message_permanent},
    Row{45009, Kind::rate_limited},
    Row{45033, Kind::rate_limited},
    Row{93000, Kind::configuration},  // no such robot
};

constexpr std::int64_t minute_ms = 60'000;

/// At most 500 bytes, cut between characters.
std::string shortened(const std::string& text) {
    std::size_t size = std::min<std::size_t>(text.size(), 500);
    while (size > 0 && size < text.size() && (text[size] & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

std::int64_t answered_ms(const OutboundReply& reply) {
    return reply.started_ms + reply.duration_us / 1000;
}

/// Until the next midnight in Shanghai, when WeChat's daily quotas begin anew.
std::int64_t until_midnight(std::int64_t now_ms) {
    constexpr std::int64_t day_ms = 86'400'000;
    constexpr std::int64_t east_ms = 8 * 3'600'000;
    return day_ms - (now_ms + east_ms) % day_ms;
}

std::string without_quotes(std::string_view json) {
    if (json.size() >= 2 && json.front() == '"') json = json.substr(1, json.size() - 2);
    return std::string(json == "null" ? std::string_view() : json);
}

struct Judged {
    Outcome outcome;
    Answer answer;
    std::int64_t code = 0;  ///< of a refusal
};

Judged judge(const OutboundReply& reply, std::span<const Row> rows) {
    Judged judged;
    Outcome& outcome = judged.outcome;
    const Kind by_status = kit::class_of_status(reply.status);
    auto answer = shape::read<Answer>(reply.body);
    if (!answer || !answer->errcode) {
        outcome.code = "HTTP " + std::to_string(reply.status);
        outcome.detail = "The answer holds no errcode.";
        // It may have been sent: success and failure both come with 200.
        outcome.kind = by_status == Kind::accepted ? Kind::unknown : by_status;
        outcome.retry_after_ms =
            kit::retry_after_ms(reply.header("retry-after"), answered_ms(reply));
        return judged;
    }
    const std::int64_t code = *answer->errcode;
    outcome.code = std::to_string(code);
    outcome.detail = shortened(answer->errmsg);
    outcome.provider_message_id = without_quotes(answer->msgid);
    outcome.kind = Kind::accepted;
    if (code != 0) {
        const auto row =
            std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.code == code; });
        // A code that is not in the table says at least that nothing was sent, so another try is
        // safe; attempts are bounded, and a wrong "permanent" would lose messages.
        outcome.kind = row != rows.end() ? row->kind : Kind::transient;
    }
    judged.code = code;
    judged.answer = std::move(*answer);
    return judged;
}

}  // namespace

Outcome judge_official(const OutboundReply& reply, bool repeat) {
    Judged judged = judge(reply, official_rows);
    Outcome& outcome = judged.outcome;
    if (judged.code == 45009) outcome.retry_after_ms = until_midnight(answered_ms(reply));
    if (judged.code == 45011) outcome.retry_after_ms = minute_ms;
    if (judged.code == 40241 && repeat) {
        outcome.kind = Kind::accepted;
        outcome.detail = "WeChat has it already: the attempt whose answer was lost had arrived.";
    }
    return outcome;
}

Outcome judge_wecom(const OutboundReply& reply, bool one_user) {
    Judged judged = judge(reply, wecom_rows);
    Outcome& outcome = judged.outcome;
    if (judged.code == 45009) outcome.retry_after_ms = minute_ms;
    if (outcome.kind != Kind::accepted) return outcome;
    const Answer& answer = judged.answer;
    const bool left_out = !answer.invaliduser.empty() || !answer.unlicenseduser.empty();
    if (left_out && one_user) {
        outcome.kind = Kind::recipient_permanent;
        outcome.code = answer.invaliduser.empty() ? "unlicenseduser" : "invaliduser";
        outcome.detail = answer.invaliduser.empty()
                             ? "The user has no licence for this interface."
                             : "WeCom knows no such user within the application's range.";
    } else if (left_out || !answer.invalidparty.empty() || !answer.invalidtag.empty()) {
        // The others have got it; to call it failed would send it to them again.
        outcome.detail = "Sent, but not to all:";
        const auto add = [&](std::string_view what, const std::string& ids) {
            if (!ids.empty()) outcome.detail += " " + std::string(what) + " " + ids;
        };
        add("users", answer.invaliduser);
        add("users without licence", answer.unlicenseduser);
        add("departments", answer.invalidparty);
        add("tags", answer.invalidtag);
    }
    return outcome;
}

Outcome judge_wecom_robot(const OutboundReply& reply) {
    Judged judged = judge(reply, robot_rows);
    if (judged.code == 45009) judged.outcome.retry_after_ms = minute_ms;
    return judged.outcome;
}

Result<kit::Token> read_access_token(const OutboundReply& reply) {
    const auto answer = shape::read<Answer>(reply.body);
    const Kind by_status = kit::class_of_status(reply.status);
    if (!answer) {
        return make_error(
            by_status == Kind::configuration ? ErrorCode::config_invalid : ErrorCode::unavailable,
            "The token's answer cannot be read (HTTP " + std::to_string(reply.status) + ").");
    }
    const std::int64_t code = answer->errcode.value_or(0);
    if (code == 0 && !answer->access_token.empty() && answer->expires_in > 0) {
        return kit::Token{answer->access_token, Millis(answer->expires_in * 1000)};
    }
    // Only what is said of the credentials or of the caller's address stops the account; any other
    // trouble may pass.
    static constexpr std::array refusals{40001, 40002, 40013, 40125, 40164, 40243, 41002,
                                         41004, 48001, 48002, 50002, 50007, 60020, 89503};
    const bool refused = std::find(refusals.begin(), refusals.end(), code) != refusals.end();
    return make_error(refused ? ErrorCode::config_invalid : ErrorCode::unavailable,
                      "No token: " + std::to_string(code) + " " + shortened(answer->errmsg));
}

}  // namespace hongyan::wechat
