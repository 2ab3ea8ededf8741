#include "universe/apns/request_check.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "base/text.hpp"

namespace hongyan::universe::apns {
namespace {

struct TypeRow {
    std::string_view type;
    std::string_view suffix;
};
constexpr TypeRow types[] = {{"alert", ""},
                             {"background", ""},
                             {"voip", ".voip"},
                             {"complication", ".complication"},
                             {"fileprovider", ".pushkit.fileprovider"},
                             {"location", ".location-query"},
                             {"liveactivity", ".push-type.liveactivity"},
                             {"pushtotalk", ".voip-ptt"},
                             {"widgets", ""},
                             {"controls", ""},
                             {"mdm", ""}};

struct StatusRow {
    std::string_view reason;
    int status;
};
constexpr StatusRow statuses[] = {{"BadCertificate", 403},
                                  {"BadCertificateEnvironment", 403},
                                  {"ExpiredProviderToken", 403},
                                  {"Forbidden", 403},
                                  {"InvalidProviderToken", 403},
                                  {"MissingProviderToken", 403},
                                  {"UnrelatedKeyIdInToken", 403},
                                  {"BadEnvironmentKeyIdInToken", 403},
                                  {"BadPath", 404},
                                  {"MethodNotAllowed", 405},
                                  {"ExpiredToken", 410},
                                  {"Unregistered", 410},
                                  {"PayloadTooLarge", 413},
                                  {"TooManyProviderTokenUpdates", 429},
                                  {"TooManyRequests", 429},
                                  {"InternalServerError", 500},
                                  {"ServiceUnavailable", 503},
                                  {"Shutdown", 503}};

/// Devices whose fate stands in their token, because a token holds no words.
constexpr StatusRow fated[] = {{"Unregistered", 0xdead},      {"BadDeviceToken", 0xbad0},
                               {"ExpiredToken", 0xe0d0},      {"DeviceTokenNotForTopic", 0xa44a},
                               {"TooManyRequests", 0x4290},   {"InternalServerError", 0x5000},
                               {"ServiceUnavailable", 0x5030}};

bool has(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const std::string one = to_lower(text.substr(i, 1));
        if (dash ? text[i] != '-' : !is_hex(one)) return false;
    }
    return true;
}

std::string check_headers(const ServiceRequest& request) {
    std::set<std::string_view> seen;
    for (const auto& [name, value] : request.headers) {
        if (name.starts_with("apns-") && !seen.insert(name).second) return "DuplicateHeaders";
    }
    const auto id = request.header("apns-id");
    if (!id.empty() && !is_uuid(id)) return "BadMessageId";
    const auto expiration = request.header("apns-expiration");
    if (!expiration.empty() && !parse_int(expiration)) return "BadExpirationDate";
    const auto priority = request.header("apns-priority");
    if (!priority.empty() && priority != "10" && priority != "5" && priority != "1")
        return "BadPriority";
    if (request.header("apns-push-type") == "background" && priority == "10") return "BadPriority";
    if (request.header("apns-collapse-id").size() > 64) return "BadCollapseId";
    return "";
}

std::string check_topic(const Rules& rules, const ServiceRequest& request) {
    const std::string_view type = request.header("apns-push-type");
    std::string_view topic = request.header("apns-topic");
    if (topic.empty()) return "MissingTopic";
    std::string_view suffix;
    if (!type.empty()) {
        const auto* row = std::find_if(std::begin(types), std::end(types),
                                       [&](const TypeRow& one) { return one.type == type; });
        if (row == std::end(types)) return "InvalidPushType";
        suffix = row->suffix;
    }
    if (!topic.ends_with(suffix)) return "BadTopic";
    topic.remove_suffix(suffix.size());
    return has(rules.topics, topic) ? "" : "TopicDisallowed";
}

std::string check_device(const Rules& rules, std::string_view device) {
    if (device.size() < 64 || device.size() % 2 != 0 || !is_hex(device)) return "BadDeviceToken";
    if (has(rules.unregistered, device)) return "Unregistered";
    if (has(rules.bad, device) || device.find_first_not_of('0') == device.npos)
        return "BadDeviceToken";
    const int prefix = static_cast<int>(std::stoul(std::string(device.substr(0, 4)), nullptr, 16));
    for (const auto& row : fated) {
        if (row.status == prefix) return std::string(row.reason);
    }
    return "";
}

}  // namespace

int status_of(std::string_view reason) {
    for (const auto& row : statuses) {
        if (row.reason == reason) return row.status;
    }
    return 400;
}

std::string check_request(const Rules& rules, const ServiceRequest& request,
                          std::string_view device, boost::json::object& payload) {
    if (auto reason = check_headers(request); !reason.empty()) return reason;
    if (auto reason = check_topic(rules, request); !reason.empty()) return reason;
    if (request.body.empty()) return "PayloadEmpty";
    const bool voip = request.header("apns-push-type") == "voip";
    if (request.body.size() > (voip ? rules.max_voip_payload : rules.max_payload))
        return "PayloadTooLarge";
    boost::system::error_code failed;
    auto value = boost::json::parse(request.body, failed);
    if (failed || !value.is_object()) return "PayloadEmpty";
    payload = std::move(value.get_object());
    // Any answer of Apple's can be had by asking for it.
    if (const auto* wanted = payload.if_contains("simulate"); wanted && wanted->is_string())
        return std::string(wanted->get_string());
    return check_device(rules, device);
}

}  // namespace hongyan::universe::apns
