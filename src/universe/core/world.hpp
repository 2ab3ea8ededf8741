// World: what the services of the universe share: the inbox of what people would see, the ledger of
// what really arrived, the settings (credentials, limits) and chaos of the universe's file, timers,
// and the way receipts go out. Implemented by Universe (universe.hpp); services and their tests see
// only this. All members are safe from every thread and never block on the network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/unique_function.hpp"
#include "contract/outbound.hpp"
#include "model/enums.hpp"

namespace hongyan::universe {

/// A message as it reached a service and would reach a person.
struct Arrival {
    std::string service;
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string sender;   ///< signature, from address, app, bot
    std::string subject;  ///< or title
    std::string content;
    std::string html;
    std::string provider_message_id;  ///< the id the service gave it
    std::string token;       ///< the idempotency token or our message id, if the sender gave one
    std::string detail;      ///< JSON object: what else the receiver's device would know
    std::string raw;         ///< the request or mail as it came (cut at 256 KiB)
    bool duplicate = false;  ///< recognised by its token as sent before; not shown again
};

/// What the chaos script has drawn for one request. Each is done by the listener that reads the
/// request: HTTP by the core, SMTP and SMPP by their services.
struct Fate {
    Millis latency{0};  ///< wait before anything else
    std::string fault;  ///< "" or what to answer instead, see HttpService::fault
    int status = 0;     ///< with fault "status": this HTTP status
    std::int64_t retry_after_seconds = -1;  ///< >= 0: a Retry-After beside the fault
    bool hang = false;                      ///< take the request, never answer, keep the connection
    bool cut_before = false;                ///< close without handling the request
    bool cut_after = false;    ///< handle it (it arrives), then close without an answer
    bool half_answer = false;  ///< handle it, send half of the answer, close
};

/// How a receipt goes out, as drawn from the chaos script.
struct ReceiptFate {
    Millis delay{50};
    bool lost = false;
    bool early = false;   ///< before the answer to the send itself
    int copies = 1;       ///< 2 and more: duplicates
    bool forged = false;  ///< one more, with a signature that does not fit
    bool fails = false;   ///< says "failed" where it would say "delivered"
};

class World {
  public:
    virtual ~World() = default;
    [[nodiscard]] virtual const Clock& clock() const = 0;
    [[nodiscard]] virtual Log& log() = 0;
    /// A credential or limit: from the universe's file, else the service's default.
    [[nodiscard]] virtual std::string setting(std::string_view service,
                                              std::string_view name) const = 0;
    /// "http://127.0.0.1:8090/aliyun": where the service is reached; with tls "https://...".
    [[nodiscard]] virtual std::string base_url(std::string_view service,
                                               bool tls = false) const = 0;
    /// "127.0.0.1:2525" of a WireService that runs, else "".
    [[nodiscard]] virtual std::string wire_address(std::string_view service) const = 0;
    /// PEM file of the authority that signed the universe's certificate; "" before TLS is set up.
    [[nodiscard]] virtual std::string ca_file() const = 0;
    /// PEM files of the certificate (localhost, 127.0.0.1, ::1) and its key, for WireServices.
    [[nodiscard]] virtual std::string certificate_file() const = 0;
    [[nodiscard]] virtual std::string key_file() const = 0;

    /// Notes an arrival: ledger first, then inbox. Gives its sequence number.
    virtual std::uint64_t arrived(Arrival arrival) = 0;
    /// A number for ids, rising, unlike across restarts.
    [[nodiscard]] virtual std::uint64_t next_number() = 0;

    /// Draws for one request. recipient may be "" if it is not known yet; a recipient that holds
    /// "fail-rate-limited", "fail-server-error", "fail-hang", "fail-cut-before", "fail-cut-after"
    /// or "slow-N" gets that fate whatever the script says.
    [[nodiscard]] virtual Fate draw(std::string_view service, std::string_view recipient) = 0;
    [[nodiscard]] virtual ReceiptFate draw_receipt(std::string_view service,
                                                   std::string_view recipient) = 0;
    /// Runs work on a thread of the world after a pause.
    virtual void later(Millis pause, UniqueFunction<void()> work) = 0;
    /// Sends a callback to whoever asked for receipts; repeats with pauses while it is not answered
    /// 2xx, at most times tries.
    virtual void call_back(OutboundRequest request, int tries = 5) = 0;
};

}  // namespace hongyan::universe
