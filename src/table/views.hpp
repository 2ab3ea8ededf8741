// SQL of saved_views: filters of the console's lists under a name, per tenant. Called inside a
// transaction or a snapshot.
#pragma once

#include <string>
#include <vector>

#include "contract/store.hpp"

namespace hongyan::table {

struct SavedView {
    std::string name;
    std::string page;
    std::string query;
    std::int64_t updated_ms = 0;
};

/// By name.
[[nodiscard]] std::vector<SavedView> list_views(Session& session, std::int64_t tenant_id);
/// Makes or replaces it; false if it is new and the tenant has most already.
[[nodiscard]] bool put_view(Session& session, std::int64_t tenant_id, const SavedView& view,
                            std::int64_t most);
[[nodiscard]] bool delete_view(Session& session, std::int64_t tenant_id, std::string_view name);

}  // namespace hongyan::table
