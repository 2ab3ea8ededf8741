// SandboxInbox: shows the sandbox's inbox and the arrivals at the simulated providers to the API,
// which may not know any channel. Safe from every thread.
#pragma once

#include <atomic>
#include <map>

#include "api/inbox.hpp"
#include "base/guarded.hpp"
#include "channel/sandbox/sandbox.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::app {

class SandboxInbox final : public api::Inbox {
  public:
    explicit SandboxInbox(sandbox::Sandbox& sandbox) : sandbox_(sandbox) {}

    /// Once they run; null when they end.
    void set_providers(const universe::Universe* providers) { providers_ = providers; }

    [[nodiscard]] std::vector<api::InboxEntry> list(
        const api::InboxQuestion& question) const override;
    std::size_t clear(std::int64_t tenant_id) override;
    [[nodiscard]] std::vector<api::ArrivalEntry> arrivals(
        const api::ArrivalQuestion& question) const override;

  private:
    sandbox::Sandbox& sandbox_;
    std::atomic<const universe::Universe*> providers_{nullptr};
    /// By tenant: arrivals up to this sequence are not shown to it any more.
    mutable Guarded<std::map<std::int64_t, std::uint64_t>> hidden_;
};

}  // namespace hongyan::app
