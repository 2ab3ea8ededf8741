// Address: a recipient of the Feishu channel, told apart by its prefix. Pure, safe from every
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hongyan::feishu {

/// Whom an application writes to.
struct Address {
    std::string
        id_type;  ///< the wire's receive_id_type: open_id, union_id, chat_id, email, user_id
    std::string id;
};

/// Reads "ou_...", "on_...", "oc_...", an e-mail address, "user_id:ID" and the like, or a bare
/// user id. Nothing for what belongs to a robot or to nobody.
[[nodiscard]] std::optional<Address> read_address(std::string_view recipient);

/// The group's name in "robot:NAME", "" in "robot"; nothing if it is not meant for a robot.
[[nodiscard]] std::optional<std::string> read_robot_label(std::string_view recipient);

}  // namespace hongyan::feishu
