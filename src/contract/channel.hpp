// Channel: the promise of one way to reach people. A channel checks content and recipient when a
// message is accepted (pure, on an I/O thread, microseconds) and sends later. send() returns at
// once; outcomes arrive by the sink, from any thread, once for each message, no thread waits for a
// provider. A channel never retries by itself: it reports the outcome's class, and delivery
// decides. To add a channel: a folder in channel/ that implements this header, and one line in
// app/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/message.hpp"

namespace hongyan {

/// What a message's text must keep to on this channel. Sizes in bytes of UTF-8; 0 = not used on
/// this channel.
struct ChannelLimits {
    std::size_t max_recipient = 320;
    std::size_t max_subject = 998;
    std::size_t max_content = 256 * 1024;
    std::size_t batch = 64;  ///< messages that one send() call takes at best
    std::size_t max_in_flight =
        64;  ///< messages handed over and not yet answered; delivery keeps to it
};

/// JSON Schema texts (2020-12) of a channel's settings, content and recipient, for the API document
/// and the console's forms.
struct ChannelShapes {
    std::string settings;
    std::string content;
    std::string recipient;
};

/// What the receiver would see; checked when the message is accepted.
struct Content {
    std::string_view subject;
    std::string_view content;
    std::string_view html;
    /// JSON object with what only one provider understands, one section by its name:
    /// {"aliyun":{"template_code":"SMS_1"}}; "" = none. Already rendered.
    std::string_view options = {};
};

/// A provider's later word about a message it took. The message is found by message_id if the
/// provider gave ours back, else by the account and provider_message_id.
struct Receipt {
    MessageId message_id = 0;
    std::string provider_message_id;
    /// delivered, failed, or success: an intermediate word that only stands in the trace
    MessageStatus status = MessageStatus::delivered;
    std::string code;        ///< the provider's own, e.g. "DELIVRD", "MK:0001"
    std::string detail;      ///< sentence for the operator
    std::int64_t at_ms = 0;  ///< when it happened by the provider's clock; 0 = now
    /// This recipient is not to be written to again on this channel (hard bounce, complaint, dead
    /// token): "" or why.
    std::string suppress;
    /// With suppress, if no message is known: whom.
    std::string recipient;
};

/// A receipt as it came in over HTTP, not yet trusted.
struct Callback {
    std::string account;
    std::string method = "POST";  ///< or GET, for checks of the URL
    std::string url;              ///< as the provider called it: scheme, host, path and query
    std::vector<std::pair<std::string, std::string>> query;    ///< decoded
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;
    std::string peer_address;

    [[nodiscard]] std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
    [[nodiscard]] std::string_view query_value(std::string_view name) const {
        for (const auto& [key, value] : query) {
            if (key == name) return value;
        }
        return {};
    }
};

/// Takes finished attempts; thread-safe; never blocks for long.
using OutcomeSink = std::function<void(std::vector<Sent>)>;

class Channel {
  public:
    virtual ~Channel() = default;
    [[nodiscard]] virtual ChannelKind kind() const = 0;
    /// The provider's name as it stands in traces, e.g. "sandbox", "smtp".
    [[nodiscard]] virtual std::string_view provider() const = 0;
    [[nodiscard]] virtual ChannelLimits limits() const = 0;
    [[nodiscard]] virtual const ChannelShapes& shapes() const = 0;
    /// Problems of recipient (path "$.recipient") and content ("$.subject", "$.content", "$.html");
    /// empty if all is well.
    [[nodiscard]] virtual std::vector<Problem> check(std::string_view recipient,
                                                     const Content& content) const = 0;
    /// True if the attempt's intent must be on disk before send() is called, because a repeat after
    /// a crash would be visible to the receiver.
    [[nodiscard]] virtual bool wants_intent() const = 0;
    /// Takes the sink and starts whatever threads it needs. Called once before the first send().
    virtual Status start(OutcomeSink sink) = 0;
    /// Hands messages over. Never blocks on the network; each message comes back through the sink
    /// exactly once.
    virtual void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) = 0;
    /// Verifies and reads a receipt; channels without receipts answer not_found.
    virtual Result<std::vector<Receipt>> receipt(const Callback& callback) = 0;
    /// Waits at most grace for what is in flight, then reports the rest as unknown or transient,
    /// truthfully.
    virtual void stop(Millis grace) = 0;
};

}  // namespace hongyan
