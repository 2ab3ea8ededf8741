// The trace of one message, computed from its record and its attempts: the nodes queue, process,
// send (one for each attempt) and callback. Pure; safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/records.hpp"
#include "table/messages.hpp"

namespace hongyan::report {

struct TraceNode {
    std::string name;    ///< queue, process, send or callback
    std::string status;  ///< success, failed or pending
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;  ///< 0 while it lasts
    double duration_ms = 0;
    std::int32_t attempt = 0;  ///< of a send node
    std::string provider;
    std::string reason;
    std::string rule_version;
};

struct Trace {
    table::MessageRow row;
    std::vector<Attempt> attempts;
    std::vector<TraceNode> nodes;
    double total_duration_ms = 0;  ///< from ready to the last node's end
    double success_rate = 0;       ///< percent of the finished nodes that succeeded
    double avg_duration_ms = 0;    ///< of the finished nodes
};

[[nodiscard]] Trace make_trace(table::MessageRow row, std::vector<Attempt> attempts,
                               const std::vector<ReceiptRecord>& receipts, std::int64_t now_ms);

}  // namespace hongyan::report
