#include "api/templates.hpp"

#include <algorithm>

#include "api/send_dry_run.hpp"
#include "api/template_preview.hpp"
#include "api/template_wire.hpp"
#include "table/templates.hpp"

namespace hongyan::api {
namespace {

constexpr std::string_view collection = "/api/messages/templates";

Error no_such_template() { return make_error(ErrorCode::not_found, "There is no such template."); }

Error with_problem(ErrorCode code, std::string detail, Problem problem) {
    auto error = make_error(code, std::move(detail));
    error.problems.push_back(std::move(problem));
    return error;
}

Error name_taken(const std::string& name) {
    return with_problem(
        ErrorCode::conflict, "There is another template named '" + name + "'.",
        {"$.name", "conflict", "names are unique: choose another, or change that template"});
}

Error channel_fixed(ChannelKind channel) {
    return with_problem(ErrorCode::invalid_fields, "The channel of a template cannot be changed.",
                        {"$.channel", "conflict",
                         "the template is for the channel " + std::string(to_text(channel)) +
                             "; make another one for another channel"});
}

/// What the book would load: found wrong here, the template is refused with every problem.
Result<TemplateRecord> checked_record(const Context& context, const http::Request& request) {
    auto asked = shape::read<TemplateRequest>(request.body);
    if (!asked) return asked.error();
    auto record = record_of(*asked);
    record.name = asked->name;
    const Caller& caller = caller_of(request);
    record.tenant_id = caller.tenant_id;
    record.saved_by = context.keys.actor(caller.key_id);
    record.comment = asked->comment;
    if (!asked->status) record.status.clear();  // whoever stores it decides
    auto compiled = delivery::compile_template(record);
    if (!compiled) return compiled.error();
    return record;
}

/// True if the one needs no version of its own beside the other.
bool has_same_text(const TemplateRecord& a, const TemplateRecord& b) {
    if (a.subject != b.subject || a.content != b.content || a.html != b.html ||
        a.options != b.options || a.design != b.design)
        return false;
    const auto before = render::read_specs(a.variables);  // the table's JSON may be written by hand
    const auto after = render::read_specs(b.variables);
    return before && after && render::write_specs(*before) == render::write_specs(*after);
}

Result<Answer> list_templates(const Call& call, Session& session) {
    auto query = query_of<TemplateQuery>(call.request);
    if (!query) return query.error();
    auto cursor = read_cursor(query->cursor);
    if (!cursor) return cursor.error();
    table::TemplateFilter filter;
    filter.tenant_id = call.caller.tenant_id;
    filter.channel = query->channel;
    filter.status = query->status.value_or("");
    filter.words = query->q.value_or("");
    filter.after_id = *cursor;
    filter.limit = query->limit + 1;  // one more tells whether there is a next page
    auto records = table::list_templates(session, filter);
    const bool more = static_cast<int>(records.size()) > query->limit;
    if (more) records.pop_back();
    TemplatePage page;
    for (const auto& record : records) {
        page.items.push_back(view_of(record));
        page.items.back().design.clear();
    }
    if (more) page.next_cursor = make_cursor(records.back().id);
    return answer(page);
}

std::optional<TemplateRecord> find_asked(const Call& call, Session& session) {
    const auto id = id_param(call.request, "id");
    return id ? table::find_template(session, call.caller.tenant_id, *id) : std::nullopt;
}

Result<Answer> read_template(const Call& call, Session& session) {
    const auto record = find_asked(call, session);
    if (!record) return no_such_template();
    return answer(view_of(*record));
}

Result<Answer> list_versions(const Call& call, Session& session) {
    const auto record = find_asked(call, session);
    if (!record) return no_such_template();
    TemplateVersionPage page;
    for (const auto& one : table::list_versions(session, *record)) {
        page.items.push_back(version_of(one));
        page.items.back().design.clear();
    }
    return answer(page);
}

Result<Answer> read_version(const Call& call, Session& session) {
    const auto record = find_asked(call, session);
    if (!record) return no_such_template();
    const auto version = id_param(call.request, "version");
    for (const auto& one : table::list_versions(session, *record)) {
        if (version && one.version == *version) return answer(version_of(one));
    }
    return make_error(ErrorCode::not_found, "The template has no such version any more.");
}

void create_template(Context& context, http::Request& request, http::Responder responder) {
    auto record = checked_record(context, request);
    if (!record) return responder.fail(record.error());
    if (record->status.empty()) record->status = "active";
    record->created_ms = record->updated_ms = context.clock.now_ms();
    change(context, std::move(responder), Reload::yes,
           [record = std::move(*record)](Session& session,
                                         delivery::Counts&) mutable -> Result<Answer> {
               if (table::name_is_taken(session, record.tenant_id, record.name, 0))
                   return name_taken(record.name);
               record.id = table::insert_template(session, record);
               auto created = answer(view_of(record), 201);
               created.location = std::string(collection) + "/" + std::to_string(record.id);
               return created;
           });
}

/// Writes next over the template with its id, as a new version if the text has changed.
Result<Answer> store_change(Session& session, TemplateRecord next) {
    const auto current = table::find_template(session, next.tenant_id, next.id);
    if (!current) return no_such_template();
    if (next.channel != current->channel) return channel_fixed(current->channel);
    if (table::name_is_taken(session, next.tenant_id, next.name, next.id))
        return name_taken(next.name);
    if (next.status.empty()) next.status = current->status;
    next.created_ms = current->created_ms;
    const bool same_text = has_same_text(*current, next);
    next.version = current->version + (same_text ? 0 : 1);
    const bool same = same_text && next.name == current->name && next.title == current->title &&
                      next.status == current->status && next.on_unknown == current->on_unknown;
    if (same) return answer(view_of(*current));
    if (!table::update_template(session, next)) return no_such_template();
    return answer(view_of(next));
}

void change_template(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_template());
    auto record = checked_record(context, request);
    if (!record) return responder.fail(record.error());
    record->id = *id;
    record->updated_ms = context.clock.now_ms();
    change(context, std::move(responder), Reload::yes,
           [record = std::move(*record)](Session& session, delivery::Counts&) mutable {
               return store_change(session, record);
           });
}

void delete_template(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_template());
    change(context, std::move(responder), Reload::yes,
           [id = *id, tenant = caller_of(request).tenant_id](Session& session,
                                                             delivery::Counts&) -> Result<Answer> {
               if (!table::delete_template(session, tenant, id)) return no_such_template();
               return Answer{"", 204, ""};
           });
}

Result<Answer> preview_answer(const Call& call, const delivery::CompiledTemplate& chosen,
                              const std::optional<shape::JsonObject>& variables) {
    auto preview = make_preview(chosen, variables ? &*variables : nullptr);
    if (!preview) return preview.error();
    if (preview->segments) {
        auto cost = sms_cost(call.context, call.caller.tenant_id, preview->segments->segments);
        if (cost) preview->cost = CostView{cost->amount, cost->currency, cost->account};
    }
    if (!chosen.options.empty()) {
        auto options = chosen.options.render(preview->variables_used);
        if (!options) return options.error();
        preview->options = std::move(*options);
    }
    return answer(*preview);
}

Result<Answer> preview_saved(const Call& call, Session& session) {
    auto asked = shape::read<PreviewRequest>(call.request.body.empty() ? "{}" : call.request.body);
    if (!asked) return asked.error();
    auto record = find_asked(call, session);
    if (!record) return no_such_template();
    if (asked->version && *asked->version != record->version) {
        auto versions = table::list_versions(session, *record);
        const auto found =
            std::find_if(versions.begin(), versions.end(),
                         [&](const TemplateRecord& one) { return one.version == *asked->version; });
        if (found == versions.end()) {
            return with_problem(ErrorCode::not_found, "The template has no such version.",
                                {"$.version", "not_found",
                                 "the current version is " + std::to_string(record->version)});
        }
        record = std::move(*found);
    }
    auto compiled = delivery::compile_template(std::move(*record));
    if (!compiled) return compiled.error();
    return preview_answer(call, **compiled, asked->variables);
}

/// Problems of the draft itself stand below "$.template" in this request.
Error below_template(Error error) {
    for (auto& problem : error.problems) {
        if (problem.path.starts_with('$')) problem.path = "$.template" + problem.path.substr(1);
    }
    return error;
}

Result<Answer> preview_draft(const Call& call, Session&) {
    auto asked = shape::read<DraftPreviewRequest>(call.request.body);
    if (!asked) return asked.error();
    auto compiled = delivery::compile_template(record_of(asked->draft));
    if (!compiled) return below_template(std::move(compiled.error()));
    return preview_answer(call, **compiled, asked->variables);
}

void add_reads(Routes& routes) {
    const std::string one = std::string(collection) + "/{id}";
    routes.read({.path = std::string(collection),
                 .operation = "list_templates",
                 .tag = "templates",
                 .summary = "List templates",
                 .description = "Templates of the key's tenant, oldest first, page by page.",
                 .scope = "read",
                 .query = &shape::description_of<TemplateQuery>(),
                 .reply = &shape::description_of<TemplatePage>()},
                list_templates);
    routes.read({.path = one,
                 .operation = "get_template",
                 .tag = "templates",
                 .summary = "Read a template",
                 .description = "The template in its current version.",
                 .scope = "read",
                 .reply = &shape::description_of<TemplateView>(),
                 .errors = {ErrorCode::not_found}},
                read_template);
    routes.read({.path = one + "/versions",
                 .operation = "list_template_versions",
                 .tag = "templates",
                 .summary = "List the versions of a template",
                 .description = "Newest first, each with who saved it. A version never changes; "
                                "each message names the "
                                "one it was made from.",
                 .scope = "read",
                 .reply = &shape::description_of<TemplateVersionPage>(),
                 .errors = {ErrorCode::not_found}},
                list_versions);
    routes.read({.path = std::string(collection) + "/{id}/versions/{version}",
                 .operation = "get_template_version",
                 .tag = "templates",
                 .summary = "Read one version of a template",
                 .description = "Whole, with the visual editor's design, to compare or to go back.",
                 .scope = "read",
                 .reply = &shape::description_of<TemplateVersion>(),
                 .errors = {ErrorCode::not_found}},
                read_version);
}

void add_previews(Routes& routes) {
    const std::vector<ErrorCode> errors{ErrorCode::template_invalid, ErrorCode::template_variables,
                                        ErrorCode::content_invalid};
    auto with_not_found = errors;
    with_not_found.push_back(ErrorCode::not_found);
    routes.read(
        {.method = http::Method::post,
         .path = std::string(collection) + "/{id}/preview",
         .operation = "preview_template",
         .tag = "templates",
         .summary = "Preview a template",
         .description = "The texts as a message would have them. Nothing is sent or stored. "
                        "Variables that are not given "
                        "are filled from their samples. For sms it tells the number of parts.",
         .scope = "read",
         .body = &shape::description_of<PreviewRequest>(),
         .reply = &shape::description_of<PreviewView>(),
         .errors = std::move(with_not_found)},
        preview_saved);
    routes.read({.method = http::Method::post,
                 .path = std::string(collection) + "/preview",
                 .operation = "preview_draft",
                 .tag = "templates",
                 .summary = "Preview a template that is not saved",
                 .description = "Checks the template as saving it would, with every problem and "
                                "its place, then fills it in.",
                 .scope = "read",
                 .body = &shape::description_of<DraftPreviewRequest>(),
                 .reply = &shape::description_of<PreviewView>(),
                 .errors = errors},
                preview_draft);
}

}  // namespace

void add_template_routes(Routes& routes) {
    const std::string one = std::string(collection) + "/{id}";
    add_reads(routes);
    add_previews(routes);
    routes.plain({.method = http::Method::post,
                  .path = std::string(collection),
                  .operation = "create_template",
                  .tag = "templates",
                  .summary = "Make a template",
                  .description = "The texts are compiled and checked against the declared "
                                 "variables; every problem is listed with "
                                 "its line and column.",
                  .scope = "manage",
                  .body = &shape::description_of<TemplateRequest>(),
                  .reply = &shape::description_of<TemplateView>(),
                  .status = 201,
                  .errors = {ErrorCode::conflict, ErrorCode::template_invalid}},
                 create_template);
    routes.plain(
        {.method = http::Method::put,
         .path = one,
         .operation = "change_template",
         .tag = "templates",
         .summary = "Change a template",
         .description = "Replaces the template. A change of subject, content, html, variables, "
                        "options or design "
                        "makes a new version; the "
                        "old ones stay, and messages already accepted keep theirs. The channel "
                        "cannot be changed.",
         .scope = "manage",
         .body = &shape::description_of<TemplateRequest>(),
         .reply = &shape::description_of<TemplateView>(),
         .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::template_invalid}},
        change_template);
    routes.plain({.method = http::Method::del,
                  .path = one,
                  .operation = "delete_template",
                  .tag = "templates",
                  .summary = "Delete a template",
                  .description = "Messages already accepted are not touched. To stop its use only, "
                                 "set status to disabled.",
                  .scope = "manage",
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 delete_template);
}

}  // namespace hongyan::api
