// ServerContext: what all I/O threads of a server share, constant after start. Kept alive by each
// Exchange in flight through its Worker, because a Responder may outlive the Server.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/connection_limits.hpp"
#include "http/server.hpp"

namespace hongyan::http {

struct ServerContext {
    ServerOptions options;
    Router router;
    ErrorWriter error_writer;
    const Clock& clock;
    AccessLog access_log = nullptr;
    Log* log = nullptr;
    ConnectionLimits limits{{options.max_connections, options.max_connections_per_address}};
};

}  // namespace hongyan::http
