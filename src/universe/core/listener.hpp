// HttpListener: accepts connections on the plain and the TLS port and runs them on a few threads,
// one loop each. Owned by the Universe; open(), run() and stop() from one thread, in this order.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "universe/core/certificate.hpp"
#include "universe/core/site.hpp"

namespace hongyan::universe {

struct UniverseOptions;

class HttpListener {
  public:
    HttpListener(Site& site, const UniverseOptions& options, Log& log);
    ~HttpListener();
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;
    /// Binds the ports. Errors: config_invalid (host is not loopback), io_failed.
    [[nodiscard]] Status open(const CertificateFiles& certificate);
    /// Starts the threads.
    void run();
    /// Closes everything and ends the threads.
    void stop();
    [[nodiscard]] int http_port() const;   ///< 0: off
    [[nodiscard]] int https_port() const;  ///< 0: off
    /// True on one of its threads.
    [[nodiscard]] bool is_own_thread() const;

  private:
    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace hongyan::universe
