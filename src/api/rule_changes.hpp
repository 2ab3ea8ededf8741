// Changes of pools and limits that hold for a while, and who changed what: as they stand in JSON,
// and the routes that keep one or take it back before its time (docs/decisions/0074).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/route.hpp"
#include "api/rules_wire.hpp"
#include "table/rule_changes.hpp"

namespace hongyan::api {

[[nodiscard]] RuleChangeView view_of(const table::RuleChange& change);

/// Puts the last changes into replies: who made them, and what waits for its end.
void add_changes(Session& session, std::vector<PoolReply>& pools);
void add_changes(Session& session, std::vector<LimitReply>& limits);

/// POST .../keep and .../revert of pools and limits.
void add_rule_change_routes(Routes& routes);

/// Only the first tenant's administrators change what is the whole server's. True: it was refused.
[[nodiscard]] bool refuses_tenant(const http::Request& request, http::Responder& responder);

}  // namespace hongyan::api
