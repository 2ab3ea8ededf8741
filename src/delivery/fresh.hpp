// FreshMessages: a bounded cache of just accepted messages, so that the worker need not read back
// what was written a moment ago. Direct-mapped by id: ids are consecutive, so neighbours do not
// push each other out. A message that does not fit is simply read from the store later. All members
// are safe from every thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "model/message.hpp"

namespace hongyan::delivery {

class FreshMessages {
  public:
    /// slots is rounded up to a power of two; max_bytes counts the text kept.
    FreshMessages(std::size_t slots, std::size_t max_bytes);

    void put(std::vector<MessagePtr> messages);
    /// The messages with these ids, null where there is none; each is given away.
    [[nodiscard]] std::vector<MessagePtr> take(const std::vector<MessageId>& ids);
    void drop(MessageId id);

  private:
    [[nodiscard]] MessagePtr& slot(MessageId id) {
        return slots_[static_cast<std::size_t>(id) & mask_];
    }
    [[nodiscard]] MessagePtr remove(MessagePtr& from);

    std::mutex mutex_;
    // Under mutex_:
    std::vector<MessagePtr> slots_;
    std::size_t bytes_ = 0;
    const std::size_t mask_;
    const std::size_t max_bytes_;
};

}  // namespace hongyan::delivery
