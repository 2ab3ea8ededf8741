#include "channel/fcm/message.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hongyan::fcm {
namespace {

using boost::json::object;

void put(object& target, std::string_view key, std::string_view value) {
    if (!value.empty()) target[key] = value;
}

/// Lays top over base, objects within objects too.
void overlay(object& base, const object& top) {
    for (const auto& [key, value] : top) {
        auto* under = base.if_contains(key);
        if (under != nullptr && under->is_object() && value.is_object()) {
            for (const auto& [inner, it] : value.get_object()) under->get_object()[inner] = it;
        } else {
            base[key] = value;
        }
    }
}

std::string title_of(const Draft& draft, const Options& o) {
    return o.title.empty() ? std::string(draft.title) : o.title;
}

object notification_of(const Draft& draft, const Options& o) {
    object notification;
    put(notification, "title", title_of(draft, o));
    put(notification, "body", draft.body);
    put(notification, "image", o.image);
    return notification;
}

object data_of(const Draft& draft, const Options& o) {
    object data;
    if (o.data_only) {
        put(data, "title", title_of(draft, o));
        put(data, "body", draft.body);
    }
    for (const auto& [key, value] : o.data) data[key] = value;
    return data;
}

object android_of(const Draft& draft, const Options& o) {
    object android{{"priority", o.priority == "high" ? "HIGH" : "NORMAL"}};
    put(android, "collapse_key", o.collapse_key);
    if (draft.time_to_live_seconds >= 0)
        android["ttl"] = std::to_string(draft.time_to_live_seconds) + "s";
    if (!o.data_only) {
        object notification;
        put(notification, "channel_id", o.android_channel_id);
        put(notification, "tag", o.android_tag.empty() ? draft.message_token : o.android_tag);
        put(notification, "sound", o.sound);
        put(notification, "click_action", o.click_action);
        if (!notification.empty()) android["notification"] = std::move(notification);
    }
    overlay(android, o.android);
    return android;
}

object apns_of(const Draft& draft, const Options& o) {
    // Without anything to show Apple takes only priority 5 and content-available.
    object headers{{"apns-priority", o.data_only || o.priority != "high" ? "5" : "10"}};
    put(headers, "apns-collapse-id", o.collapse_key.empty() ? draft.message_token : o.collapse_key);
    if (draft.time_to_live_seconds == 0) {
        headers["apns-expiration"] = "0";
    } else if (draft.time_to_live_seconds > 0) {
        headers["apns-expiration"] = std::to_string(draft.now_seconds + draft.time_to_live_seconds);
    }
    object aps;
    if (o.data_only) aps["content-available"] = 1;
    put(aps, "sound", o.sound);
    object apns{{"headers", std::move(headers)}};
    if (!aps.empty()) apns["payload"] = object{{"aps", std::move(aps)}};
    overlay(apns, o.apns);
    return apns;
}

object webpush_of(const Draft& draft, const Options& o) {
    object headers{{"Urgency", o.priority == "high" ? "high" : "normal"}};
    if (draft.time_to_live_seconds >= 0)
        headers["TTL"] = std::to_string(draft.time_to_live_seconds);
    object webpush{{"headers", std::move(headers)}};
    if (!o.link.empty()) webpush["fcm_options"] = object{{"link", o.link}};
    overlay(webpush, o.webpush);
    return webpush;
}

}  // namespace

Result<std::string> make_body(const Draft& draft, const Options& options, std::size_t limit) {
    object message{{"token", draft.registration_token}};
    std::size_t size = 0;
    if (!options.data_only) {
        message["notification"] = notification_of(draft, options);
        size += boost::json::serialize(message["notification"]).size();
    }
    if (auto data = data_of(draft, options); !data.empty()) {
        size += boost::json::serialize(data).size();
        message["data"] = std::move(data);
    }
    if (size > limit) {
        return make_error(ErrorCode::content_invalid,
                          "notification and data have " + std::to_string(size) +
                              " bytes, FCM takes " + std::to_string(limit));
    }
    message["android"] = android_of(draft, options);
    message["apns"] = apns_of(draft, options);
    message["webpush"] = webpush_of(draft, options);
    if (!options.analytics_label.empty())
        message["fcm_options"] = object{{"analytics_label", options.analytics_label}};
    object root;
    if (options.validate_only) root["validate_only"] = true;
    root["message"] = std::move(message);
    return boost::json::serialize(root);
}

}  // namespace hongyan::fcm
