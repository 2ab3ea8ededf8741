#include "delivery/receipts.hpp"

#include "delivery/webhook_events.hpp"
#include "table/accounts.hpp"
#include "table/messages.hpp"
#include "table/receipts.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::size_t longest_code = 100;
constexpr std::size_t longest_detail = 500;

ReceiptRecord record_of(const ReceiptOrigin& origin, const Receipt& receipt, std::int64_t now_ms) {
    ReceiptRecord record;
    record.account_id = origin.account_id;
    record.provider_message_id = receipt.provider_message_id.substr(0, longest_provider_id);
    record.status = receipt.status;
    record.code = receipt.code.substr(0, longest_code);
    record.detail = receipt.detail.substr(0, longest_detail);
    record.suppress = receipt.suppress.substr(0, longest_detail);
    record.happened_ms = receipt.at_ms != 0 ? receipt.at_ms : now_ms;
    record.received_ms = now_ms;
    return record;
}

std::string reason_of(const ReceiptRecord& receipt) {
    if (receipt.status != MessageStatus::failed) return "";
    std::string reason = "receipt";
    if (!receipt.code.empty()) reason += " " + receipt.code;
    if (!receipt.detail.empty()) reason += ": " + receipt.detail;
    return reason;
}

void count(Counts& counts, const table::MessageRow& row, MessageStatus to,
           std::int64_t finished_ms) {
    const auto from = row.message.status;
    // Delivered is the same success, confirmed.
    if (from == MessageStatus::success && to == MessageStatus::delivered) return;
    if (is_counted(from)) counts.add(row.message, from, row.finished_ms, -1);
    counts.add(row.message, to, finished_ms);
}

bool hears(const ReceiptOrigin& origin, std::int64_t account_id) {
    return account_id == origin.account_id ||
           std::find(origin.peers.begin(), origin.peers.end(), account_id) != origin.peers.end();
}

std::int64_t find_by_provider_id(Session& session, const ReceiptOrigin& origin,
                                 std::string_view id) {
    auto found = table::find_by_provider_id(session, origin.account_id, id);
    for (std::size_t i = 0; found == 0 && i < origin.peers.size(); ++i)
        found = table::find_by_provider_id(session, origin.peers[i], id);
    return found;
}

}  // namespace

bool follow_receipt(Session& session, Counts& counts, const ReceiptRecord& receipt,
                    std::int64_t now_ms) {
    const auto row = table::find_for_change(session, receipt.message_id);
    if (!row) return false;
    if (!receipt.suppress.empty()) {
        table::suppress(session,
                        {row->message.tenant_id, row->message.channel, row->message.recipient,
                         receipt.suppress, receipt.message_id, now_ms});
    }
    if (receipt.status != MessageStatus::delivered && receipt.status != MessageStatus::failed)
        return false;
    if (!may_change(row->message.status, receipt.status)) return false;
    // A confirmed success keeps the time at which it was sent; the receipt has its own.
    const bool was_sent = row->message.status == MessageStatus::success;
    table::Outcome outcome;
    outcome.id = receipt.message_id;
    outcome.status = receipt.status;
    outcome.attempts = row->message.attempts;
    outcome.finished_ms = was_sent && receipt.status == MessageStatus::delivered
                              ? row->finished_ms
                              : std::max(now_ms, row->message.created_ms());
    const auto reason = reason_of(receipt);
    outcome.reason = reason;
    if (!table::settle(session, outcome)) return false;
    count(counts, *row, receipt.status, outcome.finished_ms);
    if (!row->message.callback_url.empty())
        note_event(session, row->message, receipt.status, reason, now_ms);
    return true;
}

ReceiptEffect apply_receipt(Session& session, Counts& counts, const ReceiptOrigin& origin,
                            const Receipt& receipt, std::int64_t now_ms) {
    auto record = record_of(origin, receipt, now_ms);
    record.message_id = receipt.message_id;
    if (record.message_id == 0 && !receipt.provider_message_id.empty())
        record.message_id = find_by_provider_id(session, origin, record.provider_message_id);
    if (record.message_id != 0) {
        const auto row = table::find_message(session, record.message_id);
        const bool is_ours = row && row->message.tenant_id == origin.tenant_id &&
                             hears(origin, row->message.account_id);
        if (!is_ours) return ReceiptEffect::ignored;
        // Under the account that sent it, so that the same word by two ways is one word.
        record.account_id = row->message.account_id;
        if (!table::insert_receipt(session, record)) return ReceiptEffect::duplicate;
        return follow_receipt(session, counts, record, now_ms) ? ReceiptEffect::changed
                                                               : ReceiptEffect::noted;
    }
    if (!receipt.suppress.empty() && !receipt.recipient.empty()) {
        table::suppress(session, {origin.tenant_id, origin.channel, receipt.recipient,
                                  record.suppress, 0, now_ms});
    }
    if (receipt.provider_message_id.empty()) return ReceiptEffect::ignored;
    return table::insert_receipt(session, record) ? ReceiptEffect::parked
                                                  : ReceiptEffect::duplicate;
}

}  // namespace hongyan::delivery
