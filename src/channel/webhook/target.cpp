#include "channel/webhook/target.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::webhook {
namespace {

bool is_visible_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 127 && c != '"' && c != '<' && c != '>' && c != '\\';
    });
}

/// True if a step of the path leads upwards, also when its dots or slashes are written as %2E, %2F.
bool climbs(std::string_view path) {
    std::string plain = to_lower(path.substr(0, path.find('?')));
    for (const auto& [coded, character] :
         {std::pair<std::string_view, char>{"%2e", '.'}, {"%2f", '/'}, {"%5c", '/'}}) {
        for (auto at = plain.find(coded); at != plain.npos; at = plain.find(coded, at)) {
            plain.replace(at, coded.size(), 1, character);
        }
    }
    const auto steps = split(plain, '/');
    return std::any_of(steps.begin(), steps.end(),
                       [](const std::string& step) { return step == ".." || step == "."; });
}

}  // namespace

std::optional<std::string> check_url(std::string_view url) {
    const std::string lower = to_lower(url.substr(0, 8));
    const std::size_t scheme = lower.starts_with("https://")  ? 8
                               : lower.starts_with("http://") ? 7
                                                              : 0;
    if (scheme == 0) return "must be an absolute http or https address";
    if (!is_visible_ascii(url)) return "must hold nothing but visible ASCII characters";
    const auto rest = url.substr(scheme);
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.empty() || host.front() == ':') return "must name a host";
    if (host.find('@') != host.npos) return "must name neither user nor password";
    if (url.find('#') != url.npos) return "must have no fragment";
    return std::nullopt;
}

bool is_absolute(std::string_view recipient) {
    return recipient.find("://") < std::min(recipient.find_first_of("/?#"), recipient.size());
}

std::optional<std::string> check_recipient(std::string_view recipient) {
    constexpr std::size_t longest = 2'048;
    if (recipient.size() > longest) return "must have at most 2048 characters";
    if (is_absolute(recipient)) return check_url(recipient);
    const auto path = recipient.substr(recipient.starts_with('/') ? 1 : 0);
    if (path.empty() || path.starts_with('/') || !is_visible_ascii(path) ||
        path.find('#') != path.npos ||
        path.substr(0, path.find_first_of("/?")).find(':') != path.npos) {
        return "must be an absolute http or https address, or a path below the account's base_url";
    }
    if (climbs(path)) return "must not lead above the account's base_url";
    return std::nullopt;
}

std::string target_url(std::string_view recipient, std::string_view base_url) {
    if (is_absolute(recipient)) return std::string(recipient);
    if (base_url.empty()) return "";
    while (base_url.ends_with('/')) base_url.remove_suffix(1);
    return std::string(base_url) + (recipient.starts_with('/') ? "" : "/") + std::string(recipient);
}

}  // namespace hongyan::webhook
