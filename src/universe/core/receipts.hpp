// What services share for their receipts: one call that draws the fate of a message's receipt and
// sends it, late, twice, forged or never, as the chaos script says; and the drawing of a form that
// says "failed". Called by services from handle(); safe from every thread.
#pragma once

#include <string_view>

#include "universe/core/world.hpp"

namespace hongyan::universe {

/// What the receipt to build shall be like.
struct ReceiptForm {
    bool fails = false;   ///< says "failed" where it would say "delivered"
    bool forged = false;  ///< signed with a wrong key
};
/// Builds the callback, with a fresh timestamp and signature. Runs on a thread of the world, once
/// for every copy. A request without URL is not sent.
using MakeReceipt = UniqueFunction<OutboundRequest(const ReceiptForm&)>;

/// Sends a receipt with the fate drawn before (draw it inside handle(), so that an early receipt
/// can hold back the answer). A forged one goes out beside the true one and is not repeated.
void send_receipt(World& world, const ReceiptFate& fate, MakeReceipt make, int tries = 5);
/// Draws the fate and sends.
void send_receipt(World& world, std::string_view service, std::string_view recipient,
                  MakeReceipt make, int tries = 5);

}  // namespace hongyan::universe
