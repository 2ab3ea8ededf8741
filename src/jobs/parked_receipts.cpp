#include "jobs/parked_receipts.hpp"

#include <future>

#include "delivery/receipts.hpp"
#include "table/receipts.hpp"

namespace hongyan::jobs {
namespace {

/// Longer than any transaction may take.
constexpr std::int64_t watched_ms = 300'000;
constexpr int most_at_once = 500;

void follow(Session& session, delivery::Counts& counts,
            const std::vector<table::MatchedReceipt>& matched, std::int64_t now_ms) {
    for (const auto& one : matched) {
        for (const auto& receipt :
             table::claim_parked(session, one.account_id, one.provider_message_id, one.message_id))
            delivery::follow_receipt(session, counts, receipt, now_ms);
    }
}

}  // namespace

int follow_parked_receipts(Store& store, delivery::Delivery& delivery, const Clock& clock,
                           Log& log) {
    const auto now = clock.now_ms();
    std::vector<table::MatchedReceipt> matched;
    const auto read = store.read([&](Session& session) {
        matched = table::match_parked(session, now - watched_ms, most_at_once);
    });
    if (!read || matched.empty()) return 0;
    std::promise<bool> written;
    delivery.change(
        [&](Session& session, delivery::Counts& counts) { follow(session, counts, matched, now); },
        [&](const Status& status) { written.set_value(status.ok()); });
    if (!written.get_future().get()) return 0;
    log.info("receipts_found_late", {{"messages", matched.size()}});
    return static_cast<int>(matched.size());
}

}  // namespace hongyan::jobs
