#include "delivery/fresh.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace hongyan::delivery {
namespace {

constexpr std::size_t group_size = 4;
/// 2^64 over the golden ratio: its multiples, cut off above, lie as far apart as can be.
constexpr std::uint64_t spread = 0x9E37'79B9'7F4A'7C15;

std::size_t size_of(const Message& m) {
    return sizeof(Message) + m.recipient.size() + m.subject.size() + m.content.size() +
           m.html.size() + m.callback_url.size() + m.metadata.size();
}

}  // namespace

FreshMessages::FreshMessages(std::size_t slots, std::size_t max_bytes)
    : slots_(std::bit_ceil(std::max(slots, group_size))),
      group_bits_(std::countr_zero(slots_.size() / group_size)),
      max_bytes_(max_bytes) {}

std::span<MessagePtr> FreshMessages::places(MessageId id) {
    const auto hash = static_cast<std::uint64_t>(id) * spread;
    const auto group = group_bits_ == 0 ? 0 : hash >> (64 - group_bits_);
    return std::span(slots_).subspan(static_cast<std::size_t>(group) * group_size, group_size);
}

MessagePtr* FreshMessages::find(MessageId id) {
    for (MessagePtr& place : places(id)) {
        if (place && place->id == id) return &place;
    }
    return nullptr;
}

MessagePtr FreshMessages::remove(MessagePtr& from) {
    if (from) bytes_ -= size_of(*from);
    return std::move(from);
}

void FreshMessages::put(std::vector<MessagePtr> messages) {
    std::vector<MessagePtr> old;
    old.reserve(messages.size());
    const std::lock_guard lock(mutex_);
    for (auto& message : messages) {
        // Empty ones count as the oldest.
        MessagePtr& place = *std::ranges::min_element(
            places(message->id), {}, [](const MessagePtr& one) { return one ? one->id : -1; });
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
        if (MessagePtr* place = find(ids[i])) found[i] = remove(*place);
    }
    return found;
}

void FreshMessages::drop(MessageId id) {
    MessagePtr gone;
    const std::lock_guard lock(mutex_);
    if (MessagePtr* place = find(id)) gone = remove(*place);
}

}  // namespace hongyan::delivery
