// The access tokens of an official account: the stable kind, which stays the same for its life, and
// the old kind, of which each call gives a new one. Neither touches the other. Safe from every
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/guarded.hpp"

namespace hongyan::universe::wechat {

enum class TokenState { unknown, expired, valid };

struct Granted {
    std::string token;  ///< "" : refreshed by force too often
    std::int64_t seconds = 0;
};

class Tokens {
  public:
    /// Within five minutes of its end a new one is given and the old one lives on until then.
    [[nodiscard]] Granted stable(std::int64_t now_ms, std::int64_t life_s, bool force);
    /// Ends the one before after five minutes.
    [[nodiscard]] Granted legacy(std::int64_t now_ms, std::int64_t life_s);
    [[nodiscard]] TokenState check(std::string_view token, std::int64_t now_ms);

  private:
    struct State {
        std::string stable;
        std::string legacy;
        std::map<std::string, std::int64_t, std::less<>> ends_ms;
        std::deque<std::int64_t> forced_ms;  ///< within the last day
    };
    Guarded<State> state_;
};

}  // namespace hongyan::universe::wechat
