// SQL of webhooks to senders: endpoints (one for each callback_url of a tenant) and events. Called
// inside a transaction or a snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/store.hpp"

namespace hongyan::table {

struct EndpointRow {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string url;
    std::string secret;           ///< sealed; "" = not made yet
    std::string previous_secret;  ///< sealed; valid until previous_until_ms
    std::int64_t previous_until_ms = 0;
    std::string status = "active";  ///< active or disabled
    std::string reason;             ///< why it is disabled
    std::int64_t failing_since_ms = 0;
    std::int64_t last_success_ms = 0;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct EventRow {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::int64_t endpoint_id = 0;
    std::int64_t message_id = 0;
    std::string type;
    std::string body;
    std::string status = "waiting";  ///< waiting, delivered or failed
    std::int64_t attempts = 0;
    std::int64_t next_ms = 0;
    std::int64_t last_status = 0;  ///< HTTP status, 0 = none
    std::string last_detail;
    std::int64_t created_ms = 0;
    std::int64_t finished_ms = 0;
};

struct EventCounts {
    std::int64_t waiting = 0;
    std::int64_t delivered = 0;
    std::int64_t failed = 0;
};

/// next_ms of the events of a disabled endpoint.
inline constexpr std::int64_t never_ms = 9'000'000'000'000'000;

/// Makes the endpoint if this is the first event for its URL.
void insert_event(Session& session, std::int64_t tenant_id, std::string_view url,
                  std::int64_t message_id, std::string_view type, std::string_view body,
                  std::int64_t now_ms);
[[nodiscard]] std::int64_t find_or_make_endpoint(Session& session, std::int64_t tenant_id,
                                                 std::string_view url, std::int64_t now_ms);
/// Active endpoints for which an event is due, in the order of their ids, after the given one.
[[nodiscard]] std::vector<EndpointRow> due_endpoints(Session& session, std::int64_t now_ms,
                                                     std::int64_t after_id, int limit);
/// The endpoint's events whose time has come, the longest due first.
[[nodiscard]] std::vector<EventRow> due_events(Session& session, std::int64_t endpoint_id,
                                               std::int64_t now_ms, int limit);
/// How many events are due, of all endpoints; counts no further than most.
[[nodiscard]] std::int64_t count_due_events(Session& session, std::int64_t now_ms,
                                            std::int64_t most);
[[nodiscard]] std::optional<EndpointRow> find_endpoint(Session& session, std::int64_t id);
[[nodiscard]] std::vector<EndpointRow> list_endpoints(Session& session, std::int64_t tenant_id,
                                                      std::int64_t after_id, int limit);
[[nodiscard]] std::vector<EndpointRow> all_endpoints(Session& session);
void update_endpoint(Session& session, const EndpointRow& row);
void update_event(Session& session, const EventRow& row);
/// All that waits for the endpoint gets this time.
void postpone_events(Session& session, std::int64_t endpoint_id, std::int64_t next_ms);
/// Events of that time go out again; gives how many.
[[nodiscard]] std::int64_t replay_events(Session& session, std::int64_t endpoint_id,
                                         std::int64_t from_ms, std::int64_t until_ms,
                                         bool failed_only, std::int64_t now_ms);
/// Newest first.
[[nodiscard]] std::vector<EventRow> list_events(Session& session, std::int64_t endpoint_id,
                                                std::string_view status, std::int64_t before_id,
                                                int limit);
/// Of one message, oldest first.
[[nodiscard]] std::vector<EventRow> message_events(Session& session, std::int64_t message_id);
[[nodiscard]] EventCounts count_events(Session& session, std::int64_t endpoint_id);
/// Ended ones of before; at most limit.
std::int64_t delete_events(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
