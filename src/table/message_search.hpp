// Search over message_records, newest first, in bounded time whatever the filter: the filter's best
// index (or several, merged) gives ids in order, the other conditions are looked at row by row, and
// after the budget the search says how far it came, so that the next page goes on from there. How
// the indexes are chosen: docs/decisions/0032-search-in-bounded-steps.md. Called inside a snapshot.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "table/messages.hpp"

namespace hongyan::table {

/// When a search has to stop. rows bounds one step on one index; is_over is asked between steps.
struct SearchBudget {
    std::function<bool()> is_over;
    int rows = 10'000;
};

struct SearchPage {
    std::vector<MessageRow> rows;  ///< at most filter.limit, newest first
    bool more = false;             ///< there are, or may be, older ones that fit
    /// With more: the id to go on from. Everything at or above it was looked at.
    MessageId before_id = 0;
    bool cut = false;  ///< the budget ended the search before the page was full
};

[[nodiscard]] SearchPage search_messages(Session& session, const MessageFilter& filter,
                                         const SearchBudget& budget);
/// True if any message fits, as far as the budget reaches.
[[nodiscard]] bool any_message(Session& session, MessageFilter filter, const SearchBudget& budget);

struct StatusCounts {
    std::map<MessageStatus, std::int64_t> by_status;  ///< those with messages only
    std::int64_t total = 0;
    bool capped = false;  ///< there may be more: the budget ended the count
};
/// Messages of one status, counted in its index up to most; other filters are not looked at.
[[nodiscard]] std::int64_t count_up_to(Session& session, const MessageFilter& filter,
                                       std::int64_t most);
[[nodiscard]] StatusCounts count_by_status(Session& session, const MessageFilter& filter,
                                           const SearchBudget& budget);

}  // namespace hongyan::table
