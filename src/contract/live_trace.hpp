// LiveTrace: the trace of a message while it is on its way, beside the store's record and faster
// than it, for those who watch. It is a view and never the truth: add() never blocks and drops what
// cannot be kept (a counter says how much). add() is safe from every thread, also from I/O threads;
// read() blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"

namespace hongyan {

struct LiveNode {
    std::string name;    ///< queue, process, send or callback
    std::string status;  ///< success, failed or pending
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;  ///< 0 while it lasts
    std::int32_t attempt = 0;      ///< of a send node
    std::string channel;
    std::string provider;
    std::string reason;
    std::string node;  ///< of the cluster, on which it happened
};

struct LiveTraceCounts {
    std::int64_t added = 0;
    std::int64_t written = 0;
    std::int64_t dropped = 0;  ///< the queue was full, or Redis did not take it
};

class LiveTrace {
  public:
    virtual ~LiveTrace() = default;
    virtual void add(MessageId message, LiveNode node) = 0;
    /// In the order in which they were added; empty when nothing is known.
    [[nodiscard]] virtual Result<std::vector<LiveNode>> read(MessageId message) = 0;
    [[nodiscard]] virtual LiveTraceCounts counts() const = 0;
};

}  // namespace hongyan
