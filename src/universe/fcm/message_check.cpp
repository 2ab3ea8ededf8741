#include "universe/fcm/message_check.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace hongyan::universe::fcm {
namespace {

using boost::json::object;

struct Row {
    std::string_view word;  ///< a registration token that holds it meets this
    std::string_view error_code;
    int http_status;
    std::string_view status;
    std::string_view message;
};
constexpr Row rows[] = {
    {"unregistered", "UNREGISTERED", 404, "NOT_FOUND", "Requested entity was not found."},
    {"sender-mismatch", "SENDER_ID_MISMATCH", 403, "PERMISSION_DENIED", "SenderId mismatch"},
    {"quota-exceeded", "QUOTA_EXCEEDED", 429, "RESOURCE_EXHAUSTED", "Quota exceeded."},
    {"unavailable", "UNAVAILABLE", 503, "UNAVAILABLE", "The service is currently unavailable."},
    {"internal", "INTERNAL", 500, "INTERNAL", "Internal error encountered."},
    {"third-party-auth", "THIRD_PARTY_AUTH_ERROR", 401, "UNAUTHENTICATED",
     "Auth error from APNS or Web Push Service"}};

Finding invalid(std::string field, std::string message) {
    return {400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", std::move(message), std::move(field)};
}

bool is_token(std::string_view token) {
    return token.size() >= 32 && std::all_of(token.begin(), token.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == ':' || c == '-' || c == '_' || c == '.';
           });
}

Finding check_data(const object& message) {
    const auto* data = message.if_contains("data");
    if (data == nullptr) return {};
    if (!data->is_object()) return invalid("message.data", "Invalid value at 'message.data'");
    int index = 0;
    for (const auto& [key, value] : data->get_object()) {
        const std::string_view name = key;
        if (!value.is_string()) {
            return invalid("message.data[" + std::to_string(index) + "].value",
                           "Invalid value at 'message.data[" + std::to_string(index) +
                               "].value' (TYPE_STRING), " + boost::json::serialize(value));
        }
        if (name == "from" || name == "message_type" || name.starts_with("google.") ||
            name.starts_with("gcm"))
            return invalid("message.data", "Invalid data payload key: " + std::string(name));
        ++index;
    }
    return {};
}

Finding check_android(const object& message) {
    const auto* android = message.if_contains("android");
    if (android == nullptr || !android->is_object()) return {};
    const auto& config = android->get_object();
    if (const auto* ttl = config.if_contains("ttl"); ttl != nullptr) {
        const bool good = ttl->is_string() && ttl->get_string().size() >= 2 &&
                          ttl->get_string().back() == 's' &&
                          std::string_view(ttl->get_string()).find_first_not_of("0123456789.") ==
                              ttl->get_string().size() - 1;
        if (!good) return invalid("message.android.ttl", "Illegal duration format");
    }
    if (const auto* priority = config.if_contains("priority"); priority != nullptr) {
        const std::string word =
            priority->is_string() ? to_lower(std::string_view(priority->get_string())) : "";
        if (word != "high" && word != "normal")
            return invalid("message.android.priority",
                           "Invalid value at 'message.android.priority'");
    }
    return {};
}

Finding check_token(std::string_view token, const std::vector<std::string>& unregistered) {
    if (!is_token(token)) {
        return invalid("message.token",
                       "The registration token is not a valid FCM registration token");
    }
    if (std::find(unregistered.begin(), unregistered.end(), token) != unregistered.end())
        return finding_of("UNREGISTERED");
    for (const auto& row : rows) {
        if (token.find(row.word) != token.npos) return finding_of(row.error_code);
    }
    return {};
}

}  // namespace

Finding finding_of(std::string_view error_code) {
    for (const auto& row : rows) {
        if (row.error_code == error_code) {
            return {row.http_status, std::string(row.status), std::string(row.error_code),
                    std::string(row.message), ""};
        }
    }
    return {500, "INTERNAL", "INTERNAL", "Internal error encountered.", ""};
}

ServiceReply error_reply(const Finding& finding) {
    boost::json::array details;
    if (!finding.error_code.empty()) {
        details.push_back(object{{"@type", "type.googleapis.com/google.firebase.fcm.v1.FcmError"},
                                 {"errorCode", finding.error_code}});
    }
    if (!finding.field.empty()) {
        details.push_back(object{
            {"@type", "type.googleapis.com/google.rpc.BadRequest"},
            {"fieldViolations", boost::json::array{object{{"field", finding.field},
                                                          {"description", finding.message}}}}});
    }
    object error{
        {"code", finding.http_status}, {"message", finding.message}, {"status", finding.status}};
    if (!details.empty()) error["details"] = std::move(details);
    return {.status = finding.http_status,
            .content_type = "application/json; charset=UTF-8",
            .body = boost::json::serialize(object{{"error", std::move(error)}})};
}

Finding check_message(const object& message, std::size_t limit,
                      const std::vector<std::string>& unregistered) {
    const int targets = (message.contains("token") ? 1 : 0) + (message.contains("topic") ? 1 : 0) +
                        (message.contains("condition") ? 1 : 0);
    if (targets != 1)
        return invalid("message", "Exactly one of token, topic or condition is required");
    if (auto found = check_data(message); !found.status.empty()) return found;
    if (auto found = check_android(message); !found.status.empty()) return found;
    std::size_t size = 0;
    for (const auto* part : {"notification", "data"}) {
        if (const auto* value = message.if_contains(part))
            size += boost::json::serialize(*value).size();
    }
    if (size > (message.contains("topic") ? limit / 2 : limit))
        return invalid("message", "Message is too big");
    const auto* token = message.if_contains("token");
    if (token == nullptr) return {};
    return check_token(token->is_string() ? std::string_view(token->get_string()) : "",
                       unregistered);
}

}  // namespace hongyan::universe::fcm
