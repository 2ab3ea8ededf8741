#include "table/statistics.hpp"

#include "base/text.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

}  // namespace

void add_statistics(Session& session, const StatisticsKey& key, const StatisticsDelta& delta) {
    const std::string day = format_day(key.day * day_ms);
    Histogram histogram = delta.histogram;
    std::int64_t success = delta.success;
    std::int64_t response_ms = delta.response_ms;
    {
        auto rows = session.query(
            "SELECT success_count, response_ms_sum, histogram FROM message_statistics"
            " WHERE stat_date = $1 AND channel = $2 AND tenant_id = $3",
            day, to_text(key.channel), key.tenant_id);
        if (rows.next()) {
            success += rows.integer(0);
            response_ms += rows.integer(1);
            histogram.add_blob(rows.view(2));
        }
    }
    const double mean =
        success > 0 ? static_cast<double>(response_ms) / static_cast<double>(success) : 0;
    const std::string blob = histogram.to_blob();
    Statement& s = session.prepare(
        "INSERT INTO message_statistics (stat_date, channel, tenant_id, total_sent, success_count, "
        "failed_count,"
        " avg_response_time, response_ms_sum, histogram) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
        "$9)"
        " ON CONFLICT (stat_date, channel, tenant_id) DO UPDATE SET total_sent = total_sent + $4,"
        " success_count = success_count + $5, failed_count = failed_count + $6, avg_response_time "
        "= $7,"
        " response_ms_sum = $8, histogram = $9");
    s.bind(1, std::string_view(day));
    s.bind(2, to_text(key.channel));
    s.bind(3, key.tenant_id);
    s.bind(4, delta.success + delta.failed);
    s.bind(5, delta.success);
    s.bind(6, delta.failed);
    s.bind(7, mean);
    s.bind(8, response_ms);
    s.bind_blob(9, blob);
    while (s.step()) {
    }
    s.reset();
}

std::vector<StatisticsRow> list_statistics(Session& session, std::int64_t tenant_id,
                                           const std::string& first_day) {
    auto rows = session.query(
        "SELECT stat_date, channel, success_count, failed_count, response_ms_sum, histogram FROM "
        "message_statistics"
        " WHERE stat_date >= $1 AND tenant_id = $2 ORDER BY stat_date, channel",
        first_day, tenant_id);
    std::vector<StatisticsRow> found;
    while (rows.next()) {
        StatisticsRow row;
        row.day = rows.text(0);
        row.channel =
            from_text<ChannelKind>(channel_names, rows.view(1)).value_or(ChannelKind::sms);
        row.success = rows.integer(2);
        row.failed = rows.integer(3);
        row.response_ms = rows.integer(4);
        row.histogram.add_blob(rows.view(5));
        found.push_back(std::move(row));
    }
    return found;
}

}  // namespace hongyan::table
