#include "delivery/webhooks.hpp"

#include "delivery/webhook_rule.hpp"
#include "kit/standard_webhooks.hpp"

namespace hongyan::delivery {
namespace {

constexpr Millis look_again{500};
constexpr Millis longest_wait{20'000};
constexpr int most_rows = 200;
constexpr int most_per_endpoint = 4;
constexpr std::size_t most_under_way = 200;
constexpr Millis answer_timeout{15'000};

std::string owner_of(const table::EndpointRow& endpoint) {
    return "webhook:" + std::to_string(endpoint.tenant_id) + ":" + endpoint.url;
}

}  // namespace

Webhooks::Webhooks(Store& store, Delivery& delivery, Outbound& outbound, const Vault& vault,
                   const Clock& clock, Log& log)
    : store_(store),
      delivery_(delivery),
      outbound_(outbound),
      vault_(vault),
      clock_(clock),
      log_(log) {}

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
    thread_ = std::thread([this] { loop(); });
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

/// False if an event is under way already, or its endpoint has enough.
bool Webhooks::enter(const table::EventRow& event) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || under_way_.size() >= most_under_way || settled_.contains(event.id))
        return false;
    int& count = by_endpoint_[event.endpoint_id];
    if (count >= most_per_endpoint || !under_way_.insert(event.id).second) return false;
    ++count;
    return true;
}

void Webhooks::leave(const table::EventRow& event) {
    {
        const std::lock_guard lock(mutex_);
        under_way_.erase(event.id);
        settled_.insert(event.id);
        const auto found = by_endpoint_.find(event.endpoint_id);
        if (found != by_endpoint_.end() && --found->second <= 0) by_endpoint_.erase(found);
        woken_ = true;
    }
    wake_.notify_all();
}

/// Sends what is due, endpoint by endpoint as each has room.
void Webhooks::look() {
    struct Going {
        table::EventRow event;
        table::EndpointRow endpoint;
    };
    std::vector<Going> going;
    const auto now = clock_.now_ms();
    {
        // What is settled from here on is older in the snapshot below than it is.
        const std::lock_guard lock(mutex_);
        settled_.clear();
    }
    const auto read = store_.read([&](Session& session) {
        std::int64_t after_ms = 0;
        std::int64_t after_id = 0;
        // Events of a full endpoint must not hide those of others behind them.
        for (int page = 0; page < 50 && going.size() < most_under_way; ++page) {
            const auto due = table::due_events(session, now, after_ms, after_id, most_rows);
            for (const auto& event : due) {
                after_ms = event.next_ms;
                after_id = event.id;
                if (!enter(event)) continue;
                auto endpoint = table::find_endpoint(session, event.endpoint_id);
                if (endpoint)
                    going.push_back({event, std::move(*endpoint)});
                else
                    leave(event);
            }
            if (static_cast<int>(due.size()) < most_rows) break;
        }
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
