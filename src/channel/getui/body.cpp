#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "channel/getui/protocol.hpp"

namespace hongyan::getui {
namespace {

using boost::json::object;

void put(object& target, std::string_view key, std::string_view value) {
    if (!value.empty()) target[key] = value;
}

std::string_view title_of(const Draft& draft, const Options& o) {
    return o.title.empty() ? draft.title : std::string_view(o.title);
}

void put_click(object& target, const Options& o) {
    target["click_type"] = o.click_type;
    put(target, "url", o.url);
    put(target, "intent", o.intent);
    put(target, "payload", o.payload);
}

object push_message_of(const Draft& draft, const Options& o) {
    if (!o.transmission.empty()) return object{{"transmission", o.transmission}};
    object notification{{"title", title_of(draft, o)}, {"body", draft.body}};
    put_click(notification, o);
    put(notification, "logo_url", o.logo_url);
    put(notification, "big_text", o.big_text);
    put(notification, "channel_id", o.channel_id);
    put(notification, "channel_name", o.channel_name);
    if (o.channel_level) notification["channel_level"] = *o.channel_level;
    return object{{"notification", std::move(notification)}};
}

/// What the makers' services show while the app is not connected.
object vendor_channels_of(const Draft& draft, const Options& o) {
    object android{{"title", title_of(draft, o)}, {"body", draft.body}};
    put_click(android, o);
    object alert{{"title", title_of(draft, o)}, {"body", draft.body}};
    object ios{{"type", "notify"}, {"aps", object{{"alert", std::move(alert)}}}};
    put(ios, "payload", o.payload);
    return object{{"android", object{{"ups", object{{"notification", std::move(android)}}}}},
                  {"ios", std::move(ios)}};
}

}  // namespace

Result<std::string> make_body(const Draft& draft, const Options& options, std::size_t limit) {
    object settings{{"ttl", draft.time_to_live_ms}};
    if (!options.strategy.empty()) settings["strategy"] = options.strategy;
    object root{{"request_id", draft.request_id},
                {"settings", std::move(settings)},
                {"audience", object{{"cid", boost::json::array{draft.client_id}}}},
                {"push_message", push_message_of(draft, options)}};
    if (!options.push_channel.empty()) {
        root["push_channel"] = options.push_channel;
    } else if (options.vendor_channels) {
        root["push_channel"] = vendor_channels_of(draft, options);
    }
    std::string body = boost::json::serialize(root);
    if (body.size() <= limit) return body;
    return make_error(ErrorCode::content_invalid, "the request has " + std::to_string(body.size()) +
                                                      " bytes, Getui takes " +
                                                      std::to_string(limit));
}

}  // namespace hongyan::getui
