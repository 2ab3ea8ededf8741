#include "api/statistics.hpp"

#include "api/message_wire.hpp"
#include "api/rules_wire.hpp"
#include "report/statistics.hpp"

namespace hongyan::api {

struct TotalsView {
    std::int64_t total_sent = 0;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    double success_rate = 0;
    double avg_response_time_ms = 0;
    double p95_response_time_ms = 0;
};
struct DayView : TotalsView {
    std::string date;
};
struct ChannelView : TotalsView {
    std::string channel;
};
struct DayChannelView : TotalsView {
    std::string date;
    std::string channel;
};
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

struct LiveView {
    std::int64_t accepted = 0;
    std::int64_t sent = 0;
    std::int64_t failed = 0;
    double success_rate = 0;
    double avg_response_time_ms = 0;
    double per_second = 0;
};
struct DepthView {
    int priority = 0;
    std::int64_t count = 0;
};
struct QueueView {
    std::int64_t total = 0;
    std::int64_t scheduled = 0;
    std::vector<DepthView> by_priority;
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

namespace {

using shape::field;

template <class T>
std::vector<shape::Field> totals_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(
        field<T>("total_sent", &T::total_sent, "Messages that were delivered or failed for good.")
            .example(1'000));
    fields.push_back(
        field<T>("success_count", &T::success_count, "Delivered to the provider.").example(998));
    fields.push_back(field<T>("failed_count", &T::failed_count, "Failed for good.").example(2));
    fields.push_back(field<T>("success_rate", &T::success_rate, "Percent; 0 if nothing was sent.")
                         .example(99.8));
    fields.push_back(field<T>("avg_response_time_ms", &T::avg_response_time_ms,
                              "Mean time from ready to delivered.")
                         .example(12.5));
    fields.push_back(field<T>("p95_response_time_ms", &T::p95_response_time_ms,
                              "95 % were delivered within this time (within 9 %).")
                         .example(31));
    return fields;
}

template <class T>
void fill(T& view, const report::Totals& totals) {
    static_cast<TotalsView&>(view) = {totals.total_sent,           totals.success_count,
                                      totals.failed_count,         totals.success_rate,
                                      totals.avg_response_time_ms, totals.p95_response_time_ms};
}

LiveView live_view(const delivery::LiveSums& sums, int seconds) {
    LiveView v;
    v.accepted = sums.accepted;
    v.sent = sums.sent;
    v.failed = sums.failed;
    v.success_rate = report::percent(sums.sent, sums.sent + sums.failed);
    if (sums.sent > 0) {
        v.avg_response_time_ms = static_cast<double>(sums.response_ms * 100 / sums.sent) / 100;
    }
    v.per_second = static_cast<double>((sums.sent + sums.failed) * 100 / seconds) / 100;
    return v;
}

}  // namespace

const shape::Object& describe(shape::Tag<TotalsView>) {
    static const shape::Object object =
        shape::object<TotalsView>("Totals", "Sums of sent messages.", totals_fields<TotalsView>())
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<DayView>) {
    static const shape::Object object =
        shape::object<DayView>(
            "DayTotals", "Sums of one day.",
            field("date", &DayView::date, "UTC day of acceptance.").example("2026-11-23"),
            totals_fields<DayView>())
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<ChannelView>) {
    static const shape::Object object =
        shape::object<ChannelView>("ChannelTotals", "Sums of one channel.",
                                   field("channel", &ChannelView::channel, "The channel.")
                                       .one_of(channel_names)
                                       .example("sms"),
                                   totals_fields<ChannelView>())
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<DayChannelView>) {
    static const shape::Object object =
        shape::object<DayChannelView>(
            "DayChannelTotals", "Sums of one day and channel.",
            field("date", &DayChannelView::date, "UTC day of acceptance.").example("2026-11-23"),
            field("channel", &DayChannelView::channel, "The channel.")
                .one_of(channel_names)
                .example("sms"),
            totals_fields<DayChannelView>())
            .reply();
    return object;
}
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
const shape::Object& describe(shape::Tag<LiveView>) {
    using V = LiveView;
    static const shape::Object object =
        shape::object<V>(
            "LiveSums", "What happened in the last seconds, since the server's start at most.",
            field("accepted", &V::accepted, "Accepted.").example(120),
            field("sent", &V::sent, "Delivered.").example(119),
            field("failed", &V::failed, "Failed for good.").example(1),
            field("success_rate", &V::success_rate, "Percent.").example(99.17),
            field("avg_response_time_ms", &V::avg_response_time_ms,
                  "Mean time from ready to delivered.")
                .example(12.5),
            field("per_second", &V::per_second, "Delivered or failed per second.").example(2))
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<DepthView>) {
    static const shape::Object object =
        shape::object<DepthView>("QueueDepth", "Messages waiting with one priority.",
                                 field("priority", &DepthView::priority, "0 to 10.").example(5),
                                 field("count", &DepthView::count, "Messages waiting.").example(12))
            .reply();
    return object;
}
const shape::Object& describe(shape::Tag<QueueView>) {
    using V = QueueView;
    static const shape::Object object =
        shape::object<V>(
            "QueueState", "What waits.",
            field("total", &V::total, "Messages ready to be sent.").example(12),
            field("scheduled", &V::scheduled, "Messages that wait for a time or another attempt.")
                .example(3),
            field("by_priority", &V::by_priority, "Priorities 10 to 0."))
            .reply();
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
    fill(view.totals, sums.totals);
    for (const auto& one : sums.by_day) {
        fill(view.by_day.emplace_back(), one.totals);
        view.by_day.back().date = one.day;
    }
    for (const auto& one : sums.by_channel) {
        fill(view.by_channel.emplace_back(), one.totals);
        view.by_channel.back().channel = to_text(one.channel);
    }
    for (const auto& one : sums.by_day_and_channel) {
        auto& added = view.by_day_and_channel.emplace_back();
        fill(added, one.totals);
        added.date = one.day;
        added.channel = to_text(one.channel);
    }
    return answer(view);
}

Result<Answer> realtime(const Call& call, Session& session) {
    const auto& delivery = call.context.delivery;
    const auto tenant = call.caller.tenant_id;
    RealtimeView view;
    view.at = call.context.clock.now_ms();
    view.last_minute = live_view(delivery.live().last(tenant, 60), 60);
    view.last_hour = live_view(delivery.live().last(tenant, 3'600), 3'600);
    const auto depth = delivery.depth();
    view.queue.total = depth.total;
    view.queue.scheduled = delivery.scheduled();
    for (int priority = priority_levels - 1; priority >= 0; --priority) {
        view.queue.by_priority.push_back(
            {priority, depth.by_priority[static_cast<std::size_t>(priority)]});
    }
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
