#include "channel/sandbox/inbox.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace hongyan::sandbox {

Inbox::Inbox(std::size_t max_messages, std::size_t max_bytes)
    : max_messages_(std::max<std::size_t>(1, max_messages)),
      max_bytes_(std::max<std::size_t>(1024, max_bytes)),
      bytes_(new char[max_bytes_]) {}

void Inbox::make_room(std::size_t bytes) {
    const auto drop_until = [this](std::size_t limit) {
        // From end_ on stand texts of the round before, oldest first.
        while (!slots_.empty() && slots_.front().offset >= end_ && slots_.front().offset < limit) {
            slots_.pop_front();
        }
    };
    if (max_bytes_ - end_ < bytes) {
        drop_until(max_bytes_ + 1);
        end_ = 0;
    }
    drop_until(end_ + bytes);
    if (slots_.size() == max_messages_) slots_.pop_front();
}

void Inbox::add(const Message& message, std::uint64_t sequence, std::int64_t received_ms) {
    std::size_t left = max_bytes_;
    const auto cut = [&left](const std::string& text) {
        const std::size_t size = std::min(text.size(), left);
        left -= size;
        return static_cast<std::uint32_t>(size);
    };
    Slot slot{sequence,
              message.id,
              message.tenant_id,
              received_ms,
              0,
              cut(message.recipient),
              cut(message.subject),
              cut(message.content),
              cut(message.html),
              message.attempts,
              message.channel,
              false};
    make_room(slot.size());
    slot.offset = end_;
    const auto append = [this](const std::string& text, std::size_t size) {
        if (size != 0) std::memcpy(&bytes_[end_], text.data(), size);
        end_ += size;
    };
    append(message.recipient, slot.recipient);
    append(message.subject, slot.subject);
    append(message.content, slot.content);
    append(message.html, slot.html);
    HY_ASSERT(slots_.empty() || slots_.back().sequence + 1 == sequence);
    slots_.push_back(slot);
}

bool Inbox::fits(const Slot& slot, const InboxFilter& filter) const {
    if (slot.cleared) return false;
    if (filter.tenant_id && *filter.tenant_id != slot.tenant_id) return false;
    if (filter.channel && *filter.channel != slot.channel) return false;
    if (filter.message_id != 0 && filter.message_id != slot.message_id) return false;
    const std::string_view recipient(&bytes_[slot.offset], slot.recipient);
    return filter.recipient.empty() || filter.recipient == recipient;
}

InboxItem Inbox::item_of(const Slot& slot) const {
    InboxItem item;
    item.sequence = slot.sequence;
    item.message_id = slot.message_id;
    item.tenant_id = slot.tenant_id;
    item.channel = slot.channel;
    item.attempt = slot.attempt;
    item.received_ms = slot.received_ms;
    const char* at = &bytes_[slot.offset];
    const auto next = [&at](std::uint32_t size) {
        std::string text(at, size);
        at += size;
        return text;
    };
    item.recipient = next(slot.recipient);
    item.subject = next(slot.subject);
    item.content = next(slot.content);
    item.html = next(slot.html);
    return item;
}

std::vector<InboxItem> Inbox::list(const InboxFilter& filter) const {
    std::vector<InboxItem> items;
    const std::size_t limit = std::min(filter.limit, max_listed);
    std::size_t index = slots_.size();
    if (filter.before_sequence != 0 && !slots_.empty()) {
        const std::uint64_t first = slots_.front().sequence;
        const std::uint64_t older =
            filter.before_sequence > first ? filter.before_sequence - first : 0;
        index = std::min<std::uint64_t>(index, older);
    }
    while (index-- > 0 && items.size() < limit) {
        if (fits(slots_[index], filter)) items.push_back(item_of(slots_[index]));
    }
    return items;
}

std::size_t Inbox::clear(std::optional<std::int64_t> tenant_id) {
    std::size_t gone = 0;
    for (Slot& slot : slots_) {
        if (slot.cleared || (tenant_id && *tenant_id != slot.tenant_id)) continue;
        slot.cleared = true;
        // The person's data go now, not when the ring comes round.
        std::memset(&bytes_[slot.offset], 0, slot.size());
        ++gone;
    }
    return gone;
}

}  // namespace hongyan::sandbox
