// LocalTrace: LiveTrace inside this process. Keeps the traces of the messages that were begun last
// and forgets the oldest beyond its bound. All members are safe from every thread.
#pragma once

#include <atomic>
#include <deque>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "contract/live_trace.hpp"

namespace hongyan::local {

class LocalTrace final : public LiveTrace {
  public:
    struct Options {
        std::size_t messages_max = 5'000;
        std::size_t nodes_max = 200;  ///< of one message; the newest stay
    };
    LocalTrace() : LocalTrace(Options()) {}
    explicit LocalTrace(Options options) : options_(options) {}

    void add(MessageId message, LiveNode node) override;
    [[nodiscard]] Result<std::vector<LiveNode>> read(MessageId message) override;
    /// Nothing is dropped here: what is forgotten was kept for a while.
    [[nodiscard]] LiveTraceCounts counts() const override;

  private:
    struct State {
        std::unordered_map<MessageId, std::deque<LiveNode>> traces;
        std::deque<MessageId> order;  ///< of their first nodes
    };
    const Options options_;
    Guarded<State> state_;
    std::atomic<std::int64_t> added_{0};
};

}  // namespace hongyan::local
