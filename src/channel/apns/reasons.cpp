#include "channel/apns/reasons.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <iterator>

namespace hongyan::apns {
namespace {

struct Row {
    std::string_view reason;
    OutcomeClass kind;
};

using enum OutcomeClass;

constexpr Row rows[] = {
    {"BadDeviceToken", recipient_permanent},
    {"DeviceTokenNotForTopic", recipient_permanent},
    {"Unregistered", recipient_permanent},
    {"ExpiredToken", recipient_permanent},
    {"BadTopic", configuration},
    {"MissingTopic", configuration},
    {"TopicDisallowed", configuration},
    {"Forbidden", configuration},
    {"BadCertificate", configuration},
    {"BadCertificateEnvironment", configuration},
    {"UnrelatedKeyIdInToken", configuration},
    {"BadEnvironmentKeyIdInToken", configuration},
    {"BadEnvironmentKeyInToken", configuration},  // seen beside the other spelling
    {"BadCollapseId", message_permanent},
    {"BadExpirationDate", message_permanent},
    {"BadMessageId", message_permanent},
    {"BadPriority", message_permanent},
    {"DuplicateHeaders", message_permanent},
    {"InvalidPushType", message_permanent},
    {"MissingDeviceToken", message_permanent},
    {"PayloadEmpty", message_permanent},
    {"PayloadTooLarge", message_permanent},
    {"BadPath", message_permanent},
    {"MethodNotAllowed", message_permanent},
    {"ExpiredProviderToken", token},
    {"InvalidProviderToken", token},
    {"MissingProviderToken", token},
    {"TooManyRequests", quota},  // too many to this one device
    {"TooManyProviderTokenUpdates", rate_limited},
    {"IdleTimeout", transient},
    {"InternalServerError", transient},
    {"ServiceUnavailable", transient},
    {"Shutdown", transient},
};

/// For reasons that Apple has added since: what the status alone says, on the safe side (nobody is
/// suppressed for a word we do not know).
OutcomeClass class_of_status(int status) {
    if (status == 403) return configuration;
    if (status == 410) return recipient_permanent;
    if (status == 429) return rate_limited;
    if (status == 408 || status >= 500) return transient;
    if (status >= 300 && status < 400) return configuration;
    return message_permanent;
}

}  // namespace

Refusal read_refusal(std::string_view body) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(body), failed);
    const auto* object = failed ? nullptr : value.if_object();
    if (object == nullptr) return {};
    Refusal refusal;
    if (const auto* reason = object->if_contains("reason"); reason && reason->is_string())
        refusal.reason = reason->get_string().subview(0, 100);
    if (const auto* timestamp = object->if_contains("timestamp");
        timestamp && timestamp->is_int64())
        refusal.timestamp_ms = timestamp->get_int64();
    return refusal;
}

OutcomeClass class_of(int status, std::string_view reason) {
    if (status == 200) return accepted;
    for (const Row& row : rows) {
        if (row.reason == reason) return row.kind;
    }
    return class_of_status(status);
}

}  // namespace hongyan::apns
