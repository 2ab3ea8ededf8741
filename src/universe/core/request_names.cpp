#include "universe/core/request_names.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "base/text.hpp"
#include "http/message.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t names_max = 1'000;
/// In lower case, without '_'.
constexpr std::array<std::string_view, 29> recipient_keys{
    "to",      "touser",  "toparty",     "totag",          "phonenumbers",    "phonenumber",
    "mobile",  "mobiles", "phone",       "phonenumberset", "receiveid",       "token",
    "tokens",  "topic",   "devicetoken", "registrationid", "registrationids", "alias",
    "cid",     "openid",  "userid",      "useridlist",     "useridlists",     "unionid",
    "channel", "key",     "email",       "recipient",      "condition"};

bool is_recipient_key(std::string_view key) {
    std::string plain = to_lower(key);
    std::erase(plain, '_');
    return std::ranges::find(recipient_keys, plain) != recipient_keys.end();
}

void take_all(const boost::json::value& value, std::vector<std::string>& names) {
    if (names.size() >= names_max) return;
    if (value.is_string()) {
        names.emplace_back(value.get_string().data(), value.get_string().size());
    } else if (value.is_array()) {
        for (const auto& inner : value.get_array()) take_all(inner, names);
    } else if (value.is_object()) {
        for (const auto& [key, inner] : value.get_object()) take_all(inner, names);
    }
}

void take_named(const boost::json::value& value, std::vector<std::string>& names) {
    if (value.is_array()) {
        for (const auto& inner : value.get_array()) take_named(inner, names);
    } else if (value.is_object()) {
        for (const auto& [key, inner] : value.get_object()) {
            if (is_recipient_key({key.data(), key.size()}))
                take_all(inner, names);
            else
                take_named(inner, names);
        }
    }
}

void take_pairs(std::string_view text, std::vector<std::string>& names) {
    for (auto& [key, value] : form_pairs(text)) {
        if (names.size() < names_max && is_recipient_key(key)) names.push_back(std::move(value));
    }
}

}  // namespace

std::string url_decoded(std::string_view text, bool plus_is_space) {
    return http::percent_decoded(text, plus_is_space);
}

std::vector<std::pair<std::string, std::string>> form_pairs(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty() && pairs.size() < names_max) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        const std::string_view value =
            equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
        pairs.emplace_back(url_decoded(pair.substr(0, equals), true), url_decoded(value, true));
    }
    return pairs;
}

std::vector<std::string> named_recipients(const ServiceRequest& request) {
    std::vector<std::string> names;
    const std::string_view path = request.path;
    names.push_back(url_decoded(path.substr(path.rfind('/') + 1), false));
    take_pairs(request.query, names);
    const std::string_view body = request.body;
    if (body.starts_with('{') || body.starts_with('[')) {
        boost::system::error_code error;
        const auto value = boost::json::parse(body, error);
        if (!error) take_named(value, names);
    } else if (request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
        take_pairs(body, names);
    }
    return names;
}

std::string ServiceRequest::query_value(std::string_view name) const {
    for (auto& [key, value] : form_pairs(query)) {
        if (key == name) return std::move(value);
    }
    return "";
}

}  // namespace hongyan::universe
