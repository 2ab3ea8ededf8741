// SQL of destination_counts: what the limits by destination have counted, so that a restart forgets
// nothing. Called inside a transaction or a snapshot.
#pragma once

#include <cstdint>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

void add_destination_count(Session& session, const DestinationCount& count);
/// Those that still count, the ones that count longest first.
[[nodiscard]] std::vector<DestinationCount> list_destination_counts(Session& session,
                                                                    std::int64_t now_ms, int limit);
/// Those that count no more; at most limit.
std::int64_t delete_destination_counts(Session& session, std::int64_t now_ms, int limit);

}  // namespace hongyan::table
