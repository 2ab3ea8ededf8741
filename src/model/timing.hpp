// Timing: how long a message spent in the queue, in processing and in sending, packed into one
// 63-bit integer, so that a trace takes no row of its own and an outcome updates its record in
// place. Bit 62 is always set, which keeps the stored width the same before and after. Durations
// beyond their field's range are cut to the largest value. Pure functions.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hongyan {

struct Timing {
    std::int64_t queue_ms = 0;    ///< 28 bits, up to three days
    std::int64_t process_us = 0;  ///< kept in steps of 10 us, up to 0.65 s
    std::int64_t send_us = 0;     ///< kept in steps of 250 us, up to 65 s
    bool operator==(const Timing&) const = default;
};

/// The value a record is inserted with: all durations zero.
inline constexpr std::int64_t empty_timing = std::int64_t{1} << 62;

[[nodiscard]] constexpr std::int64_t pack(const Timing& timing) {
    const auto cut = [](std::int64_t value, int bits) {
        return std::clamp<std::int64_t>(value, 0, (std::int64_t{1} << bits) - 1);
    };
    return empty_timing | cut(timing.queue_ms, 28) << 34 | cut(timing.process_us / 10, 16) << 18 |
           cut(timing.send_us / 250, 18);
}

[[nodiscard]] constexpr Timing unpack_timing(std::int64_t packed) {
    return {packed >> 34 & 0xFFFFFFF, (packed >> 18 & 0xFFFF) * 10, (packed & 0x3FFFF) * 250};
}

}  // namespace hongyan
