#include "delivery/fresh.hpp"

#include <bit>

namespace hongyan::delivery {
namespace {

std::size_t size_of(const Message& m) {
    return sizeof(Message) + m.recipient.size() + m.subject.size() + m.content.size() +
           m.html.size() + m.callback_url.size() + m.metadata.size();
}

}  // namespace

FreshMessages::FreshMessages(std::size_t slots, std::size_t max_bytes)
    : slots_(std::bit_ceil(slots)), mask_(slots_.size() - 1), max_bytes_(max_bytes) {}

MessagePtr FreshMessages::remove(MessagePtr& from) {
    if (from) bytes_ -= size_of(*from);
    return std::move(from);
}

void FreshMessages::put(std::vector<MessagePtr> messages) {
    std::vector<MessagePtr> old;
    old.reserve(messages.size());
    const std::lock_guard lock(mutex_);
    for (auto& message : messages) {
        MessagePtr& place = slot(message->id);
        if (place) old.push_back(remove(place));
        const auto size = size_of(*message);
        if (bytes_ + size > max_bytes_) continue;
        bytes_ += size;
        place = std::move(message);
    }
}

std::vector<MessagePtr> FreshMessages::take(const std::vector<MessageId>& ids) {
    std::vector<MessagePtr> found(ids.size());
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        MessagePtr& place = slot(ids[i]);
        if (place && place->id == ids[i]) found[i] = remove(place);
    }
    return found;
}

void FreshMessages::drop(MessageId id) {
    MessagePtr gone;
    const std::lock_guard lock(mutex_);
    MessagePtr& place = slot(id);
    if (place && place->id == id) gone = remove(place);
}

}  // namespace hongyan::delivery
