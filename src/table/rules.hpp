// SQL of what operators tune: thread_pool_configs, rate_limit_configs and the counters in
// system_values that tell when one of them was changed by any hand, also from the sqlite3 shell.
// Called inside a transaction or a snapshot.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "contract/limiter.hpp"
#include "contract/pool_rule.hpp"
#include "contract/store.hpp"

namespace hongyan::table {

struct PoolRow {
    std::int64_t id = 0;
    PoolRule rule;
};

/// Counters that triggers raise with every change.
struct RuleVersions {
    std::int64_t templates = 0;
    std::int64_t pools = 0;
    std::int64_t limits = 0;
    std::int64_t keys = 0;
    std::int64_t accounts = 0;
    std::int64_t outcomes = 0;
    std::int64_t suppressed = 0;  ///< the number of suppressed recipients, not a version
    auto operator<=>(const RuleVersions&) const = default;
};

[[nodiscard]] RuleVersions rule_versions(Session& session);
[[nodiscard]] std::int64_t system_value(Session& session, std::string_view name);
void set_system_value(Session& session, std::string_view name, std::int64_t value);
/// The value that stands; ours if there was none, also when nodes write theirs at the same moment.
[[nodiscard]] std::int64_t put_first_system_value(Session& session, std::string_view name,
                                                  std::int64_t ours);

[[nodiscard]] std::vector<PoolRow> list_pools(Session& session);
/// False if there is no such row.
[[nodiscard]] bool update_pool(Session& session, std::int64_t id, const PoolRule& rule);

/// Rows whose words are not understood are left out and named in problems.
[[nodiscard]] std::vector<LimitRule> list_limits(Session& session, std::vector<Problem>& problems);
[[nodiscard]] std::int64_t insert_limit(Session& session, const LimitRule& rule);
[[nodiscard]] bool update_limit(Session& session, const LimitRule& rule);
[[nodiscard]] bool delete_limit(Session& session, std::int64_t id);

}  // namespace hongyan::table
