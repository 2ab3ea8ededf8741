#include "report/statistics.hpp"

#include <array>
#include <cmath>
#include <map>

#include "base/text.hpp"

namespace hongyan::report {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

double rounded(double value) { return std::round(value * 100) / 100; }

struct Sum {
    std::int64_t success = 0;
    std::int64_t failed = 0;
    std::int64_t response_ms = 0;
    Histogram histogram;

    void add(const table::StatisticsRow& row) {
        success += row.success;
        failed += row.failed;
        response_ms += row.response_ms;
        histogram.add(row.histogram);
    }
    [[nodiscard]] Totals totals() const {
        Totals totals;
        totals.success_count = success;
        totals.failed_count = failed;
        totals.total_sent = success + failed;
        totals.success_rate = percent(success, totals.total_sent);
        if (success > 0)
            totals.avg_response_time_ms =
                rounded(static_cast<double>(response_ms) / static_cast<double>(success));
        totals.p95_response_time_ms = rounded(histogram.quantile(0.95));
        return totals;
    }
};

}  // namespace

double percent(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : rounded(100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string first_day(std::int64_t now_ms, int days) {
    return format_day(now_ms - (days - 1) * day_ms);
}

Overview make_overview(const std::vector<table::StatisticsRow>& rows, std::int64_t now_ms,
                       int days) {
    Sum all;
    std::map<std::string, Sum> by_day;
    std::array<Sum, channel_names.size()> by_channel;
    for (int i = 0; i < days; ++i) by_day[format_day(now_ms - i * day_ms)];
    Overview overview;
    overview.days = days;
    overview.from = first_day(now_ms, days);
    overview.to = format_day(now_ms);
    for (const auto& row : rows) {
        const auto day = by_day.find(row.day);
        if (day == by_day.end()) continue;
        Sum one;
        one.add(row);
        all.add(row);
        day->second.add(row);
        by_channel[static_cast<std::size_t>(row.channel)].add(row);
        overview.by_day_and_channel.push_back({row.day, row.channel, one.totals()});
    }
    overview.totals = all.totals();
    for (const auto& [day, sum] : by_day) overview.by_day.push_back({day, sum.totals()});
    for (std::size_t i = 0; i < by_channel.size(); ++i) {
        overview.by_channel.push_back({static_cast<ChannelKind>(i), by_channel[i].totals()});
    }
    return overview;
}

}  // namespace hongyan::report
