#include "api/rule_changes.hpp"

#include <boost/json/value.hpp>

#include "shape/json_reader.hpp"

namespace hongyan::api {
namespace {

using table::RuleKind;

constexpr int changes_of_pool = 20;
constexpr int changes_of_limit = 5;  ///< there may be many limits

shape::JsonObject object_of(const std::string& text) {
    auto read = shape::parse_json(text);
    if (!read || !read->is_object()) return {};
    return std::move(read->get_object());
}

/// Members of one that differ in the other.
shape::JsonObject what_differs(const shape::JsonObject& one, const shape::JsonObject& other) {
    shape::JsonObject found;
    for (const auto& [name, value] : one) {
        const auto* there = other.if_contains(name);
        if (there == nullptr || *there != value) found.emplace(name, value);
    }
    return found;
}

template <class Reply>
void add(std::vector<Reply>& replies, const std::vector<table::RuleChange>& changes) {
    for (const auto& change : changes) {
        for (auto& reply : replies) {
            if (reply.id != change.row_id) continue;
            reply.rule_changes.push_back(view_of(change));
            if (change.state == "waiting") reply.for_a_while = reply.rule_changes.back();
        }
    }
}

enum class End { keep, revert };

template <RuleKind kind, End how>
void end_change(Context& context, http::Request& request, http::Responder responder) {
    if (refuses_tenant(request, responder)) return;
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(id.error());
    auto by = context.keys.actor(caller_of(request).key_id).name;
    change(context, std::move(responder), Reload::yes,
           [id = *id, by = std::move(by)](Session& session, delivery::Counts&) -> Result<Answer> {
               const auto ended = how == End::keep ? table::keep_rule(session, kind, id, by)
                                                   : table::revert_rule(session, kind, id, by);
               if (ended) return answer(view_of(*ended));
               if (table::lock_rule(session, kind, id) == table::no_row)
                   return make_error(ErrorCode::not_found, kind == RuleKind::pool
                                                               ? "There is no such pool."
                                                               : "There is no such limit.");
               return make_error(ErrorCode::conflict,
                                 "No change for a while waits here: it has ended already.");
           });
}

RouteDoc end_doc(std::string path, std::string operation, std::string summary,
                 std::string description) {
    return {.method = http::Method::post,
            .path = std::move(path),
            .operation = std::move(operation),
            .tag = "operations",
            .summary = std::move(summary),
            .description = std::move(description),
            .scope = "admin",
            .reply = &shape::description_of<RuleChangeView>(),
            .errors = {ErrorCode::not_found, ErrorCode::conflict}};
}

constexpr const char* keep_text =
    "The change that waits for its end holds for good. If the row was changed otherwise meanwhile, "
    "there is nothing to keep: the answer's state is void.";
constexpr const char* revert_text =
    "The row is again what it was before the change; a limit made for a while is removed. If the "
    "row was changed otherwise meanwhile, it is left alone: the answer's state is void.";

}  // namespace

bool refuses_tenant(const http::Request& request, http::Responder& responder) {
    if (caller_of(request).tenant_id == 1) return false;
    responder.fail(make_error(
        ErrorCode::forbidden,
        "Pools and limits belong to the server; only keys of the first tenant change them."));
    return true;
}

RuleChangeView view_of(const table::RuleChange& change) {
    RuleChangeView view;
    view.id = change.id;
    view.at = change.made_ms;
    if (!change.made_by.name.empty()) {
        view.by = change.made_by.name;
        view.by_key = change.made_by.key_id;
    }
    view.state = change.state;
    const auto after = object_of(change.after);
    if (change.before == table::no_row) {
        view.after = after;
    } else {
        const auto before = object_of(change.before);
        view.before = what_differs(before, after);
        view.after = what_differs(after, before);
    }
    if (change.revert_ms != 0) view.revert_at = change.revert_ms;
    if (change.ended_ms != 0) view.ended_at = change.ended_ms;
    if (!change.ended_by.empty()) view.ended_by = change.ended_by;
    return view;
}

void add_changes(Session& session, std::vector<PoolReply>& pools) {
    add(pools, table::list_rule_changes(session, RuleKind::pool, 0, changes_of_pool));
}

void add_changes(Session& session, std::vector<LimitReply>& limits) {
    add(limits, table::list_rule_changes(session, RuleKind::limit, 0, changes_of_limit));
}

void add_rule_change_routes(Routes& routes) {
    routes.plain(end_doc("/api/pools/{id}/keep", "keep_pool",
                         "Keep a change of a pool that was made for a while", keep_text),
                 end_change<RuleKind::pool, End::keep>);
    routes.plain(end_doc("/api/pools/{id}/revert", "revert_pool",
                         "Take back a change of a pool before its time", revert_text),
                 end_change<RuleKind::pool, End::revert>);
    routes.plain(end_doc("/api/limits/{id}/keep", "keep_limit",
                         "Keep a limit or its change that was made for a while", keep_text),
                 end_change<RuleKind::limit, End::keep>);
    routes.plain(end_doc("/api/limits/{id}/revert", "revert_limit",
                         "Take back a limit or its change before its time", revert_text),
                 end_change<RuleKind::limit, End::revert>);
}

}  // namespace hongyan::api
