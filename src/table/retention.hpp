// SQL that lets old rows go, a few at a time. Called inside a transaction; each function deletes at
// most limit rows and gives how many, so that a caller can stop between steps.
#pragma once

#include "contract/store.hpp"

namespace hongyan::table {

/// Attempts of messages accepted before; part of their traces.
[[nodiscard]] std::int64_t delete_attempts(Session& session, std::int64_t before_ms, int limit);
/// Messages accepted before that have reached a final status.
[[nodiscard]] std::int64_t delete_messages(Session& session, std::int64_t before_ms, int limit);
/// Tasks accepted before whose last message has ended.
[[nodiscard]] std::int64_t delete_tasks(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
