#include "channel/fcm/errors.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace hongyan::fcm {
namespace {

using boost::json::object;

std::string text_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(std::string_view(value->get_string()).substr(0, 300));
}

void read_violations(const object& detail, Refusal& refusal) {
    const auto* violations = detail.if_contains("fieldViolations");
    if (violations == nullptr || !violations->is_array()) return;
    for (const auto& violation : violations->get_array()) {
        if (violation.is_object() && text_of(violation.get_object(), "field") == "message.token")
            refusal.names_token = true;
    }
}

void read_details(const object& error, Refusal& refusal) {
    const auto* details = error.if_contains("details");
    if (details == nullptr || !details->is_array()) return;
    for (const auto& detail : details->get_array()) {
        if (!detail.is_object()) continue;
        const std::string type = text_of(detail.get_object(), "@type");
        if (type.ends_with("google.firebase.fcm.v1.FcmError")) {
            refusal.code = text_of(detail.get_object(), "errorCode");
            refusal.is_fcm = true;
        }
        if (type.ends_with("google.rpc.BadRequest")) read_violations(detail.get_object(), refusal);
    }
}

}  // namespace

Refusal read_refusal(std::string_view body) {
    Refusal refusal;
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(body), failed);
    if (failed || !value.is_object()) return refusal;
    const auto* error = value.get_object().if_contains("error");
    if (error == nullptr || !error->is_object()) return refusal;
    refusal.message = text_of(error->get_object(), "message");
    read_details(error->get_object(), refusal);
    if (refusal.code.empty()) refusal.code = text_of(error->get_object(), "status");
    return refusal;
}

OutcomeClass class_of(int http_status, const Refusal& refusal) {
    using enum OutcomeClass;
    const std::string_view code = refusal.code;
    if (http_status == 200) return accepted;
    if (code == "UNREGISTERED") return recipient_permanent;
    if (code == "INVALID_ARGUMENT")
        return refusal.names_token ? recipient_permanent : message_permanent;
    if (code == "SENDER_ID_MISMATCH") return recipient_permanent;
    if (code == "QUOTA_EXCEEDED" || code == "RESOURCE_EXHAUSTED") return rate_limited;
    if (code == "UNAVAILABLE" || code == "INTERNAL") return transient;
    // A missing APNs key of the project, not our OAuth token: a new token would not help.
    if (code == "THIRD_PARTY_AUTH_ERROR") return configuration;
    if (code == "UNAUTHENTICATED" || http_status == 401) return token;
    if (code == "PERMISSION_DENIED" || http_status == 403) return configuration;
    if (http_status == 429) return rate_limited;
    if (http_status == 408 || http_status >= 500) return transient;
    // NOT_FOUND without UNREGISTERED: the project's path is wrong, no word about the recipient.
    if (http_status == 404 || (http_status >= 300 && http_status < 400)) return configuration;
    return message_permanent;
}

}  // namespace hongyan::fcm
