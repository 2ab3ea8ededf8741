// SQL of message_statistics: counters by UTC day of acceptance, channel and tenant, raised in the
// transaction that settles the messages they count. Called inside a transaction or a snapshot.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "contract/store.hpp"
#include "model/enums.hpp"
#include "model/histogram.hpp"

namespace hongyan::table {

struct StatisticsKey {
    std::int64_t tenant_id = 1;
    std::int64_t day = 0;  ///< days since 1970-01-01 UTC
    ChannelKind channel = ChannelKind::sms;
    auto operator<=>(const StatisticsKey&) const = default;
};

/// What a commit adds. Response times are those of successful messages, from ready to sent.
struct StatisticsDelta {
    std::int64_t success = 0;
    std::int64_t failed = 0;  ///< negative when a dead letter is sent again
    std::int64_t response_ms = 0;
    Histogram histogram;
};

struct StatisticsRow {
    std::string day;  ///< "2026-11-23"
    ChannelKind channel = ChannelKind::sms;
    std::int64_t success = 0;
    std::int64_t failed = 0;
    std::int64_t response_ms = 0;
    Histogram histogram;
};

void add_statistics(Session& session, const StatisticsKey& key, const StatisticsDelta& delta);
void add_all_statistics(Session& session, const std::map<StatisticsKey, StatisticsDelta>& deltas);
/// On PostgreSQL transactions only append what they add, for a row that all of them change would
/// make all nodes commit one after the other; this brings message_statistics up to date, about once
/// a second. list_statistics() is exact at every moment. Elsewhere there is nothing to do. False if
/// something is left: another node was at it, and may not have seen what came last.
bool fold_statistics(Session& session);
/// Rows of one tenant from first_day ("2026-11-17") on, by day and channel.
[[nodiscard]] std::vector<StatisticsRow> list_statistics(Session& session, std::int64_t tenant_id,
                                                         const std::string& first_day);

}  // namespace hongyan::table
