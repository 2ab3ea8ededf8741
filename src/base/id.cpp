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

MessageId IdSource::reserve(std::int64_t count) {
    HY_ASSERT(count > 0);
    const MessageId floor = first_id_at(clock_.now_ms());
    MessageId last = last_.load(std::memory_order_relaxed);
    MessageId first = 0;
    do {
        first = std::max(last + 1, floor);
    } while (!last_.compare_exchange_weak(last, first + count - 1, std::memory_order_relaxed));
    return first;
}

}  // namespace hongyan
