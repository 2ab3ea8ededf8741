#include "delivery/webhooks.hpp"

#include <algorithm>

#include "base/thread.hpp"
#include "delivery/webhook_rule.hpp"
#include "kit/standard_webhooks.hpp"

namespace hongyan::delivery {
namespace {

constexpr Millis look_again{500};
constexpr Millis longest_wait{20'000};
constexpr int most_per_endpoint = 4;
constexpr int endpoints_at_once = 64;
constexpr int most_pages = 1'000;
constexpr std::int64_t count_every_us = 500'000;
constexpr std::int64_t most_counted = 100'000;
constexpr Millis answer_timeout{15'000};

std::string owner_of(const table::EndpointRow& endpoint) {
    return "webhook:" + std::to_string(endpoint.tenant_id) + ":" + endpoint.url;
}

}  // namespace

Webhooks::Webhooks(Store& store, Delivery& delivery, Outbound& outbound, const Vault& vault,
                   const Clock& clock, Log& log, std::function<bool()> leads)
    : store_(store),
      delivery_(delivery),
      outbound_(outbound),
      vault_(vault),
      clock_(clock),
      log_(log),
      leads_(std::move(leads)),
      pool_({"notifier", 5, 20, 1'000, 0.8, 0.2},
            {[this] { return in_flight(); }, [this] { return due_.load(); },
             [this] { return completed_.load(); }},
            clock, log) {
    pool_.on_resize([this] { wake(); });
}

Webhooks::~Webhooks() { stop(); }

std::vector<std::string> Webhooks::secrets_of(const table::EndpointRow& endpoint,
                                              const Vault& vault, std::int64_t now_ms) {
    std::vector<std::string> secrets;
    const auto add = [&](const std::string& sealed) {
        if (sealed.empty()) return;
        if (auto opened = vault.open_sealed(sealed, owner_of(endpoint)); opened)
            secrets.push_back(std::move(*opened));
    };
    add(endpoint.secret);
    if (now_ms < endpoint.previous_until_ms) add(endpoint.previous_secret);
    return secrets;
}

std::string Webhooks::renew_secret(table::EndpointRow& endpoint, const Vault& vault,
                                   std::int64_t until_ms) {
    auto secret = kit::make_webhook_secret();
    endpoint.previous_secret = std::move(endpoint.secret);
    endpoint.previous_until_ms = until_ms;
    endpoint.secret = vault.seal(secret, owner_of(endpoint));
    return secret;
}

void Webhooks::start() {
    thread_ = start_thread("webhooks", [this] { loop(); });
}

void Webhooks::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, longest_wait, [this] { return under_way_.empty(); });
}

void Webhooks::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    wake_.notify_all();
}

std::int64_t Webhooks::in_flight() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(under_way_.size());
}

void Webhooks::loop() {
    while (true) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, look_again, [this] { return woken_ || stopping_; });
            woken_ = false;
            if (stopping_) return;
        }
        look();
    }
}

bool Webhooks::has_room() const {
    const std::lock_guard lock(mutex_);
    return !stopping_ && static_cast<int>(under_way_.size()) < pool_.size();
}

int Webhooks::room_of(const table::EndpointRow& endpoint) {
    const bool failing = endpoint.failing_since_ms != 0;
    const std::lock_guard lock(mutex_);
    const auto found = by_endpoint_.find(endpoint.id);
    const int taken = found == by_endpoint_.end() ? 0 : found->second.under_way;
    int room = (failing ? 1 : most_per_endpoint) - taken;
    // The other half is for those that answer.
    if (failing) room = std::min(room, std::max(1, pool_.size() / 2) - failing_under_way_);
    return std::min(room, pool_.size() - static_cast<int>(under_way_.size()));
}

/// False if the event is under way already, or was a moment ago.
bool Webhooks::enter(const table::EventRow& event, bool failing) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || settled_.contains(event.id) || !under_way_.insert(event.id).second)
        return false;
    Receiver& receiver = by_endpoint_[event.endpoint_id];
    if (receiver.under_way++ == 0) {
        receiver.failing = failing;
        if (failing) ++failing_under_way_;
    }
    return true;
}

void Webhooks::leave(const table::EventRow& event) {
    {
        const std::lock_guard lock(mutex_);
        under_way_.erase(event.id);
        settled_.insert(event.id);
        const auto found = by_endpoint_.find(event.endpoint_id);
        if (found != by_endpoint_.end() && --found->second.under_way <= 0) {
            if (found->second.failing) --failing_under_way_;
            by_endpoint_.erase(found);
        }
        woken_ = true;
    }
    wake_.notify_all();
}

/// For the pool's rule; not at every look, for a long queue takes a moment.
void Webhooks::count(Session& session, std::int64_t now_ms) {
    const auto now_us = clock_.steady_us();
    if (counted_us_ >= 0 && now_us - counted_us_ < count_every_us) return;
    counted_us_ = now_us;
    due_ = std::max<std::int64_t>(
        0, table::count_due_events(session, now_ms, most_counted) - in_flight());
}

/// What is due, endpoint by endpoint in turn, as far as there is room.
void Webhooks::collect(Session& session, std::int64_t now_ms, std::vector<Going>& going) {
    bool from_the_start = false;
    const auto began_after = after_endpoint_;
    for (int page = 0; page < most_pages && has_room(); ++page) {
        const auto endpoints =
            table::due_endpoints(session, now_ms, after_endpoint_, endpoints_at_once);
        for (const auto& endpoint : endpoints) {
            if (from_the_start && endpoint.id > began_after) return;
            if (!has_room()) return;
            after_endpoint_ = endpoint.id;
            int room = room_of(endpoint);
            if (room <= 0) continue;
            std::size_t hidden = 0;  // those under way and just settled stand in front as before
            {
                const std::lock_guard lock(mutex_);
                hidden = settled_.size() + most_per_endpoint;
            }
            const auto limit = static_cast<int>(hidden) + room;
            for (auto& event : table::due_events(session, endpoint.id, now_ms, limit)) {
                if (room <= 0) break;
                if (!enter(event, endpoint.failing_since_ms != 0)) continue;
                --room;
                going.push_back({std::move(event), endpoint});
            }
        }
        if (static_cast<int>(endpoints.size()) == endpoints_at_once) continue;
        if (from_the_start || began_after == 0) return;
        from_the_start = true;
        after_endpoint_ = 0;
    }
}

void Webhooks::look() {
    if (leads_ && !leads_()) return;
    std::vector<Going> going;
    const auto now = clock_.now_ms();
    {
        // What is settled from here on is older in the snapshot below than it is.
        const std::lock_guard lock(mutex_);
        settled_.clear();
    }
    const auto read = store_.read([&](Session& session) {
        count(session, now);
        collect(session, now, going);
    });
    if (!read) log_.error("read_failed", {{"detail", read.error().detail}});
    for (auto& one : going) send(std::move(one.event), one.endpoint);
}

void Webhooks::send(table::EventRow event, const table::EndpointRow& endpoint) {
    auto secrets = secrets_of(endpoint, vault_, clock_.now_ms());
    if (secrets.empty()) {
        // The first event of an endpoint makes its secret; it is sent once that is on disk.
        delivery_.change(
            [this, id = endpoint.id](Session& session, Counts&) {
                auto row = table::find_endpoint(session, id);
                if (!row || !secrets_of(*row, vault_, clock_.now_ms()).empty()) return;
                std::ignore = renew_secret(*row, vault_, 0);
                row->previous_secret.clear();
                table::update_endpoint(session, *row);
            },
            [this, event](const Status&) { leave(event); });
        return;
    }
    const auto timestamp = clock_.now_ms() / 1000;
    const std::string id = "evt_" + std::to_string(event.id);
    OutboundRequest request;
    request.url = endpoint.url;
    request.trust = UrlTrust::users;
    request.timeout = answer_timeout;
    request.max_reply_bytes = 64 * 1024;
    request.cut_reply = true;  // what a receiver says beside its status matters to nobody
    request.headers = {
        {"Content-Type", "application/json"},
        {"webhook-id", id},
        {"webhook-timestamp", std::to_string(timestamp)},
        {"webhook-signature", kit::sign_webhook(id, timestamp, event.body, secrets)}};
    request.body = event.body;
    outbound_.call(std::move(request),
                   [this, event = std::move(event)](OutboundReply reply) mutable {
                       settle(std::move(event), reply);
                   });
}

void Webhooks::settle(table::EventRow event, const OutboundReply& reply) {
    ++event.attempts;
    ++completed_;
    delivery_.change(
        [this, event, reply](Session& session, Counts&) mutable {
            auto endpoint = table::find_endpoint(session, event.endpoint_id);
            if (!endpoint) return;
            const auto now = clock_.now_ms();
            const auto v = judge_webhook(event, *endpoint, reply, now,
                                         static_cast<std::uint64_t>(event.id) * 2654435761U +
                                             static_cast<std::uint64_t>(event.attempts));
            event.last_status = reply.end == CallEnd::answered ? reply.status : 0;
            event.last_detail = v.detail;
            event.next_ms = endpoint->status == "active" ? v.next_ms : table::never_ms;
            if (v.delivered || v.given_up) {
                event.status = v.delivered ? "delivered" : "failed";
                event.finished_ms = now;
            }
            table::update_event(session, event);
            endpoint->updated_ms = now;
            if (v.delivered) {
                endpoint->failing_since_ms = 0;
                endpoint->last_success_ms = now;
            } else if (endpoint->failing_since_ms == 0) {
                endpoint->failing_since_ms = now;
            }
            if (v.disable && endpoint->status == "active") {
                endpoint->status = "disabled";
                endpoint->reason = v.detail;
                table::postpone_events(session, endpoint->id, table::never_ms);
                log_.warn("webhook_disabled", {{"endpoint", endpoint->id}, {"detail", v.detail}});
            }
            table::update_endpoint(session, *endpoint);
        },
        [this, event](const Status&) { leave(event); });
}

}  // namespace hongyan::delivery
