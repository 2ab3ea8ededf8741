// Checks provider tokens as Apple does: form, key id, team, age and signature, and that new ones do
// not come too often. Safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/guarded.hpp"

namespace hongyan::universe::apns {

/// The one team and key that this service knows.
struct Team {
    std::string team_id;
    std::string key_id;
    std::string public_key;  ///< PEM, or the 65-byte point
    std::int64_t updates_per_20_minutes = 30;
};

class TokenCheck {
  public:
    /// "" or Apple's reason. authorization is the header's value.
    [[nodiscard]] std::string reason(const Team& team, std::string_view authorization,
                                     std::int64_t now_ms);
    /// How many different tokens came in the last 20 minutes.
    [[nodiscard]] std::size_t known(std::int64_t now_ms);

  private:
    Guarded<std::map<std::string, std::int64_t>> seen_;  ///< token, when it came first
};

}  // namespace hongyan::universe::apns
