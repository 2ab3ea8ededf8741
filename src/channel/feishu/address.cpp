#include "channel/feishu/address.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace hongyan::feishu {
namespace {

constexpr std::size_t longest_id = 254;

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= longest_id &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '-' || c == '.';
           });
}

bool is_email(std::string_view text) {
    const auto at = text.find('@');
    if (at == text.npos || at == 0 || at + 1 == text.size() || text.size() > longest_id) {
        return false;
    }
    if (text.find('@', at + 1) != text.npos) return false;
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 127 || c == '"' || c == ':';
    });
}

std::string_view type_of_bare(std::string_view id) {
    if (is_email(id)) return "email";
    if (!is_word(id)) return "";
    if (id.starts_with("ou_")) return "open_id";
    if (id.starts_with("on_")) return "union_id";
    if (id.starts_with("oc_")) return "chat_id";
    return "user_id";
}

}  // namespace

std::optional<Address> read_address(std::string_view recipient) {
    static constexpr std::array<std::string_view, 5> types{"open_id", "union_id", "chat_id",
                                                           "email", "user_id"};
    if (read_robot_label(recipient)) return std::nullopt;
    const auto colon = recipient.find(':');
    if (colon == recipient.npos) {
        const auto type = type_of_bare(recipient);
        if (type.empty()) return std::nullopt;
        return Address{std::string(type), std::string(recipient)};
    }
    const auto type = recipient.substr(0, colon);
    const auto id = recipient.substr(colon + 1);
    const bool known = std::find(types.begin(), types.end(), type) != types.end();
    if (!known || !(type == "email" ? is_email(id) : is_word(id))) return std::nullopt;
    return Address{std::string(type), std::string(id)};
}

std::optional<std::string> read_robot_label(std::string_view recipient) {
    if (recipient == "robot") return "";
    constexpr std::string_view prefix = "robot:";
    if (!recipient.starts_with(prefix)) return std::nullopt;
    const auto label = recipient.substr(prefix.size());
    const bool clean = std::all_of(label.begin(), label.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127;
    });
    if (label.empty() || label.size() > longest_id || !clean) return std::nullopt;
    return std::string(label);
}

}  // namespace hongyan::feishu
