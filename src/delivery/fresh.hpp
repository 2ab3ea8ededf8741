// FreshMessages: a bounded cache of just accepted messages, so that the worker need not read back
// what was written a moment ago. An id has four places, which a hash of it gives: ids are runs of
// neighbours that begin anew with each millisecond, and the hash spreads a run as evenly as
// several. Where all four are taken the oldest message goes. One that does not fit is simply read
// from the store later. All members are safe from every thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "model/message.hpp"

namespace hongyan::delivery {

class FreshMessages {
  public:
    /// slots is rounded up to a power of two, at least 4; max_bytes counts the text kept.
    FreshMessages(std::size_t slots, std::size_t max_bytes);

    void put(std::vector<MessagePtr> messages);
    /// The messages with these ids, null where there is none; each is given away.
    [[nodiscard]] std::vector<MessagePtr> take(const std::vector<MessageId>& ids);
    void drop(MessageId id);

  private:
    [[nodiscard]] std::span<MessagePtr> places(MessageId id);
    /// Null if it is not here.
    [[nodiscard]] MessagePtr* find(MessageId id);
    [[nodiscard]] MessagePtr remove(MessagePtr& from);

    std::mutex mutex_;
    // Under mutex_:
    std::vector<MessagePtr> slots_;
    std::size_t bytes_ = 0;
    const int group_bits_;
    const std::size_t max_bytes_;
};

}  // namespace hongyan::delivery
