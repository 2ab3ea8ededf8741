// SQL that lets old rows go, a few at a time. Called inside a transaction; each function deletes at
// most limit rows and gives how many, so that a caller can stop between steps. On PostgreSQL
// messages and attempts go by whole UTC days, whose partitions are dropped: at most a day later,
// and at the cost of nothing.
#pragma once

#include "contract/store.hpp"

namespace hongyan::table {

/// Makes what the rows of the coming days need: their partitions on PostgreSQL, nothing elsewhere.
/// Called at the start and at least once a day.
void make_room(Session& session, std::int64_t now_ms);
/// Attempts of messages accepted before; part of their traces.
[[nodiscard]] std::int64_t delete_attempts(Session& session, std::int64_t before_ms, int limit);
/// Messages accepted before that have reached a final status.
[[nodiscard]] std::int64_t delete_messages(Session& session, std::int64_t before_ms, int limit);
/// Tasks accepted before whose last message has ended.
[[nodiscard]] std::int64_t delete_tasks(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
