#include "api/statistics_wire.hpp"

namespace hongyan::api {
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

}  // namespace

TotalsView totals_view(const report::Totals& totals) {
    return {totals.total_sent,   totals.success_count,        totals.failed_count,
            totals.success_rate, totals.avg_response_time_ms, totals.p95_response_time_ms};
}

DayView view_of(const report::DayTotals& totals) {
    DayView view;
    static_cast<TotalsView&>(view) = totals_view(totals.totals);
    view.date = totals.day;
    return view;
}

ChannelView view_of(const report::ChannelTotals& totals) {
    ChannelView view;
    static_cast<TotalsView&>(view) = totals_view(totals.totals);
    view.channel = to_text(totals.channel);
    return view;
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

QueueView queue_view(const delivery::Delivery& delivery) {
    QueueView view;
    const auto depth = delivery.depth();
    view.total = depth.total;
    view.scheduled = delivery.scheduled();
    for (int priority = priority_levels - 1; priority >= 0; --priority) {
        view.by_priority.push_back(
            {priority, depth.by_priority[static_cast<std::size_t>(priority)]});
    }
    return view;
}

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
}  // namespace hongyan::api
