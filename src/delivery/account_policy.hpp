// AccountPolicy: how hard one provider account may be driven, and when it is left alone; set per
// account over the API, described for JSON. Zero means: the provider's own default.
#pragma once

#include <cstdint>

#include "route/adaptive.hpp"
#include "route/breaker.hpp"
#include "shape/shape.hpp"

namespace hongyan::delivery {

struct AccountPolicy {
    std::int32_t min_in_flight = 1;
    std::int32_t max_in_flight = 0;  ///< 0 = the provider's default
    double rate_per_second = 0;      ///< 0 = no limit
    std::int32_t burst = 0;          ///< 0 = a tenth of a second's worth, at least 1
    double slow_factor = 2.0;
    std::int32_t breaker_window_seconds = 20;
    std::int32_t breaker_min_calls = 20;
    double breaker_error_ratio = 0.5;
    double breaker_slow_ratio = 0.8;
    std::int32_t breaker_slow_ms = 5'000;
    std::int32_t breaker_open_ms = 5'000;
    std::int32_t breaker_probes = 3;

    [[nodiscard]] route::BreakerRule breaker() const;
    [[nodiscard]] route::AdaptiveRule adaptive(std::size_t provider_max) const;
};
const shape::Object& describe(shape::Tag<AccountPolicy>);

}  // namespace hongyan::delivery
