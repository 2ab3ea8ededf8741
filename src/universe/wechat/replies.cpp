#include "universe/wechat/replies.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace hongyan::universe::wechat {

std::optional<boost::json::object> parse_object(std::string_view text) {
    boost::system::error_code failed;
    auto parsed = boost::json::parse(text, failed);
    if (failed || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.get_object());
}

std::string_view text_of(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::optional<std::int64_t> number_of(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    if (found != nullptr && found->is_int64()) return found->get_int64();
    return parse_int(text_of(from, key));
}

const boost::json::object* object_of(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    return found == nullptr ? nullptr : found->if_object();
}

ServiceReply answer(const boost::json::object& body) {
    return {.content_type = "application/json; encoding=utf-8",
            .body = boost::json::serialize(body)};
}

ServiceReply refusal(std::int64_t code, std::string_view message) {
    return answer({{"errcode", code}, {"errmsg", message}});
}

bool is_listed(const std::string& list, std::string_view word) {
    if (list == "*") return true;
    const auto words = split(list, ',');
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& each) { return trim(each) == word; });
}

bool Throttle::allow(std::string_view key, std::int64_t now_ms, std::int64_t span_ms,
                     std::int64_t most) {
    constexpr std::size_t most_keys = 10'000;
    if (most <= 0) return true;
    auto seen = seen_.lock();
    if (seen->size() > most_keys) seen->clear();
    auto& times = (*seen)[std::string(key)];
    while (!times.empty() && times.front() <= now_ms - span_ms) times.pop_front();
    if (times.size() >= static_cast<std::size_t>(most)) return false;
    times.push_back(now_ms);
    return true;
}

Memory::Found Memory::note(std::string_view key, std::string fresh, std::int64_t now_ms,
                           std::int64_t span_ms) {
    constexpr std::size_t most_kept = 100'000;
    auto entries = entries_.lock();
    if (entries->size() > most_kept) {
        std::erase_if(*entries, [&](const auto& each) { return each.second.ends_ms <= now_ms; });
    }
    Entry& entry = (*entries)[std::string(key)];
    if (entry.ends_ms > now_ms) return {entry.id, true};
    entry = {std::move(fresh), now_ms + span_ms};
    return {entry.id, false};
}

}  // namespace hongyan::universe::wechat
