// SQL of receipts: what a provider said later about a message, once for each different word, and
// those that came before the answer to the send. Called inside the committer's transaction.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

/// The message that this account sent and the provider calls so; 0 if none is known. If the
/// provider used an id twice, the newer one.
[[nodiscard]] std::int64_t find_by_provider_id(Session& session, std::int64_t account_id,
                                               std::string_view provider_message_id);
/// False if the same word is there already.
[[nodiscard]] bool insert_receipt(Session& session, const ReceiptRecord& record);
/// Receipts that came before this message was known to have that id; they belong to it from now on.
[[nodiscard]] std::vector<ReceiptRecord> claim_parked(Session& session, std::int64_t account_id,
                                                      std::string_view provider_message_id,
                                                      std::int64_t message_id);
/// Where receipts of a message may wait: under its id, or parked under its provider's name for it.
/// A message whose receipts wait although it is there.
struct MatchedReceipt {
    std::int64_t account_id = 0;
    std::string provider_message_id;
    std::int64_t message_id = 0;
};
[[nodiscard]] std::vector<MatchedReceipt> match_parked(Session& session, std::int64_t since_ms,
                                                       int limit);
struct ReceiptPlace {
    std::int64_t message_id = 0;
    std::int64_t account_id = 0;
    std::string_view provider_message_id;
};
/// False where none waits, in one question on PostgreSQL; elsewhere always true: looking costs as
/// little as asking.
[[nodiscard]] std::vector<bool> have_receipts(Session& session,
                                              std::span<const ReceiptPlace> places);
/// In the order in which they came.
[[nodiscard]] std::vector<ReceiptRecord> list_receipts(Session& session, std::int64_t message_id);
/// False if this callback was seen before.
[[nodiscard]] bool note_callback(Session& session, std::int64_t account_id,
                                 std::string_view replay_key, std::int64_t now_ms);
/// Deletes what nobody asked for by then; at most limit rows of each kind. Gives how many went.
std::int64_t delete_old_callbacks(Session& session, std::int64_t replays_before_ms,
                                  std::int64_t parked_before_ms, int limit);
/// Receipts of messages accepted before; at most limit.
std::int64_t delete_receipts(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
