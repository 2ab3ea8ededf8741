// SQL of message_templates and template_versions. Versions are immutable: each change of the text
// makes a new one and keeps the old. Called inside a transaction or a snapshot.
#pragma once

#include <optional>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

struct TemplateFilter {
    std::int64_t tenant_id = 1;
    std::optional<ChannelKind> channel;
    std::string status;
    /// Each word of it is part of the id, the name, the title or the subject; "" is all.
    std::string words;
    std::int64_t after_id = 0;
    int limit = 50;
};

/// Every template of every tenant; for the server's book of compiled templates.
[[nodiscard]] std::vector<TemplateRecord> all_templates(Session& session);
[[nodiscard]] std::vector<TemplateRecord> list_templates(Session& session,
                                                         const TemplateFilter& filter);
[[nodiscard]] std::optional<TemplateRecord> find_template(Session& session, std::int64_t tenant_id,
                                                          std::int64_t id);
/// Gives the id; a name that is taken is a conflict, which the unique index reports.
[[nodiscard]] std::int64_t insert_template(Session& session, const TemplateRecord& record);
/// Writes the record with the next version; false if it is gone.
[[nodiscard]] bool update_template(Session& session, const TemplateRecord& record);
/// The versions stay, since messages name them.
[[nodiscard]] bool delete_template(Session& session, std::int64_t tenant_id, std::int64_t id);
/// Newest first; name, channel and status are those of now.
[[nodiscard]] std::vector<TemplateRecord> list_versions(Session& session,
                                                        const TemplateRecord& current);
[[nodiscard]] bool name_is_taken(Session& session, std::int64_t tenant_id, const std::string& name,
                                 std::int64_t but_id);

}  // namespace hongyan::table
