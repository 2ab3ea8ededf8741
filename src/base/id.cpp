#include "base/id.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan {

std::string trace_id_of(MessageId id) { return "msg_" + std::to_string(id); }

std::optional<MessageId> parse_message_id(std::string_view text) {
    constexpr std::string_view prefix = "msg_";
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    const bool starts_with_digit = !text.empty() && text.front() > '0' && text.front() <= '9';
    if (!starts_with_digit)
        return std::nullopt;  // one id has one spelling: no sign, no leading zero
    return parse_int(text);
}

namespace {

constexpr int count_bits = id_counter_bits - id_node_bits;
constexpr std::int64_t count_mask = (std::int64_t{1} << count_bits) - 1;

std::int64_t without_node(MessageId id) {
    return (id >> id_counter_bits << count_bits) | (id & count_mask);
}

MessageId with_node(std::int64_t count, std::int64_t node) {
    return (count >> count_bits << id_counter_bits) | (node << count_bits) | (count & count_mask);
}

}  // namespace

IdSource::IdSource(const Clock& clock, MessageId last, int node)
    : clock_(clock),
      is_shared_(node != no_node),
      node_(node),
      last_(is_shared_ ? without_node(last) : last) {
    HY_ASSERT(node >= no_node && node < id_nodes);
}

void IdSource::set_node(int node) {
    HY_ASSERT(is_shared_ && node >= 0 && node < id_nodes);
    node_.store(node, std::memory_order_relaxed);
}

MessageId IdSource::reserve(std::int64_t count) {
    HY_ASSERT(count > 0);
    const MessageId start = first_id_at(clock_.now_ms());
    const std::int64_t floor = is_shared_ ? without_node(start) : start;
    std::int64_t last = last_.load(std::memory_order_relaxed);
    std::int64_t first = 0;
    do {
        first = std::max(last + 1, floor);
    } while (!last_.compare_exchange_weak(last, first + count - 1, std::memory_order_relaxed));
    return is_shared_ ? with_node(first, node_.load(std::memory_order_relaxed)) : first;
}

MessageId IdSource::following(MessageId id) const {
    if (!is_shared_) return id + 1;
    const std::int64_t node = (id >> count_bits) & (id_nodes - 1);
    return with_node(without_node(id) + 1, node);
}

}  // namespace hongyan
