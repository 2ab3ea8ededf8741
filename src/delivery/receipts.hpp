// Receipts: what a provider's later word does to a message. Applied inside the committer's
// transaction, so that state, trace, statistics and the sender's webhook agree. A word that was
// heard before, or that would move a message backwards, only stands in the trace or has no effect;
// one whose message is not known yet waits for the answer to the send.
#pragma once

#include <cstddef>
#include <cstdint>

#include "contract/provider.hpp"
#include "contract/store.hpp"
#include "delivery/committer.hpp"
#include "model/records.hpp"

namespace hongyan::delivery {

/// Bytes of a provider's id that are kept and compared: what every index takes.
inline constexpr std::size_t longest_provider_id = 500;

enum class ReceiptEffect : std::uint8_t { changed, noted, duplicate, parked, ignored };

/// Whose receipts these are; a message of another tenant or account is never touched, except those
/// of accounts of the same login, which hear each other's receipts.
struct ReceiptOrigin {
    std::int64_t account_id = 0;
    std::int64_t tenant_id = 1;
    ChannelKind channel = ChannelKind::sms;
    std::vector<std::int64_t> peers = {};  ///< see AccountBook::receipt_peers()
};

[[nodiscard]] ReceiptEffect apply_receipt(Session& session, Counts& counts,
                                          const ReceiptOrigin& origin, const Receipt& receipt,
                                          std::int64_t now_ms);
/// The second half: the receipt is stored and its message known. True if the state changed.
bool follow_receipt(Session& session, Counts& counts, const ReceiptRecord& receipt,
                    std::int64_t now_ms);

}  // namespace hongyan::delivery
