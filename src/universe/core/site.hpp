// Site: what stands between the listener, which reads and writes HTTP, and the services, which
// answer: begin() finds the service and draws the request's fate, finish() makes the answer. The
// listener does the waiting, cutting and halving. Called from the listener's threads at once; never
// blocks.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe {

/// A request on its way through the site.
struct Visit {
    ServiceRequest request;
    HttpService* service = nullptr;  ///< null: the universe's own API, or nothing
    Fate fate;                       ///< the listener waits fate.latency before finish()
};

/// What the listener does with a request.
struct Answer {
    enum class Kind : std::uint8_t {
        reply,
        hang,    ///< never answer, keep the connection
        cut,     ///< close the connection without an answer
        half,    ///< send half of the answer, then close
        goaway,  ///< HTTP/2: refuse by GOAWAY; HTTP/1: answer and close
    };
    Kind kind = Kind::reply;
    ServiceReply reply;
    Millis pause{0};  ///< before the reply leaves
};

class Site {
  public:
    virtual ~Site() = default;
    [[nodiscard]] virtual Visit begin(ServiceRequest request) = 0;
    [[nodiscard]] virtual Answer finish(Visit& visit) = 0;
};

}  // namespace hongyan::universe
