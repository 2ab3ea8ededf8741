// The migrations of each engine as text, in order; generated into the build folder from
// migrations/*.sql (SQLite) and migrations/postgres/*.sql. The same number makes the same tables on
// both. Immutable data.
#pragma once

#include <span>
#include <string_view>

#include "contract/store.hpp"

namespace hongyan::table {

struct Migration {
    int version = 0;
    std::string_view name;
    std::string_view sql;
};

[[nodiscard]] std::span<const Migration> migrations(Dialect dialect);

}  // namespace hongyan::table
