// Inbox: what the API shows of the built-in sandbox. app/ connects it to the channel; safe from
// every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/message.hpp"

namespace hongyan::api {

struct InboxEntry {
    std::int64_t sequence = 0;
    MessageId message_id = 0;
    ChannelKind channel = ChannelKind::sms;
    std::int32_t attempt = 1;
    std::int64_t received_ms = 0;
    std::string recipient;
    std::string subject;
    std::string content;
    std::string html;
};

/// What arrived at a simulated provider, as its receiver would see it.
struct ArrivalEntry {
    std::int64_t sequence = 0;
    std::int64_t received_ms = 0;
    std::string service;
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string sender;
    std::string subject;
    std::string content;
    std::string html;
    std::string provider_message_id;
    std::string token;   ///< what the sender gave to tell its messages apart, "" = none
    std::string detail;  ///< a JSON object, or ""
    std::string raw;
};

struct ArrivalQuestion {
    std::int64_t tenant_id = 1;
    std::string service;  ///< "" = any
    std::optional<ChannelKind> channel;
    std::string recipient;
    std::int64_t before_sequence = 0;
    std::size_t limit = 50;
};

struct InboxQuestion {
    std::int64_t tenant_id = 1;
    std::optional<ChannelKind> channel;
    std::string recipient;
    MessageId message_id = 0;
    std::int64_t before_sequence = 0;
    std::size_t limit = 50;
};

class Inbox {
  public:
    virtual ~Inbox() = default;
    /// Newest first.
    [[nodiscard]] virtual std::vector<InboxEntry> list(const InboxQuestion& question) const = 0;
    /// Empties one tenant's inbox; gives how many went.
    virtual std::size_t clear(std::int64_t tenant_id) = 0;
    /// Arrivals at the simulated providers, newest first, of all tenants but without those that
    /// were there when this tenant last emptied its inbox. Empty without such providers.
    [[nodiscard]] virtual std::vector<ArrivalEntry> arrivals(
        const ArrivalQuestion& question) const = 0;
};

}  // namespace hongyan::api
