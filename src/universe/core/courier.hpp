// Courier: carries receipts to whoever asked for them, through the one HTTP client, and repeats
// them with growing pauses while they are not answered 2xx. Owned by the Universe. Safe from every
// thread; never blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/log.hpp"
#include "contract/outbound.hpp"
#include "universe/core/timers.hpp"

namespace hongyan::universe {

/// shared: an answer of the HTTP client may come after the universe has ended.
class Courier : public std::enable_shared_from_this<Courier> {
  public:
    Courier(Outbound& outbound, std::shared_ptr<Timers> timers, Log& log)
        : outbound_(outbound), timers_(std::move(timers)), log_(log) {}
    void send(OutboundRequest request, int tries);
    /// Nothing is sent or repeated any more.
    void stop() { stopped_ = true; }

    struct Counts {
        std::uint64_t answered = 0;  ///< 2xx
        std::uint64_t repeated = 0;
        std::uint64_t given_up = 0;
    };
    [[nodiscard]] Counts counts() const;

  private:
    struct Parcel {
        OutboundRequest request;
        int tries_left = 0;
        Millis pause{500};  ///< before the next try
    };
    void call(std::shared_ptr<Parcel> parcel);
    void answered(std::shared_ptr<Parcel> parcel, const OutboundReply& reply);

    Outbound& outbound_;
    const std::shared_ptr<Timers> timers_;  ///< shared with the universe: an answer may come late
    Log& log_;
    std::atomic<bool> stopped_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<std::uint64_t> repeated_{0};
    std::atomic<std::uint64_t> given_up_{0};
};

}  // namespace hongyan::universe
