// Verifies a TC3-HMAC-SHA256 request as Tencent Cloud's gateway does. Pure, safe from every thread.
#pragma once

#include <optional>

#include "universe/tencent/replies.hpp"

namespace hongyan::universe::tencent {

/// The one API key that the service knows.
struct Key {
    std::string id;
    std::string secret;
};

/// Nothing if the request may pass.
[[nodiscard]] std::optional<Refusal> refusal_of(const ServiceRequest& request, const Key& key,
                                                std::int64_t now_ms);

}  // namespace hongyan::universe::tencent
