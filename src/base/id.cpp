#include "base/id.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan {

std::string trace_id_of(MessageId id) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "msg_%016llx", static_cast<unsigned long long>(id));
    return text.data();
}

std::optional<MessageId> parse_message_id(std::string_view text) {
    constexpr std::string_view prefix = "msg_";
    if (!text.starts_with(prefix)) {
        const auto id = parse_int(text);
        return id && *id > 0 ? id : std::nullopt;
    }
    text.remove_prefix(prefix.size());
    if (text.size() != 16) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (failure != std::errc() || end != text.data() + text.size() || value == 0 || value >> 63 != 0) return std::nullopt;
    return static_cast<MessageId>(value);
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
