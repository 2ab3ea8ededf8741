// What the form of a URL must keep to before a call is made; where it leads is the guard's matter.
// Pure, safe from every thread.
#pragma once

#include <string>

#include "base/result.hpp"
#include "contract/outbound.hpp"

namespace hongyan::curl {

struct UrlFacts {
    bool is_https = false;
    std::string origin;  ///< scheme, host and port
};

/// Errors: bad_request; the detail never quotes the URL, which may hold secrets.
[[nodiscard]] Result<UrlFacts> check_url(const std::string& url, UrlTrust trust);

/// Methods and headers are sent as they are given, so they may hold nothing that ends a line.
[[nodiscard]] Status check_request(const OutboundRequest& request);

}  // namespace hongyan::curl
