// RecipientIndexer: adds the recipients of older messages to the segments that searches look into,
// outside of the accept path: one small row through the committer for every thousand messages. Also
// fills segments anew into whose range a message came late, and drops those whose messages are
// gone. Called by a schedule from its own thread.
#pragma once

#include <atomic>
#include <functional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/delivery.hpp"
#include "table/recipient_segments.hpp"

namespace hongyan::jobs {

struct IndexerOptions {
    int segment_messages = table::RecipientFilter::messages;
    /// Messages younger than this wait: some with a smaller id may still be on their way to disk.
    std::int64_t settle_ms = 20'000;
    /// So long a segment is looked at again for messages that came late.
    std::int64_t watch_ms = 900'000;
    /// How often late and old ones are looked for.
    std::int64_t look_ms = 30'000;
};

class RecipientIndexer {
  public:
    /// All must outlive it.
    RecipientIndexer(Store& store, delivery::Delivery& delivery, const Clock& clock, Log& log,
                     IndexerOptions options = {})
        : store_(store), delivery_(delivery), clock_(clock), log_(log), options_(options) {}

    /// Everything that is due; gives the number of segments added, mended or dropped.
    int run(const std::atomic<bool>& stopping);

  private:
    [[nodiscard]] bool add_next();
    [[nodiscard]] int mend(const std::atomic<bool>& stopping);
    [[nodiscard]] int drop_old(const std::atomic<bool>& stopping);
    [[nodiscard]] bool change(const std::function<void(Session&)>& work);

    Store& store_;
    delivery::Delivery& delivery_;
    const Clock& clock_;
    Log& log_;
    const IndexerOptions options_;
    std::int64_t next_look_us_ = 0;
};

}  // namespace hongyan::jobs
