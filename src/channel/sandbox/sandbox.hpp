// Sandbox: the pretended outside world of all channels that have no provider. It keeps what
// receivers would see in a bounded ring in memory (the inbox) and, if asked to, notes each arrival
// in a small binary ledger file that survives a kill (see ledger.hpp), so that tests can count what
// really arrived. One Sandbox is shared by the SandboxChannels; all members are safe from every
// thread. Sequence numbers rise by one with each arrival and go on after a restart if there is a
// ledger.
//
// Words inside a recipient steer the outcome, on every channel and whatever the rest says:
//   fail-transient  fail-permanent  fail-rate-limited  fail-unknown    always fails like that; with
//   "-N" behind it only the
//                                                                      first N attempts do, e.g.
//                                                                      fail-transient-2@example.com
//   slow-N                                                             answers after N milliseconds
//   (at most 600,000)
// A message whose outcome is "unknown" did arrive, only the answer was lost; any other failure
// means it did not arrive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/message.hpp"

namespace hongyan::sandbox {

struct SandboxOptions {
    std::size_t inbox_messages = 10'000;  ///< newest arrivals kept, at least 1
    std::size_t inbox_bytes =
        8 * 1024 * 1024;                ///< and of their text; memory is used only as it fills
    std::filesystem::path ledger_path;  ///< "" = no ledger
    int ledger_mib = 64;                ///< size at which it is renamed to PATH.1; 0 = no ledger
    int latency_ms = 0;                 ///< time each answer takes; 0 = answered inside send()
    double failure_percent = 0;  ///< share of attempts that fail, by seed, message and attempt
    OutcomeClass failure_class = OutcomeClass::transient;
    std::uint64_t seed = 0;
};

/// What one receiver got.
struct InboxItem {
    std::uint64_t sequence = 0;
    MessageId message_id = 0;
    std::int64_t tenant_id = 0;
    ChannelKind channel = ChannelKind::sms;
    std::int32_t attempt = 1;
    std::int64_t received_ms = 0;
    std::string recipient;
    std::string subject;
    std::string content;
    std::string html;
};

/// All conditions must hold; unset ones do not count.
struct InboxFilter {
    std::optional<std::int64_t> tenant_id;
    std::optional<ChannelKind> channel;
    std::string recipient;              ///< exact; "" = any
    MessageId message_id = 0;           ///< 0 = any
    std::uint64_t before_sequence = 0;  ///< only older ones, for the next page; 0 = from the newest
    std::size_t limit = 100;            ///< at most 1,000 are given
};

class Sandbox {
  public:
    /// Errors: io_failed when the ledger cannot be opened. clock and log must outlive the sandbox.
    static Result<std::unique_ptr<Sandbox>> open(const SandboxOptions& options, const Clock& clock,
                                                 Log& log);
    ~Sandbox();

    /// Newest first.
    [[nodiscard]] std::vector<InboxItem> list(const InboxFilter& filter) const;
    /// Empties the inbox of one tenant, or of all; answers how many went. The ledger stays.
    std::size_t clear(std::optional<std::int64_t> tenant_id);
    /// Arrivals so far, restarts included if there is a ledger: the newest sequence number.
    [[nodiscard]] std::uint64_t arrivals() const;

    // For SandboxChannel.
    [[nodiscard]] const SandboxOptions& options() const;
    [[nodiscard]] const Clock& clock() const;
    /// Decides the outcomes of attempts and records those that arrive, in one go. A message that
    /// the ledger cannot note is answered as transient.
    void settle(std::vector<Sent>& attempts);

  private:
    struct State;
    explicit Sandbox(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hongyan::sandbox
