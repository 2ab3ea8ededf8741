#include "channel/aliyun/callback_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::aliyun {
namespace {

/// An address as 16 bytes, IPv4 mapped into IPv6, and how many of its bits count.
struct Network {
    std::array<unsigned char, 16> bytes{};
    int bits = 128;
};

std::optional<Network> parse_address(std::string_view text) {
    Network network;
    const std::string address(text);
    if (inet_pton(AF_INET6, address.c_str(), network.bytes.data()) == 1) return network;
    network.bytes = {};
    network.bytes[10] = network.bytes[11] = 0xFF;
    if (inet_pton(AF_INET, address.c_str(), network.bytes.data() + 12) == 1) return network;
    return std::nullopt;
}

std::optional<Network> parse_network(std::string_view text) {
    const auto slash = text.find('/');
    auto network = parse_address(text.substr(0, slash));
    if (!network || slash == std::string_view::npos) return network;
    const auto bits = parse_int(text.substr(slash + 1));
    const bool is_ipv4 = text.substr(0, slash).find(':') == std::string_view::npos;
    if (!bits || *bits < 0 || *bits > (is_ipv4 ? 32 : 128)) return std::nullopt;
    network->bits = static_cast<int>(*bits) + (is_ipv4 ? 96 : 0);
    return network;
}

bool covers(const Network& network, const Network& address) {
    for (int bit = 0; bit < network.bits; bit += 8) {
        const int left = std::min(8, network.bits - bit);
        const int mask = 0xFF << (8 - left) & 0xFF;
        const auto at = static_cast<std::size_t>(bit / 8);
        if ((network.bytes[at] & mask) != (address.bytes[at] & mask)) return false;
    }
    return true;
}

std::string_view last_path_part(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    return url.substr(url.rfind('/') + 1);
}

}  // namespace

bool is_network(std::string_view text) { return parse_network(text).has_value(); }

bool is_in(std::string_view address, const std::vector<std::string>& networks) {
    const auto from = parse_address(address);
    if (!from) return false;
    return std::any_of(networks.begin(), networks.end(), [&](const std::string& text) {
        const auto network = parse_network(text);
        return network && covers(*network, *from);
    });
}

Status check_trust(const Callback& callback, const CallbackTrust& trust) {
    if (trust.token.empty() && trust.networks.empty()) {
        return make_error(ErrorCode::unauthorized,
                          "This account takes no receipts: it has neither callback_token nor "
                          "callback_allowed_ips.");
    }
    if (!trust.networks.empty() && !is_in(callback.peer_address, trust.networks)) {
        return make_error(ErrorCode::unauthorized,
                          "The receipt came from an address that is not "
                          "in callback_allowed_ips.");
    }
    if (trust.token.empty()) return Done{};
    const bool in_query = equal_in_constant_time(callback.query_value("token"), trust.token);
    const bool in_path = equal_in_constant_time(last_path_part(callback.url), trust.token);
    if (in_query || in_path) return Done{};
    return make_error(ErrorCode::unauthorized, "The receipt's URL does not hold callback_token.");
}

}  // namespace hongyan::aliyun
