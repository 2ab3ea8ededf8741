// The statistics overview: sums of message_statistics by day and channel, with success rate, mean
// and 95th percentile of the response time (from ready to sent, of successful messages). Pure; safe
// from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/enums.hpp"
#include "table/statistics.hpp"

namespace hongyan::report {

struct Totals {
    std::int64_t total_sent = 0;  ///< success_count + failed_count
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    double success_rate = 0;  ///< percent; 0 if nothing was sent
    double avg_response_time_ms = 0;
    double p95_response_time_ms = 0;  ///< within 9 %, read from a logarithmic histogram
};

struct DayTotals {
    std::string day;
    Totals totals;
};
struct ChannelTotals {
    ChannelKind channel = ChannelKind::sms;
    Totals totals;
};
struct DayChannelTotals {
    std::string day;
    ChannelKind channel = ChannelKind::sms;
    Totals totals;
};

struct Overview {
    int days = 7;
    std::string from;  ///< first UTC day
    std::string to;    ///< last UTC day
    Totals totals;
    std::vector<DayTotals> by_day;          ///< every day of the range, also those without messages
    std::vector<ChannelTotals> by_channel;  ///< every channel
    std::vector<DayChannelTotals> by_day_and_channel;
};

/// The first of the last days UTC days, "2026-11-17".
[[nodiscard]] std::string first_day(std::int64_t now_ms, int days);
[[nodiscard]] Overview make_overview(const std::vector<table::StatisticsRow>& rows,
                                     std::int64_t now_ms, int days);
/// Percent with the success rate's rules.
[[nodiscard]] double percent(std::int64_t part, std::int64_t whole);

}  // namespace hongyan::report
