// The JSON of webhook endpoints and events. Private to webhooks.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shape/shape.hpp"
#include "table/webhooks.hpp"

namespace hongyan::api {

struct WebhookView {
    std::int64_t id = 0;
    std::string url;
    std::string status;
    std::string reason;
    std::int64_t waiting = 0;
    std::int64_t delivered = 0;
    std::int64_t failed = 0;
    std::optional<std::int64_t> failing_since;
    std::optional<std::int64_t> last_success_at;
    std::int64_t created_at = 0;
};
struct WebhookPage {
    std::vector<WebhookView> items;
    std::optional<std::string> next_cursor;
};
struct WebhookQuery {
    int limit = 50;
    std::string cursor;
};
struct WebhookRequest {
    std::string url;
};
struct WebhookPatch {
    std::string status;
};
struct WebhookSecret {
    std::int64_t id = 0;
    std::string url;
    std::string secret;
};
struct RotateRequest {
    std::int64_t overlap_seconds = 86'400;
};
struct WebhookEventView {
    std::int64_t id = 0;
    std::int64_t message_id = 0;
    std::string type;
    std::string status;
    std::int64_t attempts = 0;
    std::optional<std::int64_t> next_attempt_at;
    std::optional<std::int64_t> last_status;
    std::string last_detail;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> finished_at;
    std::string body;
};
struct WebhookEventPage {
    std::vector<WebhookEventView> items;
    std::optional<std::string> next_cursor;
};
struct WebhookEventQuery {
    std::optional<std::string> status;
    int limit = 50;
    std::string cursor;
};
struct ReplayRequest {
    std::int64_t from = 0;
    std::int64_t until = 0;
    bool failed_only = false;
};
struct ReplayReply {
    std::int64_t replayed = 0;
};

const shape::Object& describe(shape::Tag<WebhookView>);
const shape::Object& describe(shape::Tag<WebhookPage>);
const shape::Object& describe(shape::Tag<WebhookQuery>);
const shape::Object& describe(shape::Tag<WebhookRequest>);
const shape::Object& describe(shape::Tag<WebhookPatch>);
const shape::Object& describe(shape::Tag<WebhookSecret>);
const shape::Object& describe(shape::Tag<RotateRequest>);
const shape::Object& describe(shape::Tag<WebhookEventView>);
const shape::Object& describe(shape::Tag<WebhookEventPage>);
const shape::Object& describe(shape::Tag<WebhookEventQuery>);
const shape::Object& describe(shape::Tag<ReplayRequest>);
const shape::Object& describe(shape::Tag<ReplayReply>);

[[nodiscard]] WebhookView view_of(const table::EndpointRow& row, const table::EventCounts& counts);
[[nodiscard]] WebhookEventView view_of(const table::EventRow& row);

}  // namespace hongyan::api
