#include "api/statistics.hpp"

#include "api/message_wire.hpp"
#include "api/node_report.hpp"
#include "api/rules_wire.hpp"
#include "api/statistics_wire.hpp"
#include "report/statistics.hpp"

namespace hongyan::api {

struct OverviewView {
    int days = 7;
    std::string from;
    std::string to;
    TotalsView totals;
    std::vector<DayView> by_day;
    std::vector<ChannelView> by_channel;
    std::vector<DayChannelView> by_day_and_channel;
};
struct OverviewQuery {
    int days = 7;
};

struct RealtimeView {
    std::int64_t at = 0;
    LiveView last_minute;
    LiveView last_hour;
    QueueView queue;
    std::vector<PoolReply> pools;
    std::vector<LimitReply> limits;
    std::vector<MessageView> messages;
};

using shape::field;

const shape::Object& describe(shape::Tag<OverviewView>) {
    using V = OverviewView;
    static const shape::Object object =
        shape::object<V>(
            "StatisticsOverview",
            "Statistics of the last days; they equal the records at every moment.",
            field("days", &V::days, "Number of days.").example(7),
            field("from", &V::from, "First UTC day.").example("2026-11-17"),
            field("to", &V::to, "Last UTC day: today.").example("2026-11-23"),
            field("totals", &V::totals, "Sums of all."),
            field("by_day", &V::by_day, "Every day, oldest first."),
            field("by_channel", &V::by_channel, "Every channel."),
            field("by_day_and_channel", &V::by_day_and_channel, "Days and channels with messages."))
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<OverviewQuery>) {
    static const shape::Object object = shape::object<OverviewQuery>(
        "OverviewQuery", "Range of the overview.",
        field("days", &OverviewQuery::days, "Number of UTC days, today included.")
            .between(1, 366)
            .default_value(7));
    return object;
}
const shape::Object& describe(shape::Tag<RealtimeView>) {
    using V = RealtimeView;
    static const shape::Object object =
        shape::object<V>("StatisticsRealtime", "What is going on right now.",
                         field("at", &V::at, "When this was read.")
                             .date_time()
                             .example("2026-11-23T08:00:00.000Z"),
                         field("last_minute", &V::last_minute, "The last 60 seconds."),
                         field("last_hour", &V::last_hour, "The last 3,600 seconds."),
                         field("queue", &V::queue, "What waits."),
                         field("pools", &V::pools, "The worker pools."),
                         field("limits", &V::limits, "The limits."),
                         field("messages", &V::messages, "The last 50 messages, newest first."))
            .reply();
    return object;
}

namespace {

Result<Answer> overview(const Call& call, Session& session) {
    auto query = query_of<OverviewQuery>(call.request);
    if (!query) return query.error();
    const auto now = call.context.clock.now_ms();
    const auto rows =
        table::list_statistics(session, call.caller.tenant_id, report::first_day(now, query->days));
    const auto sums = report::make_overview(rows, now, query->days);
    OverviewView view;
    view.days = sums.days;
    view.from = sums.from;
    view.to = sums.to;
    view.totals = totals_view(sums.totals);
    for (const auto& one : sums.by_day) view.by_day.push_back(view_of(one));
    for (const auto& one : sums.by_channel) view.by_channel.push_back(view_of(one));
    for (const auto& one : sums.by_day_and_channel) {
        auto& added = view.by_day_and_channel.emplace_back();
        static_cast<TotalsView&>(added) = totals_view(one.totals);
        added.date = one.day;
        added.channel = to_text(one.channel);
    }
    return answer(view);
}

Result<Answer> realtime(const Call& call, Session& session) {
    const auto tenant = call.caller.tenant_id;
    RealtimeView view;
    view.at = call.context.clock.now_ms();
    view.last_minute = live_view(live_of_all(call.context, tenant, 60), 60);
    view.last_hour = live_view(live_of_all(call.context, tenant, 3'600), 3'600);
    view.queue = queue_of_all(call.context);
    for (const auto* pool : call.context.pools) view.pools.push_back(view_of(pool->view()));
    for (const auto& usage : call.context.limiter.usage()) view.limits.push_back(view_of(usage));
    table::MessageFilter filter;
    filter.tenant_id = tenant;
    filter.limit = 50;
    for (const auto& row : table::list_messages(session, filter))
        view.messages.push_back(view_of(row));
    return answer(view);
}

}  // namespace

void add_statistics_routes(Routes& routes) {
    routes.read({.path = "/api/messages/statistics/overview",
                 .operation = "get_statistics_overview",
                 .tag = "statistics",
                 .summary = "Statistics of the last days",
                 .description = "Totals, by UTC day of acceptance, by channel, and by both. "
                                "Counted in the same transaction as "
                                "the messages' final states.",
                 .scope = "read",
                 .query = &shape::description_of<OverviewQuery>(),
                 .reply = &shape::description_of<OverviewView>()},
                overview);
    routes.read({.path = "/api/messages/statistics/realtime",
                 .operation = "get_statistics_realtime",
                 .tag = "statistics",
                 .summary = "What is going on right now",
                 .description = "The last minute and hour, the queue by priority, pools, limits "
                                "and the last 50 messages.",
                 .scope = "read",
                 .reply = &shape::description_of<RealtimeView>()},
                realtime);
}

}  // namespace hongyan::api
