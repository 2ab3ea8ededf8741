#include "api/views.hpp"

#include "base/text.hpp"
#include "table/views.hpp"

namespace hongyan::api {

struct ViewView {
    std::string name;
    std::string page;
    std::string query;
    std::int64_t updated_at = 0;
};
struct ViewPage {
    std::vector<ViewView> items;
};
struct ViewRequest {
    std::string page;
    std::string query;
};

namespace {

using shape::field;

constexpr std::int64_t most_views = 100;
constexpr std::size_t longest_name = 64;

std::optional<std::string> check_page(std::string_view page) {
    const bool good = page.starts_with('/') && !page.starts_with("//") &&
                      page.find_first_of("?#\\ \r\n\t") == std::string_view::npos;
    if (good) return std::nullopt;
    return "must be a path of the console, such as /messages";
}

std::optional<std::string> check_query(std::string_view query) {
    if (query.find_first_of("#\r\n\t ") == std::string_view::npos) return std::nullopt;
    return "must be what stands behind the ? of an address, percent-encoded";
}

ViewView view_of(const table::SavedView& view) {
    return {view.name, view.page, view.query, view.updated_ms};
}

Error no_such_view() { return make_error(ErrorCode::not_found, "There is no such view."); }

}  // namespace

const shape::Object& describe(shape::Tag<ViewView>) {
    using V = ViewView;
    static const shape::Object object =
        shape::object<V>(
            "SavedView", "Filters of a list under a name.",
            field("name", &V::name, "Unique in the tenant.").example("failed mail"),
            field("page", &V::page, "The console's page.").example("/messages"),
            field("query", &V::query, "Its query.").example("status=failed&channel=email"),
            field("updated_at", &V::updated_at, "When it was saved.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<ViewPage>) {
    static const shape::Object object =
        shape::object<ViewPage>("SavedViewPage", "The tenant's saved views, by name.",
                                field("items", &ViewPage::items, "The views, at most 100."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<ViewRequest>) {
    using V = ViewRequest;
    static const shape::Object object =
        shape::object<V>("SavedViewRequest", "What to save under the name.",
                         field("page", &V::page, "The console's page.")
                             .required()
                             .length(1, 128)
                             .check(check_page)
                             .example("/messages"),
                         field("query", &V::query, "Its query, without the question mark.")
                             .length(0, 2'000)
                             .check(check_query)
                             .example("status=failed&channel=email"))
            .example_text(R"({"page":"/messages","query":"status=failed&channel=email"})");
    return object;
}

namespace {

Result<Answer> list_views(const Call& call, Session& session) {
    ViewPage page;
    for (const auto& view : table::list_views(session, call.caller.tenant_id))
        page.items.push_back(view_of(view));
    return answer(page);
}

std::optional<Error> check_name(std::string_view name) {
    bool plain = is_utf8(name) && !name.empty() && utf8_length(name) <= longest_name &&
                 trim(name).size() == name.size();
    for (const char c : name) plain = plain && static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
    if (plain) return std::nullopt;
    auto error = make_error(ErrorCode::invalid_fields, "The name in the path is no good name.");
    error.problems.push_back({"$path.name", "invalid",
                              "must be 1 to 64 characters without control characters, and not "
                              "begin or end with a space"});
    return error;
}

void put_view(Context& context, http::Request& request, http::Responder responder) {
    table::SavedView view;
    view.name = request.param("name");
    if (const auto wrong = check_name(view.name)) return responder.fail(*wrong);
    auto asked = shape::read<ViewRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    view.page = asked->page;
    view.query = asked->query;
    view.updated_ms = context.clock.now_ms();
    change(context, std::move(responder), Reload::no,
           [view = std::move(view), tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::put_view(session, tenant, view, most_views)) {
                   return make_error(ErrorCode::conflict,
                                     "The tenant has 100 views already: delete one first.");
               }
               return answer(view_of(view));
           });
}

void delete_view(Context& context, http::Request& request, http::Responder responder) {
    change(context, std::move(responder), Reload::no,
           [name = std::string(request.param("name")), tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::delete_view(session, tenant, name)) return no_such_view();
               return Answer{"", 204, ""};
           });
}

}  // namespace

void add_view_routes(Routes& routes) {
    routes.read({.path = "/api/views",
                 .operation = "list_views",
                 .tag = "console",
                 .summary = "List saved views",
                 .description = "Of the key's tenant.",
                 .scope = "read",
                 .reply = &shape::description_of<ViewPage>()},
                list_views);
    routes.plain({.method = http::Method::put,
                  .path = "/api/views/{name}",
                  .operation = "save_view",
                  .tag = "console",
                  .summary = "Save a view",
                  .description = "Makes it, or replaces the one of that name.",
                  .scope = "manage",
                  .body = &shape::description_of<ViewRequest>(),
                  .reply = &shape::description_of<ViewView>(),
                  .errors = {ErrorCode::conflict}},
                 put_view);
    routes.plain({.method = http::Method::del,
                  .path = "/api/views/{name}",
                  .operation = "delete_view",
                  .tag = "console",
                  .summary = "Delete a saved view",
                  .description = "It is gone for all keys of the tenant.",
                  .scope = "manage",
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 delete_view);
}

}  // namespace hongyan::api
