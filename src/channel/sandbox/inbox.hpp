// Inbox: the newest arrivals in a bounded ring: their texts one after the other in one block of
// bytes, so that a message costs no allocation, and a small slot each. New ones overwrite the
// oldest. Not thread-safe: under the Sandbox's mutex.
#pragma once

#include <deque>
#include <memory>

#include "channel/sandbox/sandbox.hpp"

namespace hongyan::sandbox {

class Inbox {
  public:
    Inbox(std::size_t max_messages, std::size_t max_bytes);

    /// sequence is the last one's plus one. A text that is too large for the whole ring is cut.
    void add(const Message& message, std::uint64_t sequence, std::int64_t received_ms);
    [[nodiscard]] std::vector<InboxItem> list(const InboxFilter& filter) const;
    std::size_t clear(std::optional<std::int64_t> tenant_id);

    static constexpr std::size_t max_listed = 1000;

  private:
    struct Slot {
        std::uint64_t sequence = 0;
        MessageId message_id = 0;
        std::int64_t tenant_id = 0;
        std::int64_t received_ms = 0;
        std::size_t offset = 0;
        std::uint32_t recipient = 0;  ///< sizes; the texts follow each other from offset on
        std::uint32_t subject = 0;
        std::uint32_t content = 0;
        std::uint32_t html = 0;
        std::int32_t attempt = 1;
        ChannelKind channel = ChannelKind::sms;
        bool cleared = false;
        [[nodiscard]] std::size_t size() const {
            return std::size_t{recipient} + subject + content + html;
        }
    };
    void make_room(std::size_t bytes);
    [[nodiscard]] bool fits(const Slot& slot, const InboxFilter& filter) const;
    [[nodiscard]] InboxItem item_of(const Slot& slot) const;

    const std::size_t max_messages_;
    const std::size_t max_bytes_;
    const std::unique_ptr<char[]> bytes_;  ///< not touched, so not in memory, before it is needed
    std::deque<Slot> slots_;               ///< oldest first, sequences without gaps
    std::size_t end_ = 0;                  ///< where the next text goes
};

}  // namespace hongyan::sandbox
