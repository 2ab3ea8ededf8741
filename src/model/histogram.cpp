#include "model/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace hongyan {
namespace {

constexpr int steps_per_doubling = 8;

}  // namespace

// Below 8 ms every millisecond has its own bucket; above, the exponent and the three bits after the
// leading one name it.
std::size_t Histogram::bucket_of(std::int64_t ms) {
    if (ms < steps_per_doubling) return ms < 0 ? 0 : static_cast<std::size_t>(ms);
    const auto value = static_cast<std::uint64_t>(ms);
    const int exponent = static_cast<int>(std::bit_width(value)) - 1;
    const auto step = (value >> (exponent - 3)) & 7;
    const auto bucket = static_cast<std::size_t>((exponent - 2) * steps_per_doubling) + step;
    return std::min(bucket, buckets - 1);
}

double Histogram::middle_of(std::size_t bucket) {
    if (bucket < steps_per_doubling) return static_cast<double>(bucket);
    const auto exponent = static_cast<int>(bucket / steps_per_doubling) + 2;
    const auto step = static_cast<double>(bucket % steps_per_doubling);
    return std::ldexp(1.0 + (step + 0.5) / steps_per_doubling, exponent);
}

void Histogram::add(const Histogram& other) {
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
}

std::int64_t Histogram::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

double Histogram::quantile(double q) const {
    const auto all = total();
    if (all == 0) return 0;
    const auto wanted = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(q * static_cast<double>(all))));
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        seen += counts_[i];
        if (seen >= wanted) return middle_of(i);
    }
    return middle_of(buckets - 1);
}

std::string Histogram::to_blob() const {
    std::size_t used = buckets;
    while (used > 0 && counts_[used - 1] == 0) --used;
    std::string blob;
    blob.reserve(used * 5);
    for (std::size_t i = 0; i < used; ++i) {
        const auto count = static_cast<std::uint64_t>(counts_[i]);
        for (int byte = 0; byte < 5; ++byte) blob += static_cast<char>(count >> (8 * byte) & 0xFF);
    }
    return blob;
}

void Histogram::add_blob(std::string_view blob) {
    if (blob.size() % 5 != 0 || blob.size() / 5 > buckets) return;
    for (std::size_t i = 0; i < blob.size() / 5; ++i) {
        std::uint64_t count = 0;
        for (std::size_t byte = 0; byte < 5; ++byte) {
            count |= static_cast<std::uint64_t>(static_cast<unsigned char>(blob[i * 5 + byte]))
                     << (8 * byte);
        }
        // 40 bits with a sign: what takes a message out of the counts is negative.
        counts_[i] += static_cast<std::int64_t>(count << 24) >> 24;
    }
}

}  // namespace hongyan
