#include "table/destinations.hpp"

namespace hongyan::table {

void add_destination_count(Session& session, const DestinationCount& count) {
    session.run(
        "INSERT INTO destination_counts (counter, part, count, ends_ms) VALUES ($1, $2, $3, $4) ON "
        "CONFLICT (counter, part) DO UPDATE SET count = destination_counts.count + excluded.count",
        count.counter, count.part, count.count, count.ends_ms);
}

std::vector<DestinationCount> list_destination_counts(Session& session, std::int64_t now_ms,
                                                      int limit) {
    auto rows = session.query(
        "SELECT counter, part, count, ends_ms FROM destination_counts WHERE ends_ms > $1 ORDER BY "
        "ends_ms DESC LIMIT $2",
        now_ms, limit);
    std::vector<DestinationCount> found;
    while (rows.next())
        found.push_back({rows.text(0), rows.integer(1), rows.real(2), rows.integer(3)});
    return found;
}

std::int64_t delete_destination_counts(Session& session, std::int64_t now_ms, int limit) {
    return session.run(
        "DELETE FROM destination_counts WHERE (counter, part) IN (SELECT counter, part FROM "
        "destination_counts WHERE ends_ms <= $1 LIMIT $2)",
        now_ms, limit);
}

}  // namespace hongyan::table
