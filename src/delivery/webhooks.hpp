// Webhooks: tells senders what became of their messages, at the callback_url they gave, signed as
// Standard Webhooks. Events stand in the store and wait there; one thread looks for those that are
// due, the HTTP client carries them, a few at a time for each endpoint, so that a slow one delays
// no other. An event is sent at least once, with the same webhook-id each time. Members are safe
// from every thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/vault.hpp"
#include "contract/outbound.hpp"
#include "delivery/delivery.hpp"
#include "table/webhooks.hpp"

namespace hongyan::delivery {

class Webhooks {
  public:
    /// All must outlive it.
    Webhooks(Store& store, Delivery& delivery, Outbound& outbound, const Vault& vault,
             const Clock& clock, Log& log);
    ~Webhooks();

    void start();
    /// Waits for what is under way, at most its time-out.
    void stop();
    /// Looks at once.
    void wake();
    [[nodiscard]] std::int64_t in_flight() const;

    /// The secrets of an endpoint as they sign now: the newest first.
    [[nodiscard]] static std::vector<std::string> secrets_of(const table::EndpointRow& endpoint,
                                                             const Vault& vault,
                                                             std::int64_t now_ms);
    /// Seals a fresh secret into the row; the one that stood signs on until until_ms.
    [[nodiscard]] static std::string renew_secret(table::EndpointRow& endpoint, const Vault& vault,
                                                  std::int64_t until_ms);

  private:
    void loop();
    void look();
    [[nodiscard]] bool enter(const table::EventRow& event);
    void leave(const table::EventRow& event);
    void send(table::EventRow event, const table::EndpointRow& endpoint);
    void settle(table::EventRow event, const OutboundReply& reply);

    Store& store_;
    Delivery& delivery_;
    Outbound& outbound_;
    const Vault& vault_;
    const Clock& clock_;
    Log& log_;
    std::thread thread_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    std::set<std::int64_t> under_way_;         ///< events
    std::set<std::int64_t> settled_;           ///< events, since the last look began
    std::map<std::int64_t, int> by_endpoint_;  ///< events under way
    bool woken_ = false;
    bool stopping_ = false;
};

}  // namespace hongyan::delivery
