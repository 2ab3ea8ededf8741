// Webhooks: tells senders what became of their messages, at the callback_url they gave, signed as
// Standard Webhooks. Events stand in the store and wait there; one thread looks for those that are
// due, endpoint by endpoint in turn, and the HTTP client carries them. The size of the pool
// "notifier" is how many calls may be under way; an endpoint has a few of them, a failing one a
// single one, and all failing ones together at most half, so that dead receivers delay no other. An
// event is sent at least once, with the same webhook-id each time. Members are safe from every
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/vault.hpp"
#include "contract/outbound.hpp"
#include "delivery/delivery.hpp"
#include "delivery/pool.hpp"
#include "table/webhooks.hpp"

namespace hongyan::delivery {

class Webhooks {
  public:
    /// All must outlive it. leads: whether this node makes the calls now; null = always.
    Webhooks(Store& store, Delivery& delivery, Outbound& outbound, const Vault& vault,
             const Clock& clock, Log& log, std::function<bool()> leads = nullptr);
    ~Webhooks();

    void start();
    /// Waits for what is under way, at most its time-out.
    void stop();
    /// Looks at once.
    void wake();
    [[nodiscard]] std::int64_t in_flight() const;
    /// "notifier": active are calls under way, queued are events that are due, completed are calls
    /// that came back. Its keeper calls tick().
    [[nodiscard]] Pool& pool() { return pool_; }

    /// The secrets of an endpoint as they sign now: the newest first.
    [[nodiscard]] static std::vector<std::string> secrets_of(const table::EndpointRow& endpoint,
                                                             const Vault& vault,
                                                             std::int64_t now_ms);
    /// Seals a fresh secret into the row; the one that stood signs on until until_ms.
    [[nodiscard]] static std::string renew_secret(table::EndpointRow& endpoint, const Vault& vault,
                                                  std::int64_t until_ms);

  private:
    struct Going {
        table::EventRow event;
        table::EndpointRow endpoint;
    };
    struct Receiver {
        int under_way = 0;
        bool failing = false;
    };
    void loop();
    void look();
    void count(Session& session, std::int64_t now_ms);
    void collect(Session& session, std::int64_t now_ms, std::vector<Going>& going);
    /// How many more calls may be made; to a failing endpoint, if told so.
    [[nodiscard]] int room_of(const table::EndpointRow& endpoint);
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] bool enter(const table::EventRow& event, bool failing);
    void leave(const table::EventRow& event);
    void send(table::EventRow event, const table::EndpointRow& endpoint);
    void settle(table::EventRow event, const OutboundReply& reply);

    Store& store_;
    Delivery& delivery_;
    Outbound& outbound_;
    const Vault& vault_;
    const Clock& clock_;
    Log& log_;
    const std::function<bool()> leads_;
    std::atomic<std::int64_t> due_{0};        ///< events, at the last count
    std::atomic<std::int64_t> completed_{0};  ///< calls
    Pool pool_;
    std::thread thread_;
    // Of the thread only:
    std::int64_t after_endpoint_ = 0;  ///< whose turn was last
    std::int64_t counted_us_ = -1;     ///< steady time of the last count

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    std::set<std::int64_t> under_way_;  ///< events
    std::set<std::int64_t> settled_;    ///< events, since the last look began
    std::map<std::int64_t, Receiver> by_endpoint_;
    int failing_under_way_ = 0;
    bool woken_ = false;
    bool stopping_ = false;
};

}  // namespace hongyan::delivery
