#include "api/context.hpp"

namespace hongyan::api {

std::string Context::public_url() const {
    if (!settings.public_url.empty()) return settings.public_url;
    return listen_url.empty() ? "http://" + settings.listen : listen_url;
}

std::string Context::public_url(const http::Request& request) const {
    if (!settings.public_url.empty()) return settings.public_url;
    const auto host = request.header("host");
    return host.empty() ? public_url() : "http://" + std::string(host);
}

}  // namespace hongyan::api
