// Message ids: 63-bit, time-ordered and unique. The upper bits are the accept time in milliseconds
// since 1970, the lower 20 bits a counter, so that a new row always goes to the right edge of every
// index. The trace id is "msg_" and the id. next() is safe from every thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace hongyan {

using MessageId = std::int64_t;

/// Number of low bits that count within one millisecond.
inline constexpr int id_counter_bits = 20;

/// The accept time inside an id, milliseconds since 1970.
[[nodiscard]] constexpr std::int64_t id_time_ms(MessageId id) { return id >> id_counter_bits; }
/// The smallest id of that millisecond.
[[nodiscard]] constexpr MessageId first_id_at(std::int64_t unix_ms) {
    return unix_ms << id_counter_bits;
}

/// "msg_" and the id in decimal.
[[nodiscard]] std::string trace_id_of(MessageId id);
/// Reads a trace id or a bare id; nothing for any other text.
[[nodiscard]] std::optional<MessageId> parse_message_id(std::string_view text);

class IdSource {
  public:
    /// Ids will be larger than last, whatever the clock says; pass the largest id in the store.
    IdSource(const Clock& clock, MessageId last) : clock_(clock), last_(last) {}
    /// The next id. Rises strictly, also when the clock stands or goes back.
    [[nodiscard]] MessageId next() { return reserve(1); }
    /// The first of count consecutive ids.
    [[nodiscard]] MessageId reserve(std::int64_t count);

  private:
    const Clock& clock_;
    std::atomic<MessageId> last_;
};

}  // namespace hongyan
