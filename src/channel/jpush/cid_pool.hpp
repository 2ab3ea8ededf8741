// The cids of one account: fetched ones that are free, and which message has which. A message keeps
// its cid for all its attempts, so that JPush answers a repeat with the first result instead of
// pushing twice. In memory: after a restart a message that is tried again gets a new one, which is
// why the provider does not promise idempotency. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "base/id.hpp"

namespace hongyan::jpush {

class CidPool {
  public:
    void add(std::vector<std::string> cids, std::int64_t now_ms);
    /// Gives the message a cid unless it has one; false if none is left.
    [[nodiscard]] bool assign(MessageId message, std::int64_t now_ms);
    [[nodiscard]] std::optional<std::string> of(MessageId message) const;
    /// Its last attempt is over.
    void forget(MessageId message);

  private:
    struct Cid {
        std::string text;
        std::int64_t fetched_ms = 0;
    };
    struct State {
        std::deque<Cid> free;
        std::unordered_map<MessageId, Cid> assigned;
    };
    static void drop_old(State& state, std::int64_t now_ms);

    mutable Guarded<State> state_;
};

/// The cids of {"cidlist":[...]}; empty if it is something else.
[[nodiscard]] std::vector<std::string> read_cids(std::string_view body);

}  // namespace hongyan::jpush
