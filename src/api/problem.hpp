// Errors as RFC 9457 problem documents: {type, title, status, detail, instance, code, request_id,
// errors}. Pure; safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace hongyan::api {

/// application/problem+json; 429 and 503 carry Retry-After.
[[nodiscard]] http::Response problem_response(const Error& error, std::string_view instance,
                                              std::string_view request_id);

}  // namespace hongyan::api
