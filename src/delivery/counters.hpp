// Counters of delivery for /metrics: plain atomics that only rise, written by the parts, read by
// anyone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "model/enums.hpp"

namespace hongyan::delivery {

struct Counters {
    using ByChannel = std::array<std::atomic<std::uint64_t>, channel_names.size()>;
    ByChannel accepted;
    std::array<ByChannel, message_status_names.size()> finished;  ///< by final status
    ByChannel attempts;
    ByChannel retries;
    std::atomic<std::uint64_t> illegal_changes{0};
    std::atomic<std::uint64_t> replays{0};
    std::atomic<std::uint64_t> loaded{0};
};

}  // namespace hongyan::delivery
