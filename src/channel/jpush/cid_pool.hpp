// The cids of one account that are fetched and free. JPush honours a cid for a day from when it
// gave it, so a cid that has lain here for half a day is not given to a message any more: the other
// half is for the message's repeats. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"

namespace hongyan::jpush {

/// JPush recognises a repeat this long after it gave the cid; an hour is kept for clocks.
inline constexpr std::int64_t cid_life_ms = 23 * 3'600'000;
/// A cid this old is not given to a message any more.
inline constexpr std::int64_t cid_shelf_ms = 12 * 3'600'000;

struct Cid {
    std::string text;
    std::int64_t given_ms = 0;
};

class CidPool {
  public:
    void add(std::vector<std::string> cids, std::int64_t now_ms);
    /// Nothing if none is left.
    [[nodiscard]] std::optional<Cid> take(std::int64_t now_ms);

  private:
    Guarded<std::deque<Cid>> free_;
};

/// The cids of {"cidlist":[...]}; empty if it is something else.
[[nodiscard]] std::vector<std::string> read_cids(std::string_view body);

}  // namespace hongyan::jpush
