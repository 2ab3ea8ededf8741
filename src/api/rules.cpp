#include "api/rules.hpp"

#include "api/rules_wire.hpp"
#include "route/destination.hpp"
#include "table/rules.hpp"

namespace hongyan::api {
namespace {

Error no_such(std::string_view what) {
    return make_error(ErrorCode::not_found, "There is no such " + std::string(what) + ".");
}

/// Pools and limits are the whole server's, so only the first tenant's administrators change them.
bool refuses_tenant(const http::Request& request, http::Responder& responder) {
    if (caller_of(request).tenant_id == 1) return false;
    responder.fail(make_error(
        ErrorCode::forbidden,
        "Pools and limits belong to the server; only keys of the first tenant change them."));
    return true;
}

std::vector<PoolReply> pool_views(const Context& context) {
    std::vector<PoolReply> views;
    for (const auto* pool : context.pools) views.push_back(view_of(pool->view()));
    return views;
}

Result<Answer> list_pools(const Call& call, Session&) {
    return answer(PoolPage{pool_views(call.context)});
}

Result<Answer> list_limits(const Call& call, Session&) {
    LimitPage page;
    for (const auto& usage : call.context.limiter.usage()) page.items.push_back(view_of(usage));
    return answer(page);
}

void apply(PoolRule& rule, const PoolPatch& patch) {
    rule.core_pool_size = patch.core_pool_size.value_or(rule.core_pool_size);
    rule.max_pool_size = patch.max_pool_size.value_or(rule.max_pool_size);
    rule.queue_capacity = patch.queue_capacity.value_or(rule.queue_capacity);
    rule.scale_up_threshold = patch.scale_up_threshold.value_or(rule.scale_up_threshold);
    rule.scale_down_threshold = patch.scale_down_threshold.value_or(rule.scale_down_threshold);
}

Error wrong_fields(std::vector<Problem> problems) {
    auto error = make_error(ErrorCode::invalid_fields, "The changed values do not fit together.");
    for (auto& problem : problems) {
        if (!problem.path.starts_with('$')) problem.path = "$." + problem.path;
    }
    error.problems = std::move(problems);
    return error;
}

void change_pool(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("pool"));
    auto patch = shape::read<PoolPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    change(context, std::move(responder), Reload::yes,
           [&context, id = *id, patch = *patch](Session& session,
                                                delivery::Counts&) -> Result<Answer> {
               for (const auto& row : table::list_pools(session)) {
                   if (row.id != id) continue;
                   PoolRule rule = row.rule;
                   apply(rule, patch);
                   if (auto problems = check_pool_rule(rule); !problems.empty())
                       return wrong_fields(std::move(problems));
                   if (!table::update_pool(session, id, rule)) return no_such("pool");
                   PoolReply reply;
                   for (const auto& view : pool_views(context)) {
                       if (view.id == id) reply = view;
                   }
                   delivery::PoolView changed;
                   changed.id = id;
                   changed.rule = rule;
                   auto shown = view_of(changed);
                   shown.size = reply.size;
                   shown.active_count = reply.active_count;
                   shown.queue_size = reply.queue_size;
                   shown.completed_tasks = reply.completed_tasks;
                   shown.changes = reply.changes;
                   shown.last_change = reply.last_change;
                   return answer(shown);
               }
               return no_such("pool");
           });
}

LimitRule rule_of(const LimitRequest& r) {
    LimitRule rule;
    rule.resource = r.resource;
    rule.type = limit_type_from_text(r.limit_type).value_or(LimitType::qps);
    rule.max_value = r.max_value;
    rule.window_seconds = r.window_seconds;
    rule.enabled = r.status == "active";
    rule.behavior = limit_behavior_from_text(r.behavior).value_or(LimitBehavior::reject);
    rule.warm_up_seconds = r.warm_up_seconds;
    rule.max_queueing_ms = r.max_queueing_ms;
    return rule;
}

/// A limit by destination must name one, and be of a type that such limits have.
Status check_rule(const LimitRule& rule) {
    const auto problem = route::DestinationLimits::problem_of(rule.resource, rule.type);
    if (!problem) return Done{};
    return wrong_fields({{"$.resource", "invalid", *problem}});
}

void apply(LimitRule& rule, const LimitPatch& patch) {
    rule.resource = patch.resource.value_or(rule.resource);
    if (patch.limit_type) rule.type = limit_type_from_text(*patch.limit_type).value_or(rule.type);
    rule.max_value = patch.max_value.value_or(rule.max_value);
    rule.window_seconds = patch.window_seconds.value_or(rule.window_seconds);
    if (patch.status) rule.enabled = *patch.status == "active";
    if (patch.behavior)
        rule.behavior = limit_behavior_from_text(*patch.behavior).value_or(rule.behavior);
    rule.warm_up_seconds = patch.warm_up_seconds.value_or(rule.warm_up_seconds);
    rule.max_queueing_ms = patch.max_queueing_ms.value_or(rule.max_queueing_ms);
}

/// The changed rule with what it has counted so far.
LimitUsage with_counts(const Context& context, const LimitRule& rule) {
    LimitUsage found;
    for (const auto& usage : context.limiter.usage()) {
        if (usage.rule.id == rule.id && usage.rule.type == rule.type) found = usage;
    }
    found.rule = rule;
    return found;
}

void check_limit(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<LimitCheckRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    const auto says = context.limiter.would_admit(asked->resource, asked->cost);
    LimitCheckReply reply;
    reply.resource = asked->resource;
    reply.would_pass = says.ok;
    for (const auto& usage : context.limiter.usage()) {
        if (says.rule_id != 0 && usage.rule.id == says.rule_id && usage.rule.type == says.type)
            reply.rule = view_of(usage);
    }
    reply.allowed = says.limit;
    reply.current = says.limit - says.remaining;
    reply.wait_ms = says.wait.count();
    reply.retry_after_ms = says.ok ? 0 : says.retry_after.count();
    respond(responder, answer(reply));
}

void create_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    auto asked = shape::read<LimitRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    auto rule = rule_of(*asked);
    if (auto checked = check_rule(rule); !checked) return responder.fail(checked.error());
    change(context, std::move(responder), Reload::yes,
           [rule = std::move(rule)](Session& session, delivery::Counts&) mutable -> Result<Answer> {
               rule.id = table::insert_limit(session, rule);
               LimitUsage fresh;
               fresh.rule = rule;
               auto created = answer(view_of(fresh), 201);
               created.location = "/api/limits/" + std::to_string(rule.id);
               return created;
           });
}

void change_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("limit"));
    auto patch = shape::read<LimitPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    change(context, std::move(responder), Reload::yes,
           [&context, id = *id, patch = *patch](Session& session,
                                                delivery::Counts&) -> Result<Answer> {
               std::vector<Problem> ignored;
               for (auto& rule : table::list_limits(session, ignored)) {
                   if (rule.id != id) continue;
                   apply(rule, patch);
                   if (auto checked = check_rule(rule); !checked) return checked.error();
                   if (!table::update_limit(session, rule)) return no_such("limit");
                   return answer(view_of(with_counts(context, rule)));
               }
               return no_such("limit");
           });
}

void delete_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("limit"));
    change(context, std::move(responder), Reload::yes,
           [id = *id](Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::delete_limit(session, id)) return no_such("limit");
               return Answer{"", 204, ""};
           });
}

void add_pool_routes(Routes& routes) {
    routes.read({.path = "/api/pools",
                 .operation = "list_pools",
                 .tag = "operations",
                 .summary = "List worker pools",
                 .description = "Size, load and the last changes of each pool with their reasons.",
                 .scope = "read",
                 .reply = &shape::description_of<PoolPage>()},
                list_pools);
    routes.plain({.method = http::Method::patch,
                  .path = "/api/pools/{id}",
                  .operation = "change_pool",
                  .tag = "operations",
                  .summary = "Change a worker pool",
                  .description = "Takes effect at once, without a restart.",
                  .scope = "admin",
                  .body = &shape::description_of<PoolPatch>(),
                  .reply = &shape::description_of<PoolReply>(),
                  .errors = {ErrorCode::not_found}},
                 change_pool);
}

}  // namespace

void add_rule_routes(Routes& routes) {
    add_pool_routes(routes);
    routes.read({.path = "/api/limits",
                 .operation = "list_limits",
                 .tag = "operations",
                 .summary = "List limits",
                 .description = "Every limit with what it has let pass and refused.",
                 .scope = "read",
                 .reply = &shape::description_of<LimitPage>()},
                list_limits);
    routes.plain({.method = http::Method::post,
                  .path = "/api/limits/check",
                  .operation = "check_limit",
                  .tag = "operations",
                  .summary = "Would this request pass",
                  .description = "Asks the limits of a resource at this moment, without using up "
                                 "or counting anything. Without a rule everything passes.",
                  .scope = "read",
                  .body = &shape::description_of<LimitCheckRequest>(),
                  .reply = &shape::description_of<LimitCheckReply>()},
                 check_limit);
    routes.plain({.method = http::Method::post,
                  .path = "/api/limits",
                  .operation = "create_limit",
                  .tag = "operations",
                  .summary = "Add a limit",
                  .description = "Several limits may stand on one resource; all must agree.",
                  .scope = "admin",
                  .body = &shape::description_of<LimitRequest>(),
                  .reply = &shape::description_of<LimitReply>(),
                  .status = 201},
                 create_limit);
    routes.plain({.method = http::Method::patch,
                  .path = "/api/limits/{id}",
                  .operation = "change_limit",
                  .tag = "operations",
                  .summary = "Change a limit",
                  .description = "Takes effect at once, without a restart.",
                  .scope = "admin",
                  .body = &shape::description_of<LimitPatch>(),
                  .reply = &shape::description_of<LimitReply>(),
                  .errors = {ErrorCode::not_found}},
                 change_limit);
    routes.plain({.method = http::Method::del,
                  .path = "/api/limits/{id}",
                  .operation = "delete_limit",
                  .tag = "operations",
                  .summary = "Remove a limit",
                  .description = "The resource is free of it at once.",
                  .scope = "admin",
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 delete_limit);
}

}  // namespace hongyan::api
