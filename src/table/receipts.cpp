#include "table/receipts.hpp"

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
#include "table/bulk.hpp"

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
    // The same word may have come by both names.
    session.run(
        "DELETE FROM message_receipts WHERE account_id = $1 AND provider_message_id = $2 AND "
        "message_id = $3 AND (status, code) IN (SELECT status, code FROM message_receipts WHERE "
        "account_id = $1 AND provider_message_id = $2 AND message_id = 0)",
        account_id, provider_message_id, message_id);
    session.run(
        "UPDATE message_receipts SET message_id = $3 WHERE account_id = $1 AND "
        "provider_message_id = $2 AND message_id = 0",
        account_id, provider_message_id, message_id);
    for (auto& one : found) one.message_id = message_id;
    return found;
}

std::vector<MatchedReceipt> match_parked(Session& session, std::int64_t since_ms, int limit) {
    auto rows = session.query(
        "SELECT r.account_id, r.provider_message_id, max(m.id) FROM message_receipts AS r JOIN "
        "message_records AS m ON m.account_id = r.account_id AND m.provider_message_id = "
        "r.provider_message_id AND m.account_id IS NOT NULL AND m.provider_message_id IS NOT NULL "
        "WHERE r.message_id = 0 AND r.provider_message_id <> '' AND r.received_ms >= $1 GROUP BY "
        "r.account_id, r.provider_message_id LIMIT $2",
        since_ms, limit);
    std::vector<MatchedReceipt> found;
    while (rows.next()) found.push_back({rows.integer(0), rows.text(1), rows.integer(2)});
    return found;
}

std::vector<bool> have_receipts(Session& session, std::span<const ReceiptPlace> places) {
    std::vector<bool> have(places.size(), session.dialect() != Dialect::postgres);
    if (places.empty() || have.front()) return have;
    ArrayText ids, accounts, names;
    for (const auto& one : places) {
        ids.number(one.message_id);
        accounts.number(one.account_id);
        names.text(one.provider_message_id);
    }
    auto rows = session.query(
        "SELECT s.place FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY"
        " AS s (message_id, account_id, name, place) WHERE EXISTS (SELECT 1 FROM message_receipts "
        "AS r WHERE r.message_id = s.message_id AND r.message_id > 0) OR EXISTS (SELECT 1 FROM "
        "message_receipts AS r WHERE r.account_id = s.account_id AND r.provider_message_id = "
        "s.name AND s.name <> '' AND r.message_id = 0)",
        ids.close(), accounts.close(), names.close());
    while (rows.next()) have[static_cast<std::size_t>(rows.integer(0) - 1)] = true;
    return have;
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
    constexpr std::size_t longest_key = 500;  // what every index takes
    if (replay_key.size() > longest_key)
        return note_callback(session, account_id, to_hex(sha256(replay_key)), now_ms);
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
