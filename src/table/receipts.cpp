#include "table/receipts.hpp"

#include "base/id.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "message_id, account_id, provider_message_id, status, code, detail, suppress, happened_ms, "
    "received_ms";

ReceiptRecord read_row(const Rows& rows) {
    ReceiptRecord r;
    r.message_id = rows.integer(0);
    r.account_id = rows.integer(1);
    r.provider_message_id = rows.text(2);
    r.status = from_text<MessageStatus>(message_status_names, rows.view(3))
                   .value_or(MessageStatus::success);
    r.code = rows.text(4);
    r.detail = rows.text(5);
    r.suppress = rows.text(6);
    r.happened_ms = rows.integer(7);
    r.received_ms = rows.integer(8);
    return r;
}

}  // namespace

std::int64_t find_by_provider_id(Session& session, std::int64_t account_id,
                                 std::string_view provider_message_id) {
    // The words of the partial index's condition let it be used.
    auto rows = session.query(
        "SELECT max(id) FROM message_records WHERE account_id = $1 AND provider_message_id = $2 "
        "AND account_id IS NOT NULL AND provider_message_id IS NOT NULL",
        account_id, provider_message_id);
    return rows.next() && !rows.null(0) ? rows.integer(0) : 0;
}

bool insert_receipt(Session& session, const ReceiptRecord& r) {
    return session.run(
               "INSERT INTO message_receipts (message_id, account_id, provider_message_id, status, "
               "code, detail, suppress, happened_ms, received_ms) VALUES ($1, $2, $3, $4, $5, $6, "
               "$7, $8, $9) ON CONFLICT DO NOTHING",
               r.message_id, r.account_id, r.provider_message_id, to_text(r.status), r.code,
               r.detail, r.suppress, r.happened_ms, r.received_ms) == 1;
}

std::vector<ReceiptRecord> claim_parked(Session& session, std::int64_t account_id,
                                        std::string_view provider_message_id,
                                        std::int64_t message_id) {
    std::vector<ReceiptRecord> found;
    {
        static const std::string sql =
            "SELECT " + std::string(columns) +
            " FROM message_receipts WHERE account_id = $1 AND provider_message_id = $2 AND "
            "message_id = 0 ORDER BY id";
        auto rows = session.query(sql, account_id, provider_message_id);
        while (rows.next()) found.push_back(read_row(rows));
    }
    if (found.empty()) return found;
    session.run(
        "UPDATE OR REPLACE message_receipts SET message_id = $3 WHERE account_id = $1 AND "
        "provider_message_id = $2 AND message_id = 0",
        account_id, provider_message_id, message_id);
    for (auto& one : found) one.message_id = message_id;
    return found;
}

std::vector<ReceiptRecord> list_receipts(Session& session, std::int64_t message_id) {
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM message_receipts WHERE message_id = $1 AND message_id > 0 ORDER BY id LIMIT 100";
    auto rows = session.query(sql, message_id);
    std::vector<ReceiptRecord> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

bool note_callback(Session& session, std::int64_t account_id, std::string_view replay_key,
                   std::int64_t now_ms) {
    return session.run(
               "INSERT INTO callback_replays (account_id, replay_key, received_ms) VALUES ($1, $2, "
               "$3) ON CONFLICT DO NOTHING",
               account_id, replay_key, now_ms) == 1;
}

std::int64_t delete_old_callbacks(Session& session, std::int64_t replays_before_ms,
                                  std::int64_t parked_before_ms, int limit) {
    const auto replays = session.run(
        "DELETE FROM callback_replays WHERE (account_id, replay_key) IN (SELECT account_id, "
        "replay_key FROM callback_replays WHERE received_ms < $1 LIMIT $2)",
        replays_before_ms, limit);
    return replays +
           session.run(
               "DELETE FROM message_receipts WHERE id IN (SELECT id FROM message_receipts "
               "WHERE message_id = 0 AND received_ms < $1 LIMIT $2)",
               parked_before_ms, limit);
}

std::int64_t delete_receipts(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM message_receipts WHERE id IN (SELECT id FROM message_receipts WHERE "
        "message_id "
        "> 0 AND message_id < $1 LIMIT $2)",
        first_id_at(before_ms), limit);
}

}  // namespace hongyan::table
