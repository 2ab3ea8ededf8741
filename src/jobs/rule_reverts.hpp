// Changes of pools and limits that were made for a while: takes each back when its time is over,
// and declares void what somebody changed otherwise meanwhile, also by SQL. Every node looks; the
// lock on the rule's row lets one of them do it (docs/decisions/0074). Called by the schedule;
// blocks on the store.
#pragma once

#include "base/log.hpp"
#include "contract/store.hpp"
#include "delivery/delivery.hpp"

namespace hongyan::jobs {

/// Gives how many changes came to their end.
int end_rule_changes(Store& store, delivery::Delivery& delivery, Log& log);

}  // namespace hongyan::jobs
