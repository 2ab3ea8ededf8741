// CurlOutbound: the HTTP client of the server, over libcurl. One thread (or a few) carries
// thousands of calls; connections are kept and, over HTTP/2, shared by many calls. A request is
// written to at most one connection: libcurl's own repeat on a fresh connection is stopped unless
// nothing had been written or the server said that it did not process the request (HTTP/2
// REFUSED_STREAM, GOAWAY), so `lost` and `not_sent` are what they say. done is called from a thread
// of the client and must not block; it may call call(). The destructor ends what is under way and
// calls its done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "contract/outbound.hpp"

namespace hongyan::curl {

struct CurlOptions {
    /// Networks (CIDR) that URLs of UrlTrust::users may reach besides public addresses.
    std::vector<std::string> allowed_networks;
    std::size_t max_in_flight = 2000;  ///< of all threads together; more wait; half for one host
    std::size_t max_per_host = 64;     ///< connections to one host and port in one group
    int threads = 1;                   ///< calls of one origin and group stay on one thread
    std::string user_agent;            ///< unless a request names its own; "" = none
    /// A connection that was idle longer is not used again: many servers close theirs after a
    /// minute, and a request on a connection that is closing is lost.
    int max_idle_seconds = 50;
};

class Loop;

class CurlOutbound final : public Outbound {
  public:
    /// Errors: config_invalid (a network that is none), unavailable (no descriptors, no threads).
    [[nodiscard]] static Result<std::unique_ptr<CurlOutbound>> open(CurlOptions options,
                                                                    const Clock& clock, Log& log);
    ~CurlOutbound() override;
    CurlOutbound(const CurlOutbound&) = delete;
    CurlOutbound& operator=(const CurlOutbound&) = delete;

    void call(OutboundRequest request, OutboundDone done) override;

  private:
    CurlOutbound(const Clock& clock, std::vector<std::unique_ptr<Loop>> loops);

    const Clock& clock_;
    std::vector<std::unique_ptr<Loop>> loops_;  ///< fixed until the destructor
};

}  // namespace hongyan::curl
