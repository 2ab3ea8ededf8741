// The private-address guard: which addresses a URL or host that a user chose may lead to. Asked for
// every address a socket is opened to, after the name was resolved, by the HTTP client and by every
// channel that opens sockets of its own; so that neither odd spellings of an address nor a name
// that resolves differently the second time get past it. Everything that is not known to be public
// is refused, and an address that carries another one (mapped, NAT64, 6to4, Teredo, ISATAP) is
// public only if that one is. Pure, safe from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct sockaddr;

namespace hongyan {

/// IPv4 in the first four bytes, or IPv6, in network order.
struct IpAddress {
    bool is_v6 = false;
    std::array<std::uint8_t, 16> bytes{};
};

/// Nothing for other families.
[[nodiscard]] std::optional<IpAddress> address_of(const sockaddr* address);
/// The plain spellings only: "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);

[[nodiscard]] bool is_public_address(const IpAddress& address);

/// Networks like "10.0.0.0/8", "fd00::/8" or a single address.
class NetworkList {
  public:
    NetworkList() = default;
    /// Errors: config_invalid with a problem for each text that is not a network.
    [[nodiscard]] static Result<NetworkList> parse(const std::vector<std::string>& networks);
    /// An IPv4 address mapped into IPv6 counts as the IPv4 address it is.
    [[nodiscard]] bool contains(const IpAddress& address) const;

  private:
    struct Network {
        IpAddress first;
        unsigned bits = 0;
    };
    std::vector<Network> networks_;
};

/// Where a URL of UrlTrust::users may lead.
[[nodiscard]] inline bool may_connect(const IpAddress& address, const NetworkList& allowed) {
    return is_public_address(address) || allowed.contains(address);
}

/// The same for a socket of an account: allowed is null where the operator chose the address.
[[nodiscard]] bool may_connect(const sockaddr* address, const NetworkList* allowed);

}  // namespace hongyan
