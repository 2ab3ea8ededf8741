#include "table/views.hpp"

namespace hongyan::table {

std::vector<SavedView> list_views(Session& session, std::int64_t tenant_id) {
    auto rows = session.query(
        "SELECT name, page, query, updated_ms FROM saved_views WHERE tenant_id = $1 ORDER BY name",
        tenant_id);
    std::vector<SavedView> found;
    while (rows.next())
        found.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
    return found;
}

bool put_view(Session& session, std::int64_t tenant_id, const SavedView& view, std::int64_t most) {
    return session.run(
               "INSERT INTO saved_views (tenant_id, name, page, query, updated_ms)"
               " SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM saved_views"
               " WHERE tenant_id = $1 AND name <> $2) < $6"
               " ON CONFLICT (tenant_id, name) DO UPDATE SET page = excluded.page,"
               " query = excluded.query, updated_ms = excluded.updated_ms",
               tenant_id, view.name, view.page, view.query, view.updated_ms, most) == 1;
}

bool delete_view(Session& session, std::int64_t tenant_id, std::string_view name) {
    return session.run("DELETE FROM saved_views WHERE tenant_id = $1 AND name = $2", tenant_id,
                       name) == 1;
}

}  // namespace hongyan::table
