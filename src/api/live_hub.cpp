#include "api/live_hub.hpp"

#include <algorithm>

#include "api/live_feed.hpp"
#include "api/live_screen.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"

namespace hongyan::api {
namespace {

/// The shortest time between two deltas: at most two in a second.
constexpr std::int64_t beat_us = 500'000;
/// How often it is asked whether the keys of open connections still hold.
constexpr std::int64_t key_check_us = 10'000'000;
constexpr std::size_t most_tickets = 10'000;
constexpr std::size_t most_tickets_per_key = 100;
constexpr std::size_t ticket_bytes = 24;

template <class Map, class Key>
std::size_t count_in(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? 0 : found->second;
}

Error too_many(ErrorCode code, std::string detail) {
    auto error = make_error(code, std::move(detail));
    error.retry_after = Millis(5'000);
    return error;
}

}  // namespace

LiveHub::LiveHub(const Context& context, Limits limits) : context_(context), limits_(limits) {}

LiveHub::~LiveHub() { stop(); }

void LiveHub::start() {
    thread_ = start_thread("live", [this] { loop(); });
}

void LiveHub::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void LiveHub::drop_old_tickets(std::int64_t now_us) {
    std::erase_if(tickets_, [&](const auto& entry) { return entry.second.until_us <= now_us; });
}

Result<std::string> LiveHub::make_ticket(const Caller& caller) {
    const auto now_us = context_.clock.steady_us();
    const std::lock_guard lock(mutex_);
    drop_old_tickets(now_us);
    std::size_t own = 0;
    for (const auto& [word, ticket] : tickets_) own += ticket.key_id == caller.key_id ? 1 : 0;
    if (own >= most_tickets_per_key || tickets_.size() >= most_tickets)
        return too_many(ErrorCode::rate_limited, "Too many tickets are not used yet.");
    std::string word = to_base64url(random_bytes(ticket_bytes));
    tickets_.emplace(word,
                     Ticket{caller.tenant_id, caller.key_id, now_us + ticket_seconds * 1'000'000});
    return word;
}

bool LiveHub::holds(std::string_view ticket) const {
    const std::lock_guard lock(mutex_);
    const auto found = tickets_.find(ticket);
    return found != tickets_.end() && found->second.until_us > context_.clock.steady_us();
}

Result<std::shared_ptr<http::SocketHandler>> LiveHub::open(std::string_view ticket,
                                                           std::string_view address) {
    const std::lock_guard lock(mutex_);
    drop_old_tickets(context_.clock.steady_us());
    const auto found = tickets_.find(ticket);
    if (found == tickets_.end())
        return make_error(ErrorCode::unauthorized, "This ticket is unknown, used or too old.");
    const Ticket taken = found->second;
    tickets_.erase(found);
    if (stopping_ || screens_.size() >= limits_.all)
        return too_many(ErrorCode::overloaded, "Too many live connections are open.");
    if (count_in(by_key_, taken.key_id) >= limits_.per_key)
        return too_many(ErrorCode::rate_limited, "Too many live connections of this key are open.");
    if (count_in(by_address_, address) >= limits_.per_address)
        return too_many(ErrorCode::rate_limited,
                        "Too many live connections from this address are open.");
    auto screen =
        std::make_shared<LiveScreen>(*this, taken.tenant_id, taken.key_id, std::string(address));
    ++by_key_[taken.key_id];
    ++by_address_[screen->address];
    screens_.insert(screen);
    return std::shared_ptr<http::SocketHandler>(std::move(screen));
}

void LiveHub::left(LiveScreen& screen) {
    const std::lock_guard lock(mutex_);
    if (screens_.erase(screen.shared_from_this()) == 0) return;
    if (--by_key_[screen.key_id] == 0) by_key_.erase(screen.key_id);
    if (--by_address_[screen.address] == 0) by_address_.erase(screen.address);
}

std::size_t LiveHub::screens() const {
    const std::lock_guard lock(mutex_);
    return screens_.size();
}

void LiveHub::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_all();
}

/// False when the hub stops. Without a screen it sleeps until one comes.
bool LiveHub::wait_for_work(std::unique_lock<std::mutex>& lock) {
    if (screens_.empty()) {
        feeds_.clear();
        changed_.wait(lock, [this] { return stopping_ || woken_; });
    } else {
        const auto pause_us =
            std::clamp<std::int64_t>(next_us_ - context_.clock.steady_us(), 1'000, beat_us);
        changed_.wait_for(lock, std::chrono::microseconds(pause_us),
                          [this] { return stopping_ || woken_; });
    }
    woken_ = false;
    return !stopping_;
}

void LiveHub::loop() {
    std::int64_t checked_us = context_.clock.steady_us();
    std::unique_lock lock(mutex_);
    while (wait_for_work(lock)) {
        const Screens screens = screens_;
        lock.unlock();
        serve(screens);
        const auto now_us = context_.clock.steady_us();
        if (now_us - checked_us >= key_check_us) {
            check_keys(screens);
            checked_us = now_us;
        }
        lock.lock();
    }
}

void LiveHub::serve(const Screens& screens) {
    std::map<std::int64_t, std::vector<LiveScreen*>> by_tenant;
    for (const auto& screen : screens) {
        auto& of_tenant = by_tenant[screen->tenant_id];
        if (screen->wants_updates()) of_tenant.push_back(screen.get());
    }
    std::erase_if(feeds_, [&](const auto& entry) { return !by_tenant.contains(entry.first); });
    next_us_ = context_.clock.steady_us() + beat_us;
    for (const auto& [tenant_id, of_tenant] : by_tenant) {
        if (of_tenant.empty()) continue;
        auto& feed = feeds_[tenant_id];
        if (feed == nullptr) feed = std::make_unique<LiveFeed>(context_, tenant_id);
        const auto age_us = context_.clock.steady_us() - feed->updated_us();
        const bool is_due = feed->updated_us() == 0 || age_us >= beat_us;
        if (is_due)
            feed->update();
        else
            feed->forget_delta();
        next_us_ = std::min(next_us_, feed->updated_us() + beat_us);
        for (auto* screen : of_tenant) screen->serve(*feed);
    }
}

void LiveHub::check_keys(const Screens& screens) {
    for (const auto& screen : screens) {
        const auto key = context_.keys.find(screen->key_id);
        const bool holds = key != nullptr && key->tenant_id == screen->tenant_id &&
                           (scope_bits(key->scopes) & scope_read) != 0;
        if (!holds) screen->close(http::CloseCode::policy, "the key was revoked or has expired");
    }
}

}  // namespace hongyan::api
