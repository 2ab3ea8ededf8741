#include "universe/core/receipts.hpp"

#include <algorithm>
#include <utility>

namespace hongyan::universe {
namespace {

constexpr int copies_max = 100;

void deliver(World& world, const ReceiptFate& fate, MakeReceipt& make, int tries) {
    if (fate.forged) {
        auto request = make({fate.fails, true});
        if (!request.url.empty()) world.call_back(std::move(request), 1);
    }
    for (int i = 0; i < std::clamp(fate.copies, 1, copies_max); ++i) {
        auto request = make({fate.fails, false});
        if (!request.url.empty()) world.call_back(std::move(request), tries);
    }
}

}  // namespace

void send_receipt(World& world, const ReceiptFate& fate, MakeReceipt make, int tries) {
    if (fate.lost) return;
    if (fate.early) {
        deliver(world, fate, make, tries);
        return;
    }
    world.later(fate.delay, [&world, fate, tries, make = std::move(make)]() mutable {
        deliver(world, fate, make, tries);
    });
}

void send_receipt(World& world, std::string_view service, std::string_view recipient,
                  MakeReceipt make, int tries) {
    send_receipt(world, world.draw_receipt(service, recipient), std::move(make), tries);
}

}  // namespace hongyan::universe
