// LiveState: what the monitoring screen shows of one tenant, read in one go: totals, queue, pools,
// limits, accounts and the last messages. The same for GET /api/live/snapshot and for the live
// connection, which sends only the members that changed. Plain data, described in
// live_state_wire.cpp; read_live_state() runs inside a snapshot of the store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/context.hpp"
#include "api/statistics_wire.hpp"

namespace hongyan::api {

/// A message as lists need it: as in Message, without the HTML part, the text cut to its beginning.
struct MessageSummary {
    std::int64_t message_id = 0;
    std::string trace_id;
    std::optional<std::int64_t> task_id;
    std::optional<std::int64_t> template_id;
    std::string channel;
    std::string recipient;
    std::string subject;
    std::string content;
    int priority = 5;
    std::string status;
    std::optional<std::string> reason;
    int attempts = 0;
    std::optional<std::string> provider;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> sent_at;
    std::optional<std::int64_t> finished_at;
};
struct LiveTotals {
    TotalsView today;
    TotalsView week;
};
struct LiveRates {
    LiveView last_minute;
    LiveView last_hour;
};
struct LivePool {
    std::int64_t id = 0;
    std::string name;
    int size = 0;
    int core = 0;
    int max = 0;
    std::int64_t active = 0;
    std::int64_t queue_size = 0;
    std::int64_t queue_capacity = 0;
    double use = 0;
};
struct LiveLimit {
    std::int64_t id = 0;
    std::string resource;
    std::string type;
    double current = 0;
    double allowed = 0;
    std::int64_t refused = 0;
};
struct LiveAccount {
    std::int64_t id = 0;
    std::string channel;
    std::string name;
    std::string provider;
    std::string status;
    std::string breaker;
    double health = 1;
};
struct LiveState {
    LiveTotals totals;
    std::vector<DayView> by_day;
    std::vector<ChannelView> by_channel;
    LiveRates realtime;
    QueueView queue;
    std::vector<LivePool> pools;
    std::vector<LiveLimit> limits;
    std::vector<LiveAccount> accounts;
    std::vector<MessageSummary> messages;
    std::int64_t unknown_count = 0;
    std::int64_t dead_letter_count = 0;
};

const shape::Object& describe(shape::Tag<MessageSummary>);
const shape::Object& describe(shape::Tag<LiveTotals>);
const shape::Object& describe(shape::Tag<LiveRates>);
const shape::Object& describe(shape::Tag<LivePool>);
const shape::Object& describe(shape::Tag<LiveLimit>);
const shape::Object& describe(shape::Tag<LiveAccount>);
const shape::Object& describe(shape::Tag<LiveState>);

/// Counts of held and failed messages end here: counting more would cost too much.
inline constexpr std::int64_t most_counted_live = 100'000;

/// What the store says of the tenant: totals, messages and the two counts.
void read_stored(LiveState& state, Session& session, std::int64_t tenant_id, std::int64_t now_ms);
/// What memory says: rates, queue, pools, limits, accounts. Asks no disk.
void read_gauges(LiveState& state, const Context& context, std::int64_t tenant_id);
[[nodiscard]] MessageSummary summary_of(const table::MessageRow& row);

}  // namespace hongyan::api
