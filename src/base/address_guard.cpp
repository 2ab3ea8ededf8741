#include "base/address_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"

namespace hongyan {
namespace {

using V4 = std::array<std::uint8_t, 4>;

struct V4Network {
    V4 first;
    unsigned bits;
};

/// The IANA registry of special-purpose addresses, as far as it is not globally reachable, and
/// multicast.
constexpr V4Network closed_v4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

bool same_bits(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
    const unsigned whole = bits / 8;
    if (std::memcmp(a, b, whole) != 0) return false;
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
    return ((a[whole] ^ b[whole]) & mask) == 0;
}

bool is_public_v4(const V4& address) {
    return std::none_of(std::begin(closed_v4), std::end(closed_v4), [&](const V4Network& network) {
        return same_bits(address.data(), network.first.data(), network.bits);
    });
}

V4 v4_at(const std::array<std::uint8_t, 16>& bytes, std::size_t at) {
    return {bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]};
}

using Bytes = std::array<std::uint8_t, 16>;

bool starts_with(const Bytes& bytes, const Bytes& prefix, unsigned bits) {
    return same_bits(bytes.data(), prefix.data(), bits);
}

constexpr Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr Bytes nat64{0x00, 0x64, 0xFF, 0x9B};
constexpr Bytes global_unicast{0x20};
constexpr Bytes protocol_assignments{0x20, 0x01};
constexpr Bytes documentation{0x20, 0x01, 0x0D, 0xB8};
constexpr Bytes documentation_2{0x3F, 0xFF};
constexpr Bytes six_to_four{0x20, 0x02};

/// ISATAP (RFC 5214): the lower half is 0000:5efe or 0200:5efe and an IPv4 address.
bool is_isatap(const Bytes& bytes) {
    return (bytes[8] & ~0x02) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE;
}

bool is_public_teredo(const Bytes& bytes) {
    V4 client = v4_at(bytes, 12);
    for (std::uint8_t& byte : client) byte = static_cast<std::uint8_t>(byte ^ 0xFF);
    return is_public_v4(v4_at(bytes, 4)) && is_public_v4(client);
}

bool is_public_v6(const Bytes& bytes) {
    // The well-known prefix of NAT64 alone lies outside 2000::/3. Its local form 64:ff9b:1::/48 is
    // refused as a whole: where the IPv4 address stands in it is the network's own choice.
    if (starts_with(bytes, nat64, 96)) return is_public_v4(v4_at(bytes, 12));
    // Everything else outside is special: unspecified, loopback, compatible, mapped, translated,
    // discard-only, segment routing, unique local, link-local, site-local, multicast.
    if (!starts_with(bytes, global_unicast, 3)) return false;
    // Teredo is 2001::/32; what else lies in 2001::/23 (ORCHID, benchmarking) is no host's address.
    if (starts_with(bytes, protocol_assignments, 32)) return is_public_teredo(bytes);
    if (starts_with(bytes, protocol_assignments, 23)) return false;
    if (starts_with(bytes, documentation, 32) || starts_with(bytes, documentation_2, 20))
        return false;
    if (starts_with(bytes, six_to_four, 16) && !is_public_v4(v4_at(bytes, 2))) return false;
    if (is_isatap(bytes) && !is_public_v4(v4_at(bytes, 12))) return false;
    return true;
}

/// An IPv4 address that is written as IPv6 as the IPv4 address it is.
IpAddress unmapped(const IpAddress& address) {
    if (!address.is_v6 || !starts_with(address.bytes, mapped, 96)) return address;
    IpAddress plain;
    std::copy_n(address.bytes.begin() + 12, 4, plain.bytes.begin());
    return plain;
}

}  // namespace

std::optional<IpAddress> address_of(const sockaddr* address) {
    IpAddress found;
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        std::memcpy(found.bytes.data(), &v4.sin_addr, 4);
        return found;
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        std::memcpy(found.bytes.data(), &v6.sin6_addr, 16);
        found.is_v6 = true;
        return found;
    }
    return std::nullopt;
}

std::optional<IpAddress> parse_address(std::string_view text) {
    const std::string copy(text);
    IpAddress found;
    if (copy.find('\0') != std::string::npos) return std::nullopt;
    if (inet_pton(AF_INET, copy.c_str(), found.bytes.data()) == 1) return found;
    found.is_v6 = true;
    if (inet_pton(AF_INET6, copy.c_str(), found.bytes.data()) == 1) return found;
    return std::nullopt;
}

bool may_connect(const sockaddr* address, const NetworkList* allowed) {
    if (allowed == nullptr) return true;
    const auto ip = address_of(address);
    return ip && may_connect(*ip, *allowed);
}

bool is_public_address(const IpAddress& address) {
    return address.is_v6 ? is_public_v6(address.bytes) : is_public_v4(v4_at(address.bytes, 0));
}

Result<NetworkList> NetworkList::parse(const std::vector<std::string>& networks) {
    NetworkList list;
    Error error = make_error(ErrorCode::config_invalid, "not all allowed networks are networks");
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const std::string_view text = networks[i];
        const std::size_t slash = text.find('/');
        const auto address = parse_address(text.substr(0, slash));
        const std::int64_t most = address && address->is_v6 ? 128 : 32;
        const auto bits = slash == std::string_view::npos ? std::optional<std::int64_t>(most)
                                                          : parse_int(text.substr(slash + 1));
        if (!address || !bits || *bits < 0 || *bits > most) {
            error.problems.push_back({"$[" + std::to_string(i) + "]", "invalid",
                                      "must be a network such as 10.0.0.0/8 or fd00::/8"});
            continue;
        }
        list.networks_.push_back({*address, static_cast<unsigned>(*bits)});
    }
    if (!error.problems.empty()) return error;
    return list;
}

bool NetworkList::contains(const IpAddress& address) const {
    const IpAddress plain = unmapped(address);
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return network.first.is_v6 == plain.is_v6 &&
               same_bits(network.first.bytes.data(), plain.bytes.data(), network.bits);
    });
}

}  // namespace hongyan
