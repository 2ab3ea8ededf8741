// Sums of sent messages as they stand in JSON, for the statistics and for the live screen. Plain
// data; described in statistics_wire.cpp.
#pragma once

#include <string>
#include <vector>

#include "delivery/delivery.hpp"
#include "report/statistics.hpp"
#include "shape/shape.hpp"

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
const shape::Object& describe(shape::Tag<TotalsView>);
const shape::Object& describe(shape::Tag<DayView>);
const shape::Object& describe(shape::Tag<ChannelView>);
const shape::Object& describe(shape::Tag<DayChannelView>);
const shape::Object& describe(shape::Tag<LiveView>);
const shape::Object& describe(shape::Tag<DepthView>);
const shape::Object& describe(shape::Tag<QueueView>);

[[nodiscard]] TotalsView totals_view(const report::Totals& totals);
[[nodiscard]] DayView view_of(const report::DayTotals& totals);
[[nodiscard]] ChannelView view_of(const report::ChannelTotals& totals);
[[nodiscard]] LiveView live_view(const delivery::LiveSums& sums, int seconds);
[[nodiscard]] QueueView queue_view(const delivery::Delivery& delivery);

}  // namespace hongyan::api
