#include "table/statistics.hpp"

#include "base/text.hpp"
#include "table/bulk.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

constexpr std::string_view delta_columns =
    "message_statistics_deltas (stat_date, channel, tenant_id, success_count, failed_count, "
    "response_ms_sum, histogram)";

void append_delta(Session& session, const StatisticsKey& key, const StatisticsDelta& delta) {
    static const std::string sql =
        "INSERT INTO " + std::string(delta_columns) + " VALUES ($1, $2, $3, $4, $5, $6, $7)";
    const std::string day = format_day(key.day * day_ms);
    const std::string blob = delta.histogram.to_blob();
    Statement& s = session.prepare(sql);
    s.bind(1, std::string_view(day));
    s.bind(2, to_text(key.channel));
    s.bind(3, key.tenant_id);
    s.bind(4, delta.success);
    s.bind(5, delta.failed);
    s.bind(6, delta.response_ms);
    s.bind_blob(7, blob);
    while (s.step()) {
    }
    s.reset();
}

}  // namespace

void add_all_statistics(Session& session, const std::map<StatisticsKey, StatisticsDelta>& deltas) {
    if (session.dialect() != Dialect::postgres || deltas.size() < 3) {
        for (const auto& [key, delta] : deltas) add_statistics(session, key, delta);
        return;
    }
    CopyRows rows;
    for (const auto& [key, delta] : deltas) {
        rows.text(format_day(key.day * day_ms)).text(to_text(key.channel)).number(key.tenant_id);
        rows.number(delta.success).number(delta.failed).number(delta.response_ms);
        rows.blob(delta.histogram.to_blob()).end_row();
    }
    static const std::string sql = "COPY " + std::string(delta_columns) + " FROM STDIN";
    session.copy_in(sql, rows.rows());
}

bool fold_statistics(Session& session) {
    if (session.dialect() != Dialect::postgres) return true;
    session.run("SELECT update_message_statistics()");
    return !session.query("SELECT 1 FROM message_statistics_deltas LIMIT 1").next();
}

void add_statistics(Session& session, const StatisticsKey& key, const StatisticsDelta& delta) {
    if (session.dialect() == Dialect::postgres) {
        append_delta(session, key, delta);
        return;
    }
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
    static const std::string select =
        "SELECT stat_date, channel, success_count, failed_count, response_ms_sum, histogram FROM ";
    static const std::string where = " WHERE stat_date >= $1 AND tenant_id = $2";
    static const std::string order = " ORDER BY stat_date, channel";
    static const std::string folded = select + "message_statistics" + where + order;
    static const std::string all = select + "message_statistics" + where + " UNION ALL " + select +
                                   "message_statistics_deltas" + where + order;
    auto rows =
        session.query(session.dialect() == Dialect::postgres ? all : folded, first_day, tenant_id);
    std::vector<StatisticsRow> found;
    while (rows.next()) {
        const auto channel =
            from_text<ChannelKind>(channel_names, rows.view(1)).value_or(ChannelKind::sms);
        if (found.empty() || found.back().day != rows.view(0) || found.back().channel != channel) {
            found.emplace_back();
            found.back().day = rows.text(0);
            found.back().channel = channel;
        }
        StatisticsRow& row = found.back();
        row.success += rows.integer(2);
        row.failed += rows.integer(3);
        row.response_ms += rows.integer(4);
        row.histogram.add_blob(rows.view(5));
    }
    return found;
}

}  // namespace hongyan::table
