#include "jobs/retention.hpp"

#include <future>
#include <thread>

#include "table/destinations.hpp"
#include "table/keys.hpp"
#include "table/receipts.hpp"
#include "table/retention.hpp"
#include "table/rules.hpp"
#include "table/statistics.hpp"
#include "table/tokens.hpp"
#include "table/webhooks.hpp"

namespace hongyan::jobs {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// One step: every kind of row, at most step_rows of each.
std::int64_t delete_step(Session& session, const RetentionRule& rule, std::int64_t now_ms) {
    const auto traces_before = now_ms - rule.trace_days * 24 * hour_ms;
    const auto messages_before = now_ms - rule.message_days * 24 * hour_ms;
    table::make_room(session, now_ms);
    table::fold_statistics(session);
    // Traces are computed from the records, so they end by moving the line below which nobody sees
    // them.
    table::set_system_value(session, "trace_horizon", first_id_at(traces_before));
    return table::delete_attempts(session, traces_before, rule.step_rows) +
           table::delete_messages(session, messages_before, rule.step_rows) +
           table::delete_tasks(session, messages_before, rule.step_rows) +
           table::delete_receipts(session, messages_before, rule.step_rows) +
           table::delete_old_callbacks(session, now_ms - 24 * hour_ms, now_ms - 24 * hour_ms,
                                       rule.step_rows) +
           table::delete_tokens(session, now_ms - 48 * hour_ms, rule.step_rows) +
           table::delete_destination_counts(session, now_ms, rule.step_rows) +
           table::delete_events(session, messages_before, rule.step_rows) +
           table::delete_idempotency(session, now_ms - rule.idempotency_hours * hour_ms,
                                     rule.step_rows);
}

}  // namespace

std::int64_t run_retention(delivery::Delivery& delivery, const Leadership& leadership,
                           const RetentionRule& rule, const Clock& clock, Log& log,
                           const std::atomic<bool>& stopping) {
    std::int64_t total = 0;
    while (!stopping && leadership.is_leading()) {
        std::int64_t deleted = 0;
        std::promise<bool> written;
        delivery.change(
            [&](Session& session, delivery::Counts&) {
                leadership.fence(session);
                deleted = delete_step(session, rule, clock.now_ms());
            },
            [&](const Status& status) { written.set_value(status.ok()); });
        if (!written.get_future().get() || deleted == 0) break;
        total += deleted;
        std::this_thread::sleep_for(rule.pause);
    }
    if (total > 0) log.info("retention", {{"rows", total}});
    return total;
}

}  // namespace hongyan::jobs
