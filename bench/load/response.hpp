// The least an HTTP/1.1 client must read: the status and where the answer ends. Only Content-Length
// framing is understood, which is all the measured servers send for short JSON answers.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hongyan::bench {

struct Response {
    int status = 0;        ///< 0: not an answer this client understands
    std::size_t size = 0;  ///< head and body together
};

/// The answer at the beginning of the bytes, or nothing while it is incomplete.
std::optional<Response> parse_response(std::string_view bytes);

}  // namespace hongyan::bench
