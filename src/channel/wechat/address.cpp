#include "channel/wechat/address.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::size_t longest_user_id = 64;
constexpr std::size_t shortest_openid = 16;
constexpr std::size_t longest_openid = 64;
constexpr std::size_t most_users = 1'000;
constexpr std::size_t most_others = 100;

bool is_of(std::string_view text, std::string_view others) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != others.npos;
    });
}

bool is_user_id(std::string_view id) {
    return id == "@all" || (id.size() <= longest_user_id && is_of(id, "_-.@") && id[0] != '@');
}

bool is_number(std::string_view id) {
    return !id.empty() && id.size() <= 18 &&
           std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void join(std::string& list, std::string_view id) {
    list += (list.empty() ? "" : "|");
    list += id;
}

}  // namespace

std::optional<std::string> read_openid(std::string_view recipient) {
    constexpr std::string_view prefix = "openid:";
    if (recipient.starts_with(prefix)) recipient.remove_prefix(prefix.size());
    const bool fits = recipient.size() >= shortest_openid && recipient.size() <= longest_openid &&
                      is_of(recipient, "_-");
    if (!fits) return std::nullopt;
    return std::string(recipient);
}

std::optional<WecomTarget> read_wecom_target(std::string_view recipient) {
    WecomTarget target;
    if (recipient.find(':') == recipient.npos) {
        if (!is_user_id(recipient) || read_robot_label(recipient)) return std::nullopt;
        target.users = recipient;
        return target;
    }
    std::size_t users = 0;
    std::size_t others = 0;
    for (const std::string& part : split(recipient, '|')) {
        const std::string_view piece = part;
        const auto colon = std::min(piece.find(':'), piece.size());
        const auto kind = piece.substr(0, colon);
        const auto id = piece.substr(std::min(colon + 1, piece.size()));
        if (kind == "user" && is_user_id(id)) {
            join(target.users, id);
            if (++users > most_users) return std::nullopt;
        } else if ((kind == "party" || kind == "tag") && is_number(id)) {
            join(kind == "tag" ? target.tags : target.parties, id);
            if (++others > most_others) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return target;
}

std::optional<std::string> read_robot_label(std::string_view recipient) {
    constexpr std::size_t longest_label = 254;
    if (recipient == "robot") return "";
    constexpr std::string_view prefix = "robot:";
    if (!recipient.starts_with(prefix)) return std::nullopt;
    const auto label = recipient.substr(prefix.size());
    const bool clean = std::all_of(label.begin(), label.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127;
    });
    if (label.empty() || label.size() > longest_label || !clean) return std::nullopt;
    return std::string(label);
}

}  // namespace hongyan::wechat
