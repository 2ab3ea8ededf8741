#include "channel/apns/payload.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace hongyan::apns {
namespace {

using boost::json::object;

void put(object& target, std::string_view key, const std::string& value) {
    if (!value.empty()) target[key] = value;
}

void put(object& target, std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    boost::json::array list;
    for (const auto& value : values) list.emplace_back(value);
    target[key] = std::move(list);
}

object alert_of(const Text& text, const Options& o) {
    object alert;
    put(alert, "title", o.title.empty() ? std::string(text.title) : o.title);
    put(alert, "subtitle", o.subtitle);
    put(alert, "body", std::string(text.body));
    put(alert, "title-loc-key", o.title_loc_key);
    put(alert, "title-loc-args", o.title_loc_args);
    put(alert, "loc-key", o.loc_key);
    put(alert, "loc-args", o.loc_args);
    return alert;
}

object aps_of(const Text& text, const Options& o, bool background) {
    object aps;
    if (background) {  // Apple delivers it only if nothing is to be shown
        aps["content-available"] = 1;
        return aps;
    }
    if (auto alert = alert_of(text, o); !alert.empty()) aps["alert"] = std::move(alert);
    if (o.badge) aps["badge"] = *o.badge;
    if (o.critical) {
        aps["sound"] = object{
            {"critical", 1}, {"name", o.sound.empty() ? "default" : o.sound}, {"volume", o.volume}};
    } else {
        put(aps, "sound", o.sound);
    }
    put(aps, "thread-id", o.thread_id);
    put(aps, "category", o.category);
    put(aps, "target-content-id", o.target_content_id);
    put(aps, "interruption-level", o.interruption_level);
    if (o.relevance_score) aps["relevance-score"] = *o.relevance_score;
    if (o.mutable_content) aps["mutable-content"] = 1;
    if (o.content_available) aps["content-available"] = 1;
    return aps;
}

std::string payload_text(const Text& text, const Options& o, bool background) {
    if (!o.payload.empty()) return boost::json::serialize(o.payload);
    object root{{"aps", aps_of(text, o, background)}};
    for (const auto& member : o.data) root.insert(member);
    return boost::json::serialize(root);
}

/// The longest beginning of text whose JSON form has at most limit bytes, ellipsis included.
std::string shortened(std::string_view text, std::size_t limit) {
    constexpr std::string_view ellipsis = "…";
    std::string escaped;
    std::size_t end = 0;
    while (end < text.size()) {
        std::size_t next = end + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80)
            ++next;
        append_json_escaped(escaped, text.substr(end, next - end));
        if (escaped.size() + ellipsis.size() > limit) break;
        end = next;
    }
    return std::string(text.substr(0, end)).append(ellipsis);
}

}  // namespace

Result<std::string> make_payload(const Text& text, const Options& options,
                                 std::string_view push_type, std::size_t limit) {
    const bool background = push_type == "background";
    std::string payload = payload_text(text, options, background);
    if (payload.size() > limit && options.shorten && options.payload.empty() && !background) {
        const std::size_t rest = payload_text({text.title, "-"}, options, false).size() - 1;
        if (rest + 8 <= limit) {
            const std::string body = shortened(text.body, limit - rest);
            payload = payload_text({text.title, body}, options, false);
        }
    }
    if (payload.size() <= limit) return payload;
    return make_error(ErrorCode::content_invalid,
                      "the payload has " + std::to_string(payload.size()) + " bytes, APNs takes " +
                          std::to_string(limit) + ": shorten the text or its data");
}

}  // namespace hongyan::apns
