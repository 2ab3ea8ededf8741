// The recipients of the WeChat channel: openids, people and groups of WeCom, and robots. Pure, safe
// from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hongyan::wechat {

/// The openid in "openid:ID" or a bare openid; nothing for anything else.
[[nodiscard]] std::optional<std::string> read_openid(std::string_view recipient);

/// Whom an application of WeCom writes to: lists joined with '|', "" = none.
struct WecomTarget {
    std::string users;
    std::string parties;
    std::string tags;

    [[nodiscard]] bool is_one_user() const {
        return parties.empty() && tags.empty() && users.find('|') == std::string::npos &&
               users != "@all";
    }
};

/// Reads "user:ID", "party:ID", "tag:ID" or several joined with '|', or one bare user id.
[[nodiscard]] std::optional<WecomTarget> read_wecom_target(std::string_view recipient);

/// The group's name in "robot:NAME", "" in "robot"; nothing if it is not meant for a robot.
[[nodiscard]] std::optional<std::string> read_robot_label(std::string_view recipient);

}  // namespace hongyan::wechat
