// Retention: lets traces go after trace_days, messages and tasks after message_days, idempotency
// keys after their hours; in small steps through the committer with pauses between them, so that
// sending never waits for it. Called by the schedule from its own thread.
#pragma once

#include <atomic>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/delivery.hpp"
#include "jobs/leadership.hpp"

namespace hongyan::jobs {

struct RetentionRule {
    std::int64_t trace_days = 7;
    std::int64_t message_days = 30;
    std::int64_t idempotency_hours = 24;
    int step_rows = 500;
    Millis pause{20};
};

/// Runs until nothing old is left or stopping is set; gives the number of rows deleted.
/// Nothing happens on a node that does not lead.
std::int64_t run_retention(delivery::Delivery& delivery, const Leadership& leadership,
                           const RetentionRule& rule, const Clock& clock, Log& log,
                           const std::atomic<bool>& stopping);

}  // namespace hongyan::jobs
