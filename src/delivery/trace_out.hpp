// TraceOut: tells the live trace, beside the store's, what happens to each message: queue, process,
// send with each attempt, callback. A view only: what it cannot keep is dropped. Safe from every
// thread.
#pragma once

#include <string>

#include "contract/live_trace.hpp"
#include "delivery/committer.hpp"

namespace hongyan::delivery {

class TraceOut {
  public:
    /// trace: null where nobody keeps live traces; then every call is nothing.
    TraceOut(LiveTrace* trace, std::string node) : trace_(trace), node_(std::move(node)) {}

    [[nodiscard]] bool is_on() const { return trace_ != nullptr; }
    void accepted(const Message& message) const;
    /// A worker has it.
    void taken(const Message& message, std::int64_t now_ms) const;
    void settled(const Settled& settled) const;

  private:
    void add(const Message& message, LiveNode node) const;

    LiveTrace* const trace_;
    const std::string node_;
};

}  // namespace hongyan::delivery
