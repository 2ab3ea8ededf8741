// Numbers as Aliyun SMS takes them. Pure, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hongyan::universe::aliyun {

/// "+8613800138000" of "13800138000", "+86138...", "0086138...", "86138...", or of country code and
/// number abroad; nothing if the service would call it illegal.
[[nodiscard]] std::optional<std::string> reachable_number(std::string_view text);

}  // namespace hongyan::universe::aliyun
