// Why: the ordered decisions about one message, each with what it looked at, what it chose, the
// rule and its version, and the reason. Made from the record, its attempts and its receipts; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/records.hpp"
#include "table/messages.hpp"

namespace hongyan::report {

struct Decision {
    std::int64_t at_ms = 0;
    std::string step;    ///< accept, schedule, route, outcome, receipt, end, now
    std::string choice;  ///< what was decided: an account, "retry", "held", a status
    std::string reason;
    std::string rule;    ///< the rule and its version; "" where none is involved
    std::string inputs;  ///< JSON object
};

[[nodiscard]] std::vector<Decision> make_why(const table::MessageRow& row,
                                             const std::vector<Attempt>& attempts,
                                             const std::vector<ReceiptRecord>& receipts);

}  // namespace hongyan::report
