// Checks the header Authorization of a push as RFC 8292 asks. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hongyan::universe::web_push {

struct VapidFinding {
    int status = 0;  ///< 0 = fine, 401 = no credentials, 403 = wrong ones
    std::string detail;
    std::string public_key;  ///< of the sender, base64url
    std::string subject;
};

/// origin is scheme://host[:port] of the endpoint, as the sender called it.
[[nodiscard]] VapidFinding check_vapid(std::string_view authorization, std::string_view origin,
                                       std::int64_t now_ms);

}  // namespace hongyan::universe::web_push
