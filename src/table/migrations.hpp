// The migrations as text, in order; generated into the build folder from migrations/*.sql.
// Immutable data.
#pragma once

#include <span>
#include <string_view>

namespace hongyan::table {

struct Migration {
    int version = 0;
    std::string_view name;
    std::string_view sql;
};

[[nodiscard]] std::span<const Migration> migrations();

}  // namespace hongyan::table
