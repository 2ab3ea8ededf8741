// Message ids: 63-bit, time-ordered and unique. The upper bits are the accept time in milliseconds
// since 1970, the lower 20 bits a counter, so that a new row always goes to the right edge of every
// index. In a cluster the upper half of the counter is the node's number, so that nodes need not
// ask each other (docs/decisions/0056). The trace id is "msg_" and the id. All members of IdSource
// are safe from every thread.
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

/// Of the counter's bits, how many are the node's number in a cluster.
inline constexpr int id_node_bits = 10;
inline constexpr int id_nodes = 1 << id_node_bits;

class IdSource {
  public:
    /// Ids will be larger than last, whatever the clock says; pass the largest id in the store.
    IdSource(const Clock& clock, MessageId last) : IdSource(clock, last, no_node) {}
    /// One node of a cluster; node is its number, 0 to 1023, which no other has at this time. Ids
    /// of one node rise, those of several are ordered by the millisecond.
    IdSource(const Clock& clock, MessageId last, int node);
    /// The next id. Rises strictly, also when the clock stands or goes back.
    [[nodiscard]] MessageId next() { return reserve(1); }
    /// The first of a run of count ids; following() gives the others.
    [[nodiscard]] MessageId reserve(std::int64_t count);
    [[nodiscard]] MessageId following(MessageId id) const;
    /// Another number from the next run on; only for a source that was made with one.
    void set_node(int node);

  private:
    static constexpr int no_node = -1;

    const Clock& clock_;
    const bool is_shared_;
    std::atomic<int> node_;
    std::atomic<std::int64_t> last_;  ///< counts without the bits of the node's number
};

}  // namespace hongyan
