// Outbound: the one HTTP client. Providers, webhooks and the simulators' receipts all go through
// it, so that the guard against private addresses, the budgets and the connection reuse exist once.
// Many calls share few threads: call() returns at once and done comes once, from a thread of the
// client, within the request's total time-out (plus one second). Redirects are never followed. All
// members are safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/unique_function.hpp"

namespace hongyan {

/// Who chose the URL decides where it may lead; see docs/decisions on the private-address guard.
enum class UrlTrust : std::uint8_t {
    operators,  ///< the operator's own settings: any address
    users,  ///< a sender or tenant chose it: public addresses and the operator's allow-list only,
            ///< checked for each address connected to, after resolving
};

enum class HttpVersion : std::uint8_t {
    any,    ///< HTTP/2 where TLS negotiates it, else 1.1
    http1,  ///< 1.1 only
    http2,  ///< 2 only, also without TLS (prior knowledge)
};

struct OutboundRequest {
    std::string method = "POST";
    std::string url;  ///< absolute, http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< sent exactly as it is
    UrlTrust trust = UrlTrust::operators;
    HttpVersion version = HttpVersion::any;
    Millis connect_timeout{3'000};
    Millis timeout{10'000};  ///< from call() to the last byte of the answer
    std::size_t max_reply_bytes = std::size_t{1}
                                  << 20;  ///< of the body after decoding; more is `lost`
    /// Where the status says all (webhooks): a longer body is cut, and the call is answered.
    bool cut_reply = false;
    std::string ca_file;  ///< PEM trusted instead of the system's; "" = the system's
    std::string user;     ///< HTTP Basic; "" = none
    std::string password;
    /// Connections are shared only inside one group (APNs: one team a connection); "" = by origin.
    std::string group;
};

/// How a call ended. The difference between not_sent and lost decides whether it may be repeated.
enum class CallEnd : std::uint8_t {
    answered,  ///< a whole answer came; see status
    refused,   ///< the guard or the URL's form forbade it; nothing was sent
    not_sent,  ///< name, connection or TLS failed; not a byte of the request left
    lost,      ///< bytes of the request left, and no whole answer came: nobody knows what happened
};

struct OutboundReply {
    CallEnd end = CallEnd::not_sent;
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;
    std::string detail;  ///< why, for the operator, if end is not answered
    std::int64_t started_ms = 0;
    std::int64_t duration_us = 0;

    /// The first header of that lower-case name, or "".
    [[nodiscard]] std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
};

using OutboundDone = UniqueFunction<void(OutboundReply)>;

class Outbound {
  public:
    virtual ~Outbound() = default;
    /// Never blocks. Beyond the client's own limit of calls under way, requests wait inside their
    /// time-out.
    virtual void call(OutboundRequest request, OutboundDone done) = 0;
};

}  // namespace hongyan
