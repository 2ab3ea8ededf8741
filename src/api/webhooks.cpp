#include "api/webhooks.hpp"

#include "api/webhooks_wire.hpp"

namespace hongyan::api {
namespace {

Error no_such_webhook() { return make_error(ErrorCode::not_found, "There is no such webhook."); }

std::optional<table::EndpointRow> find_own(Session& session, std::int64_t tenant, std::int64_t id) {
    auto row = table::find_endpoint(session, id);
    if (!row || row->tenant_id != tenant) return std::nullopt;
    return row;
}

Result<Answer> list_webhooks(const Call& call, Session& session) {
    const auto query = query_of<WebhookQuery>(call.request);
    if (!query) return query.error();
    const auto after = read_cursor(query->cursor);
    if (!after) return after.error();
    auto rows = table::list_endpoints(session, call.caller.tenant_id, *after, query->limit + 1);
    const bool more = static_cast<int>(rows.size()) > query->limit;
    if (more) rows.pop_back();
    WebhookPage page;
    for (const auto& row : rows)
        page.items.push_back(view_of(row, table::count_events(session, row.id)));
    if (more) page.next_cursor = make_cursor(rows.back().id);
    return answer(page);
}

Result<Answer> list_webhook_events(const Call& call, Session& session) {
    const auto id = id_param(call.request, "id");
    if (!id || !find_own(session, call.caller.tenant_id, *id)) return no_such_webhook();
    const auto query = query_of<WebhookEventQuery>(call.request);
    if (!query) return query.error();
    const auto before = read_cursor(query->cursor);
    if (!before) return before.error();
    auto rows =
        table::list_events(session, *id, query->status.value_or(""), *before, query->limit + 1);
    const bool more = static_cast<int>(rows.size()) > query->limit;
    if (more) rows.pop_back();
    WebhookEventPage page;
    for (const auto& row : rows) page.items.push_back(view_of(row));
    if (more) page.next_cursor = make_cursor(rows.back().id);
    return answer(page);
}

void add_webhook(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<WebhookRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    change(context, std::move(responder), Reload::no,
           [&context, url = asked->url, tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               const auto now = context.clock.now_ms();
               const auto id = table::find_or_make_endpoint(session, tenant, url, now);
               auto row = table::find_endpoint(session, id);
               if (!row) return no_such_webhook();
               if (!row->secret.empty()) {
                   return make_error(
                       ErrorCode::conflict,
                       "This webhook is there already; rotate its secret to see one.");
               }
               const auto secret = delivery::Webhooks::renew_secret(*row, context.vault, 0);
               row->updated_ms = now;
               table::update_endpoint(session, *row);
               auto created = answer(WebhookSecret{id, url, secret}, 201);
               created.location = "/api/webhooks/" + std::to_string(id);
               return created;
           });
}

void rotate_secret(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_webhook());
    auto asked = shape::read<RotateRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    change(context, std::move(responder), Reload::no,
           [&context, id = *id, overlap = asked->overlap_seconds,
            tenant = caller_of(request).tenant_id](Session& session,
                                                   delivery::Counts&) -> Result<Answer> {
               auto row = find_own(session, tenant, id);
               if (!row) return no_such_webhook();
               const auto now = context.clock.now_ms();
               const auto secret =
                   delivery::Webhooks::renew_secret(*row, context.vault, now + overlap * 1000);
               row->updated_ms = now;
               table::update_endpoint(session, *row);
               return answer(WebhookSecret{id, row->url, secret});
           });
}

void change_webhook(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_webhook());
    auto patch = shape::read<WebhookPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    change(context, std::move(responder), Reload::no,
           [&context, id = *id, status = patch->status, tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               auto row = find_own(session, tenant, id);
               if (!row) return no_such_webhook();
               const auto now = context.clock.now_ms();
               row->status = status;
               row->reason = status == "active" ? "" : "switched off by hand";
               row->failing_since_ms = 0;
               row->updated_ms = now;
               table::update_endpoint(session, *row);
               table::postpone_events(session, id, status == "active" ? now : table::never_ms);
               return answer(view_of(*row, table::count_events(session, id)));
           });
}

void replay(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_webhook());
    auto asked = shape::read<ReplayRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    change(context, std::move(responder), Reload::no,
           [&context, id = *id, asked = *asked, tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               const auto row = find_own(session, tenant, id);
               if (!row) return no_such_webhook();
               const auto next = row->status == "active" ? context.clock.now_ms() : table::never_ms;
               const auto count = table::replay_events(session, id, asked.from, asked.until,
                                                       asked.failed_only, next);
               return answer(ReplayReply{count}, 202);
           });
}

}  // namespace

void add_webhook_routes(Routes& routes) {
    routes.read(
        {.path = "/api/webhooks",
         .operation = "list_webhooks",
         .tag = "webhooks",
         .summary = "List webhooks",
         .description = "Every address that messages gave as callback_url, with what became "
                        "of the reports to it.",
         .scope = "read",
         .query = &shape::description_of<WebhookQuery>(),
         .reply = &shape::description_of<WebhookPage>()},
        list_webhooks);
    routes.plain({.method = http::Method::post,
                  .path = "/api/webhooks",
                  .operation = "add_webhook",
                  .tag = "webhooks",
                  .summary = "Add a webhook",
                  .description = "Makes its secret and shows it, before the first message.",
                  .scope = "manage",
                  .body = &shape::description_of<WebhookRequest>(),
                  .reply = &shape::description_of<WebhookSecret>(),
                  .status = 201,
                  .errors = {ErrorCode::conflict, ErrorCode::not_found}},
                 add_webhook);
    routes.plain({.method = http::Method::patch,
                  .path = "/api/webhooks/{id}",
                  .operation = "change_webhook",
                  .tag = "webhooks",
                  .summary = "Switch a webhook on or off",
                  .description = "What waited for a disabled one goes out when it is active again.",
                  .scope = "manage",
                  .body = &shape::description_of<WebhookPatch>(),
                  .reply = &shape::description_of<WebhookView>(),
                  .errors = {ErrorCode::not_found}},
                 change_webhook);
    routes.plain({.method = http::Method::post,
                  .path = "/api/webhooks/{id}/rotate-secret",
                  .operation = "rotate_webhook_secret",
                  .tag = "webhooks",
                  .summary = "Make a new secret",
                  .description = "Reports carry a signature with each until the old one ends.",
                  .scope = "manage",
                  .body = &shape::description_of<RotateRequest>(),
                  .reply = &shape::description_of<WebhookSecret>(),
                  .errors = {ErrorCode::not_found}},
                 rotate_secret);
    routes.plain({.method = http::Method::post,
                  .path = "/api/webhooks/{id}/replay",
                  .operation = "replay_webhook",
                  .tag = "webhooks",
                  .summary = "Send reports again",
                  .description = "Those of a time range, with their webhook-id of before.",
                  .scope = "manage",
                  .body = &shape::description_of<ReplayRequest>(),
                  .reply = &shape::description_of<ReplayReply>(),
                  .status = 202,
                  .errors = {ErrorCode::not_found}},
                 replay);
    routes.read({.path = "/api/webhooks/{id}/events",
                 .operation = "list_webhook_events",
                 .tag = "webhooks",
                 .summary = "List the reports of a webhook",
                 .description = "Newest first, with attempts and the last answer.",
                 .scope = "read",
                 .query = &shape::description_of<WebhookEventQuery>(),
                 .reply = &shape::description_of<WebhookEventPage>(),
                 .errors = {ErrorCode::not_found}},
                list_webhook_events);
}

}  // namespace hongyan::api
