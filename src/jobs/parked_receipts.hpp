// Receipts that came to one node while another was just writing the answer to the send: neither
// transaction saw the other, so the receipt waits for its message as if that were not there yet.
// This job, on every node of a shared store, brings the two together. Called from the schedule's
// thread; blocks on the store.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "contract/store.hpp"
#include "delivery/delivery.hpp"

namespace hongyan::jobs {

/// Looks at receipts of the last minutes; gives how many messages had one.
int follow_parked_receipts(Store& store, delivery::Delivery& delivery, const Clock& clock,
                           Log& log);

}  // namespace hongyan::jobs
