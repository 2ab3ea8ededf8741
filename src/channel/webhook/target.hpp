// Target: where a webhook goes. A recipient is an absolute address, or a path below the account's
// base_url that cannot leave it. Pure, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hongyan::webhook {

/// What is wrong with an absolute address, or nothing: http or https, a host, no user, no fragment,
/// nothing but visible ASCII.
[[nodiscard]] std::optional<std::string> check_url(std::string_view url);

/// True for "scheme://...", false for a path.
[[nodiscard]] bool is_absolute(std::string_view recipient);

/// What is wrong with a recipient, or nothing.
[[nodiscard]] std::optional<std::string> check_recipient(std::string_view recipient);

/// The address for a recipient that check_recipient() takes; "" for a path without base_url.
[[nodiscard]] std::string target_url(std::string_view recipient, std::string_view base_url);

}  // namespace hongyan::webhook
