#include "channel/tencent/outcome.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "kit/http_account.hpp"

namespace hongyan::tencent {
namespace {

namespace json = boost::json;
using enum OutcomeClass;

struct CodeRow {
    std::string_view code;  ///< with * at the end: all codes that begin so
    OutcomeClass kind;
};
/// The first row that fits decides: single codes stand before the families they are taken from.
constexpr std::array code_table = std::to_array<CodeRow>({
    {"Ok", accepted},
    {"RequestLimitExceeded*", rate_limited},
    {"LimitExceeded.GlobalSmsSendingRateLimit", rate_limited},
    {"LimitExceeded.PhoneNumberThirtySecondLimit", quota},
    {"LimitExceeded.PhoneNumberOneHourLimit", quota},
    {"LimitExceeded.PhoneNumberDailyLimit", quota},
    {"LimitExceeded.PhoneNumberSameContentDailyLimit", quota},
    {"LimitExceeded.DeliveryFrequencyLimit", quota},
    {"LimitExceeded.AppDailyLimit", configuration},
    {"LimitExceeded.AppMainlandChinaDailyLimit", configuration},
    {"LimitExceeded.AppGlobalDailyLimit", configuration},
    {"LimitExceeded.DailyLimit", configuration},
    {"LimitExceeded.AppCountryOrRegion*", configuration},
    {"LimitExceeded.PhoneNumberCountLimit", message_permanent},
    {"InvalidParameterValue.IncorrectPhoneNumber", recipient_permanent},
    {"FailedOperation.PhoneNumberInBlacklist", recipient_permanent},
    {"InvalidParameterValue.SdkAppIdNotExist", configuration},
    {"MissingParameter*", message_permanent},
    {"InvalidParameter*", message_permanent},
    {"FailedOperation.ContainSensitiveWord", message_permanent},
    {"FailedOperation.JsonParseFail", message_permanent},
    {"FailedOperation.FailResolvePacket", message_permanent},
    {"UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", message_permanent},
    {"FailedOperation.SignatureIncorrectOrUnapproved", configuration},
    {"FailedOperation.TemplateIncorrectOrUnapproved", configuration},
    {"FailedOperation.InsufficientBalanceInSmsPackage", configuration},
    {"UnauthorizedOperation*", configuration},
    // The clock is wrong: the account learns the service's from the answer's Date and signs anew.
    {"AuthFailure.SignatureExpire", token},
    {"AuthFailure*", configuration},
    // The message had gone to the carrier's side and no word came back: it may have been sent.
    {"InternalError.Timeout", unknown},
    {"InternalError.SendAndRecvFail", unknown},
    {"InternalError*", transient},
    // From here on not in the vendor's list for SMS, but in the one for all of its services.
    {"FailedOperation.TemplateUnapprovedOrNotExist", configuration},
    {"FailedOperation.TemplateIdNotExist", configuration},
    {"FailedOperation.NotEnterpriseCertification", configuration},
    {"FailedOperation.MissingSignature", configuration},
    {"FailedOperation.PhoneNumberParseFail", recipient_permanent},
    {"InvalidAction", configuration},
    {"InvalidRequest", configuration},
    {"NoSuchVersion", configuration},
    {"NoSuchProduct", configuration},
    {"UnsupportedRegion", configuration},
    {"UnsupportedProtocol", configuration},
    {"UnknownParameter", message_permanent},
    {"ResourceUnavailable*", transient},
    {"ResourceInsufficient*", transient},
    {"ServiceUnavailable*", transient},
    // An unknown limit may be the recipient's alone: to delay one number is the smaller error.
    {"LimitExceeded*", quota},
});

bool fits(const CodeRow& row, std::string_view code) {
    if (!row.code.ends_with('*')) return row.code == code;
    return code.starts_with(row.code.substr(0, row.code.size() - 1));
}

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return "";
    return std::string(value->get_string().data(), value->get_string().size());
}

const json::object* object_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

/// The status of the one number that was asked for.
const json::object* first_status(const json::object& response) {
    const json::value* set = response.if_contains("SendStatusSet");
    const json::array* statuses = set == nullptr ? nullptr : set->if_array();
    return statuses == nullptr || statuses->empty() ? nullptr : statuses->front().if_object();
}

Outcome judge_unreadable(const OutboundReply& reply) {
    Outcome outcome;
    outcome.kind = kit::class_of_status(reply.status);
    outcome.code = "HTTP " + std::to_string(reply.status);
    outcome.detail = "The answer is not the service's JSON.";
    // Something took the request and called it well; whether it was the service is not known.
    if (outcome.kind == accepted) outcome.kind = unknown;
    return outcome;
}

}  // namespace

OutcomeClass class_of_code(std::string_view code) {
    const auto* row = std::find_if(code_table.begin(), code_table.end(),
                                   [&](const CodeRow& r) { return fits(r, code); });
    // A code nobody has listed is a refusal: nothing was sent, and the same again is refused again.
    return row == code_table.end() ? message_permanent : row->kind;
}

Outcome judge_answer(const OutboundReply& reply) {
    boost::system::error_code error;
    const json::value body = json::parse(reply.body, error);
    const json::object* whole = error ? nullptr : body.if_object();
    const json::object* response = whole == nullptr ? nullptr : object_at(*whole, "Response");
    if (response == nullptr) return judge_unreadable(reply);
    const json::object* failure = object_at(*response, "Error");
    const json::object* status = failure != nullptr ? failure : first_status(*response);
    Outcome outcome;
    if (status != nullptr) outcome.code = text_at(*status, "Code");
    if (outcome.code.empty()) return judge_unreadable(reply);
    outcome.kind = class_of_code(outcome.code);
    // An Error whose code says "Ok" cannot be believed either way.
    if (failure != nullptr && outcome.kind == accepted) outcome.kind = unknown;
    outcome.provider_message_id = failure == nullptr ? text_at(*status, "SerialNo") : "";
    if (outcome.kind == accepted) return outcome;
    outcome.detail = text_at(*status, "Message");
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), reply.started_ms);
    if (outcome.code == "FailedOperation.PhoneNumberInBlacklist") {
        outcome.suppress = "unsubscribed or blocked at Tencent Cloud SMS";
    }
    return outcome;
}

}  // namespace hongyan::tencent
