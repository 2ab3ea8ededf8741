// The body of a carrier: one message of the broker that carries many jobs. Channels are written by
// name, since their numbers differ between builds. Versioned, so that nodes of two releases can
// share a queue; everything that is read is checked. Pure functions, safe from every thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "contract/queue.hpp"

namespace hongyan::rabbitmq {

inline constexpr std::size_t most_jobs = 1'024;  ///< in one carrier
inline constexpr std::size_t longest_body = 64 * 1024;
inline constexpr std::string_view content_type = "application/vnd.hongyan.jobs";

struct Carrier {
    std::int64_t published_ms = 0;  ///< when the oldest of its jobs was handed to publish()
    std::vector<Job> jobs;
};

/// About 6 bytes a job if ids and tenants lie near each other. At most most_jobs.
[[nodiscard]] std::string encode(std::int64_t published_ms, std::span<const Job> jobs);
/// Errors: bad_request, in words.
[[nodiscard]] Result<Carrier> decode(std::string_view body);

}  // namespace hongyan::rabbitmq
