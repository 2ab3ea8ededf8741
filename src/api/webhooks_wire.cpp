#include "api/webhooks_wire.hpp"

#include <array>

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::array<std::string_view, 2> endpoint_statuses{"active", "disabled"};
constexpr std::array<std::string_view, 3> event_statuses{"waiting", "delivered", "failed"};

std::optional<std::int64_t> time_or_none(std::int64_t ms) {
    if (ms == 0 || ms == table::never_ms) return std::nullopt;
    return ms;
}

std::optional<std::string> check_url(std::string_view url) {
    if (url.starts_with("http://") || url.starts_with("https://")) return std::nullopt;
    return "must be an absolute http:// or https:// URL";
}

}  // namespace

WebhookView view_of(const table::EndpointRow& row, const table::EventCounts& counts) {
    return {row.id,
            row.url,
            row.status,
            row.reason,
            counts.waiting,
            counts.delivered,
            counts.failed,
            time_or_none(row.failing_since_ms),
            time_or_none(row.last_success_ms),
            row.created_ms};
}

WebhookEventView view_of(const table::EventRow& row) {
    WebhookEventView v;
    v.id = row.id;
    v.message_id = row.message_id;
    v.type = row.type;
    v.status = row.status;
    v.attempts = row.attempts;
    if (row.status == "waiting") v.next_attempt_at = time_or_none(row.next_ms);
    if (row.last_status != 0) v.last_status = row.last_status;
    v.last_detail = row.last_detail;
    v.created_at = row.created_ms;
    v.finished_at = time_or_none(row.finished_ms);
    v.body = row.body;
    return v;
}

const shape::Object& describe(shape::Tag<WebhookView>) {
    using V = WebhookView;
    static const shape::Object object =
        shape::object<V>(
            "Webhook", "An address to which outcomes of messages are reported.",
            field("id", &V::id, "Id.").example(1),
            field("url", &V::url, "The callback_url of messages, or as it was added.")
                .example("https://example.com/hooks/hongyan"),
            field("status", &V::status, "A disabled one gets nothing; its events wait.")
                .one_of(endpoint_statuses)
                .example("active"),
            field("reason", &V::reason, "Why it is disabled.").omit_empty().example("HTTP 410"),
            field("waiting", &V::waiting, "Events that wait.").example(0),
            field("delivered", &V::delivered, "Events that were taken.").example(12),
            field("failed", &V::failed, "Events that were given up.").example(0),
            field("failing_since", &V::failing_since, "Since when it has taken nothing.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("last_success_at", &V::last_success_at, "When it took an event last.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("created_at", &V::created_at, "Since when it is known.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<WebhookPage>) {
    static const shape::Object object =
        shape::object<WebhookPage>(
            "WebhookPage", "Webhooks, oldest first.",
            field("items", &WebhookPage::items, "The webhooks."),
            field("next_cursor", &WebhookPage::next_cursor, "Give it as cursor for the next page.")
                .example("YzE6MTc"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<WebhookQuery>) {
    using Q = WebhookQuery;
    static const shape::Object object = shape::object<Q>(
        "WebhookQuery", "Which webhooks.",
        field("limit", &Q::limit, "How many at most.").between(1, 200).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<WebhookRequest>) {
    static const shape::Object object =
        shape::object<WebhookRequest>(
            "WebhookRequest", "An address to be known before the first message names it.",
            field("url", &WebhookRequest::url, "Exactly as messages will give it.")
                .required()
                .length(1, 2'048)
                .format("uri")
                .check(check_url)
                .example("https://example.com/hooks/hongyan"))
            .example_text(R"({"url":"https://example.com/hooks/hongyan"})");
    return object;
}

const shape::Object& describe(shape::Tag<WebhookPatch>) {
    static const shape::Object object =
        shape::object<WebhookPatch>("WebhookPatch", "Switches a webhook on or off.",
                                    field("status", &WebhookPatch::status, "The new status.")
                                        .required()
                                        .one_of(endpoint_statuses)
                                        .example("active"))
            .example_text(R"({"status":"active"})");
    return object;
}

const shape::Object& describe(shape::Tag<WebhookSecret>) {
    using V = WebhookSecret;
    static const shape::Object object =
        shape::object<V>(
            "WebhookSecret", "The secret with which reports are signed (Standard Webhooks).",
            field("id", &V::id, "Id of the webhook.").example(1),
            field("url", &V::url, "Its address.").example("https://example.com/hooks/hongyan"),
            field("secret", &V::secret, "Shown only here; kept encrypted.")
                .example("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<RotateRequest>) {
    static const shape::Object object =
        shape::object<RotateRequest>(
            "RotateRequest", "How long the old secret signs beside the new one.",
            field("overlap_seconds", &RotateRequest::overlap_seconds, "Seconds.")
                .between(std::int64_t{0}, std::int64_t{30 * 86'400})
                .default_value(86'400))
            .example_text(R"({"overlap_seconds":86400})");
    return object;
}

const shape::Object& describe(shape::Tag<WebhookEventView>) {
    using V = WebhookEventView;
    static const shape::Object object =
        shape::object<V>(
            "WebhookEvent", "One report to a sender.", field("id", &V::id, "Id.").example(7),
            field("message_id", &V::message_id, "The message it is about.")
                .as_text()
                .example("1968453871263744005"),
            field("type", &V::type, "What happened.").example("message.delivered"),
            field("status", &V::status, "What became of it.")
                .one_of(event_statuses)
                .example("delivered"),
            field("attempts", &V::attempts, "Attempts made.").example(1),
            field("next_attempt_at", &V::next_attempt_at, "When it is tried again.")
                .date_time()
                .example("2026-11-23T08:00:05.000Z"),
            field("last_status", &V::last_status, "HTTP status of the last answer.").example(200),
            field("last_detail", &V::last_detail, "The last answer in words.")
                .omit_empty()
                .example("HTTP 200"),
            field("created_at", &V::created_at, "When it happened.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("finished_at", &V::finished_at, "When it was taken or given up.")
                .date_time()
                .example("2026-11-23T08:00:00.050Z"),
            field("body", &V::body, "What is sent.")
                .raw_object()
                .example_json(
                    R"({"type":"message.delivered","timestamp":"2026-11-23T08:00:00.000Z","data":{"message_id":"1968453871263744005","status":"delivered"}})"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<WebhookEventPage>) {
    using V = WebhookEventPage;
    static const shape::Object object =
        shape::object<V>(
            "WebhookEventPage", "Events, newest first.", field("items", &V::items, "The events."),
            field("next_cursor", &V::next_cursor, "Give it as cursor for the next page.")
                .example("YzE6MTc"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<WebhookEventQuery>) {
    using Q = WebhookEventQuery;
    static const shape::Object object = shape::object<Q>(
        "WebhookEventQuery", "Which events.",
        field("status", &Q::status, "Only this status.").one_of(event_statuses).example("failed"),
        field("limit", &Q::limit, "How many at most.").between(1, 200).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<ReplayRequest>) {
    using R = ReplayRequest;
    static const shape::Object object =
        shape::object<R>("ReplayRequest", "Events that are to go out again.",
                         field("from", &R::from, "Events from then on.")
                             .required()
                             .date_time()
                             .example("2026-11-23T00:00:00Z"),
                         field("until", &R::until, "And before then.")
                             .required()
                             .date_time()
                             .example("2026-11-24T00:00:00Z"),
                         field("failed_only", &R::failed_only, "Leave out those that were taken.")
                             .default_value(false))
            .example_text(
                R"({"from":"2026-11-23T00:00:00Z","until":"2026-11-24T00:00:00Z","failed_only":true})");
    return object;
}

const shape::Object& describe(shape::Tag<ReplayReply>) {
    static const shape::Object object =
        shape::object<ReplayReply>(
            "ReplayReply", "What goes out again.",
            field("replayed", &ReplayReply::replayed, "Number of events.").example(3))
            .reply();
    return object;
}

}  // namespace hongyan::api
