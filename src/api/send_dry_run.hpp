// The dry run of a batch: everything that accepting it does, up to storing: variables, rendering,
// recipients, and beside that duplicates, suppressed recipients, cost and time. Reads the store for
// the suppressed ones, so it runs on a pool's thread.
#pragma once

#include "api/route.hpp"
#include "api/send_order.hpp"

namespace hongyan::api {

struct DryRunProblem {
    std::optional<std::int64_t> index;
    std::string path;
    std::string code;
    std::string message;
};
struct DryRunPreview {
    std::int64_t index = 0;
    std::string recipient;
    std::string subject;
    std::string content;
    std::string html;
    std::optional<std::int64_t> segments;
};
struct DryRunCost {
    double amount = 0;
    std::string currency;
    std::string account;
};
struct DryRunReply {
    std::int64_t recipients = 0;
    std::int64_t valid = 0;
    std::int64_t invalid = 0;
    std::int64_t duplicates = 0;
    std::int64_t suppressed = 0;
    std::vector<DryRunProblem> problems;
    std::vector<DryRunPreview> previews;
    std::optional<std::int64_t> segments_total;
    std::optional<DryRunCost> cost;
    std::optional<std::int64_t> estimate_seconds;
};
const shape::Object& describe(shape::Tag<DryRunProblem>);
const shape::Object& describe(shape::Tag<DryRunPreview>);
const shape::Object& describe(shape::Tag<DryRunCost>);
const shape::Object& describe(shape::Tag<DryRunReply>);

/// problems: what is wrong with the order as a whole; then no recipient is valid.
[[nodiscard]] Result<Answer> dry_run(const Context& context, const SendBatchRequest& asked,
                                     const delivery::Order& order, const delivery::Check& check,
                                     const std::vector<Problem>& problems);

/// What a number of SMS segments costs by the account that would be used first; nothing if it
/// states no price.
[[nodiscard]] std::optional<DryRunCost> sms_cost(const Context& context, std::int64_t tenant_id,
                                                 std::int64_t segments);

}  // namespace hongyan::api
