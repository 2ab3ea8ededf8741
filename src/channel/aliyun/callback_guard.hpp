// Believes or refuses a receipt that carries no signature: by a secret word in its URL and by the
// address it came from. Pure functions, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/channel.hpp"

namespace hongyan::aliyun {

/// True for an address ("203.0.113.7", "2001:db8::1") or a range ("203.0.113.0/24").
[[nodiscard]] bool is_network(std::string_view text);
/// True if address lies in one of the networks; an IPv4 address mapped into IPv6 counts as IPv4.
[[nodiscard]] bool is_in(std::string_view address, const std::vector<std::string>& networks);

/// Who may bring receipts. Both empty: nobody may.
struct CallbackTrust {
    std::string token;  ///< "" = none is asked for
    std::vector<std::string> networks;
};
/// Error unauthorized. The token is compared in constant time with the query's "token" and with the
/// last part of the path.
[[nodiscard]] Status check_trust(const Callback& callback, const CallbackTrust& trust);

}  // namespace hongyan::aliyun
