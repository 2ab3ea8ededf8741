// TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0, over one JSON call. Pure functions,
// safe from every thread; the caller gives the time, so that the published vectors can be computed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hongyan::tencent {

struct Credentials {
    std::string secret_id;
    std::string secret_key;
};

struct Call {
    std::string service;       ///< "sms"
    std::string host;          ///< as it stands in the Host field
    std::string content_type;  ///< byte for byte as it is sent
    std::string action;        ///< signed as x-tc-action; "" leaves it out
    std::string body;
    std::int64_t timestamp = 0;  ///< seconds since 1970, as in X-TC-Timestamp
};

/// hex of SHA-256 over the canonical form of the call.
[[nodiscard]] std::string hashed_request(const Call& call);
/// The value of the Authorization field.
[[nodiscard]] std::string authorization(const Call& call, const Credentials& credentials);

}  // namespace hongyan::tencent
