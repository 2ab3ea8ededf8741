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
};

}  // namespace hongyan::api
