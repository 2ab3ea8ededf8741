// LiveHub: the live connections of all monitoring screens. One thread computes, at most twice a
// second, what changed for each tenant that somebody watches, makes one text of it, and gives the
// same text to every screen of that tenant; while nobody watches it sleeps. A screen that does not
// keep up gets a fresh snapshot once it has taken what is on its way, instead of a queue of deltas.
// Also the keeper of the one-use tickets by which a browser, which cannot send a key with a
// WebSocket, shows who it is. make_ticket() and open() are safe from every thread; start() and
// stop() belong to app/. docs/decisions/0031-one-live-hub.md tells why.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "api/context.hpp"
#include "http/web_socket.hpp"

namespace hongyan::api {

class LiveFeed;
class LiveScreen;

class LiveHub {
  public:
    struct Limits {
        std::size_t all = 1'000;
        std::size_t per_key = 200;
        std::size_t per_address = 200;
    };
    static constexpr std::int64_t ticket_seconds = 30;

    /// context must outlive the hub.
    LiveHub(const Context& context, Limits limits);
    ~LiveHub();
    void start();
    /// After the HTTP server has stopped.
    void stop();

    /// A ticket for the caller's key and tenant. Errors: rate_limited (too many are not used yet).
    [[nodiscard]] Result<std::string> make_ticket(const Caller& caller);
    [[nodiscard]] bool holds(std::string_view ticket) const;
    /// Takes the ticket. Errors: unauthorized (no such ticket), rate_limited, overloaded.
    [[nodiscard]] Result<std::shared_ptr<http::SocketHandler>> open(std::string_view ticket,
                                                                    std::string_view address);
    [[nodiscard]] std::size_t screens() const;

  private:
    friend class LiveScreen;
    using Screens = std::set<std::shared_ptr<LiveScreen>>;
    struct Ticket {
        std::int64_t tenant_id = 1;
        std::int64_t key_id = 0;
        std::int64_t until_us = 0;
    };

    void loop();
    [[nodiscard]] bool wait_for_work(std::unique_lock<std::mutex>& lock);
    void serve(const Screens& screens);
    void check_keys(const Screens& screens);
    void wake();
    void left(LiveScreen& screen);
    void drop_old_tickets(std::int64_t now_us);

    const Context& context_;
    const Limits limits_;
    std::thread thread_;
    std::map<std::int64_t, std::unique_ptr<LiveFeed>> feeds_;  ///< by tenant; the thread's own
    std::int64_t next_us_ = 0;  ///< when the next update is due; the thread's own

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_:
    std::map<std::string, Ticket, std::less<>> tickets_;
    Screens screens_;
    std::map<std::int64_t, std::size_t> by_key_;
    std::map<std::string, std::size_t, std::less<>> by_address_;
    bool woken_ = false;
    bool stopping_ = false;
};

}  // namespace hongyan::api
