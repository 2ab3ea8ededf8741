#include "engine/local/limiter_window.hpp"

#include <algorithm>

namespace hongyan::local {

void SlidingCount::advance(std::int64_t now_us) {
    const std::int64_t bucket = now_us / length_us_;
    if (bucket - newest_ >= slots) {
        counts_.fill(0);
        sum_ = 0;
    } else {
        for (std::int64_t i = newest_ + 1; i <= bucket; ++i) {
            sum_ -= at(i);
            at(i) = 0;
        }
    }
    newest_ = bucket;
    newest_end_us_ = (bucket + 1) * length_us_;
}

std::int64_t SlidingCount::time_when_at_most(std::int64_t most, std::int64_t now_us) {
    std::int64_t left = sum(now_us);
    if (left <= most) return now_us;
    std::int64_t bucket = std::max<std::int64_t>(0, newest_ - buckets);
    for (; bucket < newest_; ++bucket) {
        left -= at(bucket);
        if (left <= most) break;
    }
    return (bucket + slots) * length_us_;
}

SlidingCount SlidingCount::with_span(std::int64_t span_us, std::int64_t now_us) const {
    SlidingCount other(span_us);
    for (std::int64_t i = std::max<std::int64_t>(0, newest_ - buckets); i <= newest_; ++i) {
        const std::int64_t amount = counts_[static_cast<std::size_t>(i % slots)];
        const std::int64_t latest_us = std::min(now_us, (i + 1) * length_us_ - 1);
        if (amount != 0) other.add(latest_us, amount);
    }
    return other;
}

}  // namespace hongyan::local
