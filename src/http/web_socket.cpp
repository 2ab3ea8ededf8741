#include "http/web_socket.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::http {
namespace {

constexpr std::size_t key_bytes = 16;

bool names_token(std::string_view list, std::string_view token) {
    const auto items = split(list, ',');
    return std::any_of(items.begin(), items.end(),
                       [&](const auto& item) { return equals_ignoring_case(trim(item), token); });
}

/// "example.com:443" of "https://example.com"; "" if it is no origin.
std::string authority_of(std::string_view origin) {
    const auto colon = origin.find("://");
    if (colon == std::string_view::npos) return {};
    const auto scheme = origin.substr(0, colon);
    std::string authority = to_lower(origin.substr(colon + 3));
    if (authority.empty() || authority.find_first_of("/?#@ ") != std::string::npos) return {};
    const bool has_port = authority.rfind(':') != std::string::npos &&
                          authority.find(']', authority.rfind(':')) == std::string::npos;
    if (has_port) return authority;
    if (equals_ignoring_case(scheme, "https")) return authority + ":443";
    if (equals_ignoring_case(scheme, "http")) return authority + ":80";
    return {};
}

/// Host without a port: the one that the origin's scheme means.
bool is_authority(std::string_view host, std::string_view authority) {
    if (host.empty()) return false;
    const std::string lower = to_lower(host);
    return lower == authority || lower + ":443" == authority || lower + ":80" == authority;
}

Error bad(std::string detail) { return make_error(ErrorCode::bad_request, std::move(detail)); }

}  // namespace

std::optional<Error> upgrade_problem(const Request& request) {
    if (request.method != Method::get) return bad("a WebSocket begins with GET");
    if (!names_token(request.header("Upgrade"), "websocket"))
        return bad("this is a WebSocket: send 'Upgrade: websocket'");
    if (!names_token(request.header("Connection"), "upgrade"))
        return bad("send 'Connection: Upgrade'");
    if (request.header_count("Sec-WebSocket-Version") != 1 ||
        request.header("Sec-WebSocket-Version") != "13")
        return bad("send 'Sec-WebSocket-Version: 13', the only one spoken here");
    const auto key = request.header("Sec-WebSocket-Key");
    const auto decoded = from_base64(key);
    if (request.header_count("Sec-WebSocket-Key") != 1 || key.size() != 24 || !decoded ||
        decoded->size() != key_bytes)
        return bad("Sec-WebSocket-Key must be 16 bytes in base64");
    return std::nullopt;
}

bool is_same_origin(const Request& request, std::string_view allowed) {
    const auto count = request.header_count("Origin");
    if (count == 0) return true;
    if (count > 1) return false;
    const auto authority = authority_of(request.header("Origin"));
    if (authority.empty()) return false;
    return is_authority(request.header("Host"), authority) || is_authority(allowed, authority);
}

}  // namespace hongyan::http
