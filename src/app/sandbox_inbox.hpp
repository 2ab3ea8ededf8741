// SandboxInbox: shows the sandbox's inbox to the API, which may not know any channel. Safe from
// every thread.
#pragma once

#include "api/inbox.hpp"
#include "channel/sandbox/sandbox.hpp"

namespace hongyan::app {

class SandboxInbox final : public api::Inbox {
  public:
    explicit SandboxInbox(sandbox::Sandbox& sandbox) : sandbox_(sandbox) {}

    [[nodiscard]] std::vector<api::InboxEntry> list(
        const api::InboxQuestion& question) const override {
        sandbox::InboxFilter filter;
        filter.tenant_id = question.tenant_id;
        filter.channel = question.channel;
        filter.recipient = question.recipient;
        filter.message_id = question.message_id;
        filter.before_sequence = static_cast<std::uint64_t>(question.before_sequence);
        filter.limit = question.limit;
        std::vector<api::InboxEntry> entries;
        for (auto& item : sandbox_.list(filter)) {
            entries.push_back({static_cast<std::int64_t>(item.sequence), item.message_id,
                               item.channel, item.attempt, item.received_ms,
                               std::move(item.recipient), std::move(item.subject),
                               std::move(item.content), std::move(item.html)});
        }
        return entries;
    }
    std::size_t clear(std::int64_t tenant_id) override { return sandbox_.clear(tenant_id); }

  private:
    sandbox::Sandbox& sandbox_;
};

}  // namespace hongyan::app
