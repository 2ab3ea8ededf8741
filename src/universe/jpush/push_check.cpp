#include "universe/jpush/push_check.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hongyan::universe::jpush {
namespace {

using boost::json::object;
using boost::json::value;

std::size_t size_of(const value* part) {
    return part == nullptr ? 0 : boost::json::serialize(*part).size();
}

Finding check_platform(const object& push) {
    const auto* platform = push.if_contains("platform");
    if (platform == nullptr) return {1002, "Missing parameter: platform"};
    if (platform->is_string()) {
        if (platform->get_string() == "all") return {};
        return {1003, "platform is invalid"};
    }
    if (!platform->is_array() || platform->get_array().empty())
        return {1003, "platform is invalid"};
    for (const auto& one : platform->get_array()) {
        const bool known = one == value("android") || one == value("ios") ||
                           one == value("winphone") || one == value("quickapp") ||
                           one == value("hmos");
        if (!known) return {1003, "platform is invalid"};
    }
    return {};
}

Finding check_audience(const object& push, const Limits& limits) {
    const auto* audience = push.if_contains("audience");
    if (audience == nullptr) return {1002, "Missing parameter: audience"};
    if (audience->is_string() && audience->get_string() == "all") return {};
    if (!audience->is_object() || audience->get_object().empty())
        return {1003, "audience is invalid"};
    const auto* ids = audience->get_object().if_contains("registration_id");
    if (ids == nullptr) return {};
    if (!ids->is_array() || ids->get_array().empty() || ids->get_array().size() > 1000)
        return {1003, "registration_id is invalid"};
    std::size_t reachable = 0;
    for (const auto& id : ids->get_array()) {
        if (!id.is_string()) return {1003, "registration_id is invalid"};
        const std::string_view text = id.get_string();
        if (text.starts_with("bad0")) return {1003, "registration_id is invalid"};
        const bool unknown = text.starts_with("dead") ||
                             std::find(limits.unknown_ids.begin(), limits.unknown_ids.end(),
                                       text) != limits.unknown_ids.end();
        if (!unknown) ++reachable;
    }
    if (reachable == 0) return {1011, "cannot find user by this audience"};
    return {};
}

Finding check_notification(const value& notification, const Limits& limits) {
    const auto* parts = notification.if_object();
    if (parts == nullptr || parts->empty()) return {1003, "notification is invalid"};
    const auto* android = parts->if_contains("android");
    if (android != nullptr) {
        const auto* alert =
            android->is_object() ? android->get_object().if_contains("alert") : nullptr;
        if (alert == nullptr) return {1002, "Missing parameter: notification.android.alert"};
    }
    if (size_of(android) > limits.android) return {1005, "message is too big for Android"};
    if (size_of(parts->if_contains("ios")) > limits.ios)
        return {1005, "message is too big for iOS"};
    return {};
}

Finding check_options(const object& push) {
    const auto* options = push.if_contains("options");
    if (options == nullptr) return {};
    if (!options->is_object()) return {1003, "options is invalid"};
    const auto& o = options->get_object();
    if (const auto* life = o.if_contains("time_to_live")) {
        if (!life->is_int64() || life->get_int64() < 0 || life->get_int64() > 864'000)
            return {1003, "time_to_live is invalid"};
    }
    if (const auto* production = o.if_contains("apns_production"); production != nullptr) {
        if (!production->is_bool()) return {1003, "apns_production is invalid"};
    }
    if (const auto* collapse = o.if_contains("apns_collapse_id"); collapse != nullptr) {
        if (!collapse->is_string() || collapse->get_string().size() > 64)
            return {1003, "apns_collapse_id is invalid"};
    }
    return {};
}

}  // namespace

Finding check_push(const object& push, const Limits& limits) {
    if (auto found = check_platform(push); found.code != 0) return found;
    const auto* notification = push.if_contains("notification");
    const auto* message = push.if_contains("message");
    if (notification == nullptr && message == nullptr)
        return {1002, "Missing parameter: notification or message"};
    if (notification != nullptr) {
        if (auto found = check_notification(*notification, limits); found.code != 0) return found;
    }
    if (message != nullptr) {
        const auto* content =
            message->is_object() ? message->get_object().if_contains("msg_content") : nullptr;
        if (content == nullptr) return {1002, "Missing parameter: message.msg_content"};
        if (size_of(message) > limits.android) return {1005, "message is too big"};
    }
    if (auto found = check_options(push); found.code != 0) return found;
    return check_audience(push, limits);
}

std::vector<std::string> ids_of(const object& push) {
    std::vector<std::string> found;
    const auto* audience = push.if_contains("audience");
    if (audience == nullptr || !audience->is_object()) return found;
    const auto* ids = audience->get_object().if_contains("registration_id");
    if (ids == nullptr || !ids->is_array()) return found;
    for (const auto& id : ids->get_array()) {
        if (id.is_string()) found.emplace_back(id.get_string());
    }
    return found;
}

int status_of(int code) {
    switch (code) {
        case 1000:
            return 500;
        case 1001:
            return 405;
        case 1004:
            return 401;
        case 1030:
            return 500;
        case 2002:
            return 429;
        case 2003:
        case 2004:
            return 403;
        default:
            return 400;
    }
}

}  // namespace hongyan::universe::jpush
