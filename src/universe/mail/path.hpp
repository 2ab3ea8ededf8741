// The path and parameters of MAIL and RCPT (RFC 5321 4.1.2) as the simulated server reads them.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hongyan::universe::mail {

struct Path {
    std::string address;  ///< "" is the null path
    bool is_ascii = true;
    std::vector<std::pair<std::string, std::string>> parameters;  ///< names in upper case
};

/// Reads "<local@domain> NAME=VALUE ..."; nothing if it is not written strictly so.
[[nodiscard]] std::optional<Path> read_path(std::string_view text);

}  // namespace hongyan::universe::mail
