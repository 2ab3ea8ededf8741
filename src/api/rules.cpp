#include "api/rules.hpp"

#include "api/rule_changes.hpp"
#include "api/rules_wire.hpp"
#include "route/destination.hpp"
#include "table/rule_changes.hpp"
#include "table/rules.hpp"

namespace hongyan::api {
namespace {

Error no_such(std::string_view what) {
    return make_error(ErrorCode::not_found, "There is no such " + std::string(what) + ".");
}

std::vector<PoolReply> pool_views(const Context& context) {
    std::vector<PoolReply> views;
    for (const auto* pool : context.pools) views.push_back(view_of(pool->view()));
    return views;
}

Result<Answer> list_pools(const Call& call, Session& session) {
    PoolPage page{pool_views(call.context)};
    add_changes(session, page.items);
    return answer(page);
}

Result<Answer> list_limits(const Call& call, Session& session) {
    LimitPage page;
    for (const auto& usage : call.context.limiter.usage()) page.items.push_back(view_of(usage));
    add_changes(session, page.items);
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

Error nothing_to_revert() {
    return wrong_fields(
        {{"$.revert_after_seconds", "invalid",
          "nothing changes, so there is nothing to go back to; change another field as well"}});
}

/// What is noted of a change, before it is made.
table::NewRuleChange noted(const Context& context, const http::Request& request,
                           table::RuleKind kind, std::optional<int> for_seconds) {
    table::NewRuleChange change;
    change.kind = kind;
    change.by = context.keys.actor(caller_of(request).key_id);
    change.for_seconds = for_seconds.value_or(0);
    return change;
}

/// The pool as it will be: its new rule, and what it is doing under the old one.
PoolReply changed_view(const Context& context, Session& session, std::int64_t id,
                       const PoolRule& rule) {
    delivery::PoolView view;
    for (const auto* pool : context.pools) {
        if (auto now = pool->view(); now.id == id) view = std::move(now);
    }
    view.id = id;
    view.rule = rule;
    std::vector<PoolReply> replies{view_of(view)};
    add_changes(session, replies);
    return std::move(replies.front());
}

Result<Answer> store_pool(const Context& context, Session& session, const PoolPatch& patch,
                          table::NewRuleChange change) {
    change.before = table::lock_rule(session, change.kind, change.row_id);
    for (const auto& row : table::list_pools(session)) {
        if (row.id != change.row_id) continue;
        PoolRule rule = row.rule;
        apply(rule, patch);
        if (auto problems = check_pool_rule(rule); !problems.empty())
            return wrong_fields(std::move(problems));
        if (!table::update_pool(session, row.id, rule)) return no_such("pool");
        change.after = table::rule_text(rule);
        if (!table::note_rule_change(session, change)) return nothing_to_revert();
        return answer(changed_view(context, session, row.id, rule));
    }
    return no_such("pool");
}

void change_pool(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("pool"));
    auto patch = shape::read<PoolPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    auto note = noted(context, request, table::RuleKind::pool, patch->revert_after_seconds);
    note.row_id = *id;
    change(context, std::move(responder), Reload::yes,
           [&context, patch = *patch, note = std::move(note)](Session& session, delivery::Counts&) {
               return store_pool(context, session, patch, note);
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

LimitReply changed_view(Session& session, const LimitUsage& usage) {
    std::vector<LimitReply> replies{view_of(usage)};
    add_changes(session, replies);
    return std::move(replies.front());
}

Result<Answer> store_new_limit(Session& session, LimitRule rule, table::NewRuleChange change) {
    rule.id = table::insert_limit(session, rule);
    // A limit that plain SQL removed may have left its history under this id.
    table::forget_rule_changes(session, change.kind, rule.id);
    change.row_id = rule.id;
    change.after = table::rule_text(rule);
    if (!table::note_rule_change(session, change)) return nothing_to_revert();
    LimitUsage fresh;
    fresh.rule = rule;
    auto created = answer(changed_view(session, fresh), 201);
    created.location = "/api/limits/" + std::to_string(rule.id);
    return created;
}

void create_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    auto asked = shape::read<LimitRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    auto rule = rule_of(*asked);
    if (auto checked = check_rule(rule); !checked) return responder.fail(checked.error());
    auto note = noted(context, request, table::RuleKind::limit, asked->revert_after_seconds);
    change(context, std::move(responder), Reload::yes,
           [rule = std::move(rule), note = std::move(note)](Session& session,
                                                            delivery::Counts&) mutable {
               return store_new_limit(session, std::move(rule), std::move(note));
           });
}

Result<Answer> store_limit(const Context& context, Session& session, const LimitPatch& patch,
                           table::NewRuleChange change) {
    change.before = table::lock_rule(session, change.kind, change.row_id);
    std::vector<Problem> ignored;
    for (auto& rule : table::list_limits(session, ignored)) {
        if (rule.id != change.row_id) continue;
        apply(rule, patch);
        if (auto checked = check_rule(rule); !checked) return checked.error();
        if (!table::update_limit(session, rule)) return no_such("limit");
        change.after = table::rule_text(rule);
        if (!table::note_rule_change(session, change)) return nothing_to_revert();
        return answer(changed_view(session, with_counts(context, rule)));
    }
    return no_such("limit");
}

void change_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("limit"));
    auto patch = shape::read<LimitPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    auto note = noted(context, request, table::RuleKind::limit, patch->revert_after_seconds);
    note.row_id = *id;
    change(context, std::move(responder), Reload::yes,
           [&context, patch = *patch, note = std::move(note)](Session& session, delivery::Counts&) {
               return store_limit(context, session, patch, note);
           });
}

void delete_limit(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such("limit"));
    change(context, std::move(responder), Reload::yes,
           [id = *id](Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::delete_limit(session, id)) return no_such("limit");
               table::forget_rule_changes(session, table::RuleKind::limit, id);
               return Answer{"", 204, ""};
           });
}

void add_pool_routes(Routes& routes) {
    routes.read({.path = "/api/pools",
                 .operation = "list_pools",
                 .tag = "operations",
                 .summary = "List worker pools",
                 .description = "Size, load and the last changes of each pool with their reasons, "
                                "and who changed its row.",
                 .scope = "read",
                 .reply = &shape::description_of<PoolPage>()},
                list_pools);
    routes.plain(
        {.method = http::Method::patch,
         .path = "/api/pools/{id}",
         .operation = "change_pool",
         .tag = "operations",
         .summary = "Change a worker pool",
         .description = "Takes effect at once, without a restart; with revert_after_seconds "
                        "only for so long.",
         .scope = "admin",
         .body = &shape::description_of<PoolPatch>(),
         .reply = &shape::description_of<PoolReply>(),
         .errors = {ErrorCode::not_found}},
        change_pool);
}

}  // namespace

void add_rule_routes(Routes& routes) {
    add_pool_routes(routes);
    add_rule_change_routes(routes);
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
                  .description = "Several limits may stand on one resource; all must agree. With "
                                 "revert_after_seconds it removes itself again.",
                  .scope = "admin",
                  .body = &shape::description_of<LimitRequest>(),
                  .reply = &shape::description_of<LimitReply>(),
                  .status = 201},
                 create_limit);
    routes.plain(
        {.method = http::Method::patch,
         .path = "/api/limits/{id}",
         .operation = "change_limit",
         .tag = "operations",
         .summary = "Change a limit",
         .description = "Takes effect at once, without a restart; with revert_after_seconds "
                        "only for so long.",
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
