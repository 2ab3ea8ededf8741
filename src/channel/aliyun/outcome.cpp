#include "channel/aliyun/outcome.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "base/text.hpp"
#include "kit/http_account.hpp"

namespace hongyan::aliyun {
namespace {

namespace json = boost::json;
using enum OutcomeClass;

struct CodeRow {
    std::string_view code;
    OutcomeClass kind;
};
constexpr std::array code_table = std::to_array<CodeRow>({
    {"OK", accepted},
    {"isv.BUSINESS_LIMIT_CONTROL", quota},
    // The tenant's own cap in the console: nobody gets anything until it is raised.
    {"isv.DAY_LIMIT_CONTROL", configuration},
    {"isv.MONTH_LIMIT_CONTROL", configuration},
    {"Throttling", rate_limited},
    {"Throttling.User", rate_limited},
    {"Throttling.Api", rate_limited},
    {"ServiceUnavailable", transient},
    {"isp.SYSTEM_ERROR", transient},
    {"InternalError", transient},
    {"isp.UNKNOWN_ERROR", transient},
    {"isv.MOBILE_NUMBER_ILLEGAL", recipient_permanent},
    {"isv.DOMESTIC_NUMBER_NOT_SUPPORTED", recipient_permanent},
    {"isv.BLACK_KEY_CONTROL_LIMIT", recipient_permanent},
    {"isv.MOBILE_COUNT_OVER_LIMIT", message_permanent},
    {"isv.TEMPLATE_MISSING_PARAMETERS", message_permanent},
    {"isv.INVALID_PARAMETERS", message_permanent},
    {"isv.INVALID_JSON_PARAM", message_permanent},
    {"isv.PARAM_LENGTH_LIMIT", message_permanent},
    {"isv.PARAM_NOT_SUPPORT_URL", message_permanent},
    {"isv.TEMPLATE_PARAMS_ILLEGAL", message_permanent},
    {"isv.SMS_CONTENT_ILLEGAL", message_permanent},
    {"isv.SMS_TEMPLATE_ILLEGAL", configuration},
    {"isv.SMS_SIGNATURE_ILLEGAL", configuration},
    {"isv.SMS_SIGNATURE_SCENE_ILLEGAL", configuration},
    {"isv.SMS_SIGN_ILLEGAL", configuration},
    {"isv.SIGN_STATE_ILLEGAL", configuration},
    {"isv.EXTEND_CODE_ERROR", configuration},
    {"isv.DENY_IP_RANGE", configuration},
    {"isv.OUT_OF_SERVICE", configuration},
    {"isv.AMOUNT_NOT_ENOUGH", configuration},
    {"isv.PRODUCT_UN_SUBSCRIPT", configuration},
    {"isv.PRODUCT_UNSUBSCRIBE", configuration},
    {"isv.ACCOUNT_NOT_EXISTS", configuration},
    {"isv.ACCOUNT_ABNORMAL", configuration},
    {"isp.RAM_PERMISSION_DENY", configuration},
    {"Forbidden.RAM", configuration},
    {"InvalidAccessKeyId.NotFound", configuration},
    {"SignatureDoesNotMatch", configuration},
    {"InvalidVersion", configuration},
    {"InvalidAction.NotFound", configuration},
    // The clock is wrong: the account learns the service's from the answer's Date and signs anew.
    {"InvalidTimeStamp.Expired", token},
    // The nonce is new for each attempt, so an earlier copy of this very request has arrived (a
    // connection was repeated below us), and what came of it nobody can tell.
    {"SignatureNonceUsed", unknown},
});

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return "";
    return std::string(value->get_string().data(), value->get_string().size());
}

/// The answer says nothing that can be read.
Outcome judge_unreadable(const OutboundReply& reply) {
    Outcome outcome;
    outcome.kind = kit::class_of_status(reply.status);
    outcome.code = "HTTP " + std::to_string(reply.status);
    outcome.detail = "The answer is not the service's JSON.";
    // Something took the request and called it well; whether it was the service is not known.
    if (outcome.kind == accepted) outcome.kind = unknown;
    return outcome;
}

std::string suppression_of(std::string_view code) {
    return code == "isv.BLACK_KEY_CONTROL_LIMIT" ? "blocked at Aliyun SMS" : "";
}

}  // namespace

OutcomeClass class_of_code(std::string_view code, int http_status) {
    const auto* row = std::find_if(code_table.begin(), code_table.end(),
                                   [&](const CodeRow& r) { return r.code == code; });
    if (row != code_table.end()) return row->kind;
    // Not listed. Nothing was sent in any of these cases, so no class can make a second message.
    if (code.starts_with("Throttling")) return rate_limited;
    if (code.starts_with("ServiceUnavailable")) return transient;
    // "isv" is the caller's fault (a repeat of the same is refused again), "isp" the service's.
    if (code.starts_with("isv.")) return message_permanent;
    if (code.starts_with("isp.")) return transient;
    if (code.starts_with("Missing")) return message_permanent;
    const OutcomeClass by_status = kit::class_of_status(http_status);
    // A code other than OK is a refusal, whatever the status says.
    return by_status == accepted ? message_permanent : by_status;
}

Outcome judge_answer(const OutboundReply& reply, int attempts) {
    boost::system::error_code error;
    const json::value body = json::parse(reply.body, error);
    if (error || !body.is_object()) return judge_unreadable(reply);
    const json::object& object = body.get_object();
    Outcome outcome;
    outcome.code = text_at(object, "Code");
    if (outcome.code.empty()) return judge_unreadable(reply);
    outcome.kind = class_of_code(outcome.code, reply.status);
    if (outcome.kind == accepted) {
        outcome.provider_message_id = text_at(object, "BizId");
        return outcome;
    }
    outcome.detail = text_at(object, "Message");
    outcome.suppress = suppression_of(outcome.code);
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), reply.started_ms);
    // Also seen when a value does not fit its variable's type, which no third try changes.
    if (outcome.code == "isp.UNKNOWN_ERROR" && attempts >= 2) outcome.kind = message_permanent;
    return outcome;
}

}  // namespace hongyan::aliyun
