// VAPID (RFC 8292): the header by which push services know the sender. A token holds for one
// origin; it is made once and used until it is near its end. Safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/signing.hpp"

namespace hongyan::web_push {

class Vapid {
  public:
    Vapid(SigningKey key, std::string subject, Millis life);
    /// The value of the header Authorization for a push service.
    [[nodiscard]] std::string authorization(const std::string& origin, std::int64_t now_ms);

  private:
    struct Entry {
        std::string token;
        std::int64_t issued_ms = 0;
    };
    /// Users choose the origins, so their number is bounded.
    static constexpr std::size_t max_origins = 1000;

    const SigningKey key_;
    const std::string public_key_;
    const std::string subject_;
    const Millis life_;
    Guarded<std::map<std::string, Entry>> entries_;
};

}  // namespace hongyan::web_push
