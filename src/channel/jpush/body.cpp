#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/jpush/protocol.hpp"

namespace hongyan::jpush {
namespace {

using boost::json::object;

void put(object& target, std::string_view key, std::string_view value) {
    if (!value.empty()) target[key] = value;
}

std::string_view title_of(const Draft& draft, const Options& o) {
    return o.title.empty() ? draft.title : std::string_view(o.title);
}

object android_of(const Draft& draft, const Options& o) {
    object android{{"alert", draft.body}};
    put(android, "title", title_of(draft, o));
    if (o.builder_id) android["builder_id"] = *o.builder_id;
    put(android, "channel_id", o.channel_id);
    if (!o.extras.empty()) android["extras"] = o.extras;
    return android;
}

object ios_of(const Draft& draft, const Options& o) {
    object ios;
    const auto title = title_of(draft, o);
    if (title.empty() && o.subtitle.empty()) {
        ios["alert"] = draft.body;
    } else {
        object alert{{"body", draft.body}};
        put(alert, "title", title);
        put(alert, "subtitle", o.subtitle);
        ios["alert"] = std::move(alert);
    }
    put(ios, "sound", o.sound);
    const bool relative = o.badge.starts_with('+') || o.badge.starts_with('-');
    if (relative) {
        ios["badge"] = o.badge;
    } else if (const auto number = parse_int(o.badge)) {
        ios["badge"] = *number;
    }
    put(ios, "category", o.category);
    put(ios, "thread-id", o.thread_id);
    if (o.mutable_content) ios["mutable-content"] = true;
    if (o.content_available) ios["content-available"] = true;
    if (!o.extras.empty()) ios["extras"] = o.extras;
    return ios;
}

object message_of(const Draft& draft, const Options& o) {
    object message{{"msg_content", draft.body}};
    put(message, "title", title_of(draft, o));
    put(message, "content_type", o.content_type);
    if (!o.extras.empty()) message["extras"] = o.extras;
    return message;
}

object options_of(const Draft& draft, const Options& o, const Settings& settings) {
    object options{{"time_to_live", draft.time_to_live_seconds},
                   {"apns_production", settings.apns_production}};
    if (o.override_msg_id) options["override_msg_id"] = *o.override_msg_id;
    put(options, "apns_collapse_id", o.apns_collapse_id);
    if (o.big_push_minutes) options["big_push_duration"] = *o.big_push_minutes;
    if (!o.third_party_channel.empty()) options["third_party_channel"] = o.third_party_channel;
    return options;
}

bool wants(const Options& o, std::string_view platform) {
    if (o.platforms.empty()) return true;
    for (const auto& one : o.platforms) {
        if (one == platform) return true;
    }
    return false;
}

std::string too_long(std::string_view what, std::size_t size, std::int64_t limit) {
    return "the " + std::string(what) + " has " + std::to_string(size) + " bytes, JPush takes " +
           std::to_string(limit);
}

}  // namespace

Result<std::string> make_body(const Draft& draft, const Options& options,
                              const Settings& settings) {
    object root;
    put(root, "cid", draft.cid);
    if (options.platforms.empty()) {
        root["platform"] = "all";
    } else {
        boost::json::array list(options.platforms.begin(), options.platforms.end());
        root["platform"] = std::move(list);
    }
    root["audience"] = object{{"registration_id", boost::json::array{draft.registration_id}}};
    const auto android_limit = static_cast<std::size_t>(settings.max_android_bytes);
    const auto ios_limit = static_cast<std::size_t>(settings.max_ios_bytes);
    if (options.message_only) {
        root["message"] = message_of(draft, options);
        const auto size = boost::json::serialize(root["message"]).size();
        if (size > android_limit) {
            return make_error(ErrorCode::content_invalid,
                              too_long("message", size, settings.max_android_bytes));
        }
    } else {
        object notification;
        if (wants(options, "android")) notification["android"] = android_of(draft, options);
        if (wants(options, "ios")) notification["ios"] = ios_of(draft, options);
        if (notification.empty()) notification["alert"] = draft.body;
        const auto* android = notification.if_contains("android");
        const auto* ios = notification.if_contains("ios");
        const auto android_size = android ? boost::json::serialize(*android).size() : 0;
        const auto ios_size = ios ? boost::json::serialize(*ios).size() : 0;
        if (android_size > android_limit) {
            return make_error(
                ErrorCode::content_invalid,
                too_long("Android notification", android_size, settings.max_android_bytes));
        }
        if (ios_size > ios_limit) {
            return make_error(ErrorCode::content_invalid,
                              too_long("iOS notification", ios_size, settings.max_ios_bytes) +
                                  " (name the platforms if it is for Android only)");
        }
        root["notification"] = std::move(notification);
    }
    root["options"] = options_of(draft, options, settings);
    return boost::json::serialize(root);
}

}  // namespace hongyan::jpush
