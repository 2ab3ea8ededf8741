// The OAuth2 token server: checks the signed assertion of a service account and gives out access
// tokens that end. Safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"

namespace hongyan::universe::fcm {

struct Client {
    std::string email;
    std::string public_key;  ///< PEM or DER
    std::vector<std::string> audiences;
    std::int64_t token_seconds = 3599;
};

class TokenServer {
  public:
    struct Answer {
        std::string error;  ///< "" or "invalid_grant", "unsupported_grant_type"
        std::string detail;
        std::string access_token;
    };
    /// body is the form of the request.
    [[nodiscard]] Answer grant(const Client& client, std::string_view body, std::int64_t now_ms);
    [[nodiscard]] bool valid(std::string_view access_token, std::int64_t now_ms);

  private:
    Guarded<std::map<std::string, std::int64_t, std::less<>>> tokens_;  ///< token, when it ends
};

}  // namespace hongyan::universe::fcm
