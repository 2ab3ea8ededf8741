#include "table/templates.hpp"

#include <array>

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "id, tenant_id, name, title, channel, subject, content, html, variables, status, version, "
    "created_ms, updated_ms, options, on_unknown, design";

TemplateRecord read_row(const Rows& rows) {
    TemplateRecord t;
    t.id = rows.integer(0);
    t.tenant_id = rows.integer(1);
    t.name = rows.text(2);
    t.title = rows.text(3);
    t.channel = from_text<ChannelKind>(channel_names, rows.view(4)).value_or(ChannelKind::sms);
    t.subject = rows.text(5);
    t.content = rows.text(6);
    t.html = rows.text(7);
    t.variables = rows.text(8);
    t.status = rows.text(9);
    t.version = static_cast<std::int32_t>(rows.integer(10));
    t.created_ms = rows.integer(11);
    t.updated_ms = rows.integer(12);
    t.options = rows.text(13);
    t.on_unknown = rows.text(14);
    t.design = rows.text(15);
    return t;
}

void insert_version(Session& session, const TemplateRecord& t) {
    session.run(
        "INSERT INTO template_versions (template_id, version, subject, content, html, variables, "
        "created_ms, options, design, created_by, created_by_key, comment)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, ''), nullif($9, ''), nullif($10, ''), "
        "CASE WHEN $10 = '' THEN NULL ELSE $11 END, nullif($12, ''))",
        t.id, t.version, t.subject, t.content, t.html, t.variables, t.updated_ms, t.options,
        t.design, t.saved_by.name, t.saved_by.key_id, t.comment);
}

/// What LIKE must find, in any order: one pattern a word; the last has what is left, in its order.
std::array<std::string, 3> patterns_of(std::string_view words) {
    std::array<std::string, 3> patterns;
    std::size_t used = 0;
    bool in_word = false;
    for (const char c : words) {
        if (c == ' ' || c == '\t') {
            if (in_word && used + 1 < patterns.size()) ++used;
            in_word = false;
            continue;
        }
        if (!in_word) patterns[used] += '%';
        if (c == '%' || c == '_' || c == '!') patterns[used] += '!';
        patterns[used] += c;
        in_word = true;
    }
    for (auto& pattern : patterns) pattern += '%';
    return patterns;
}

}  // namespace

std::vector<TemplateRecord> all_templates(Session& session) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM message_templates ORDER BY id";
    auto rows = session.query(sql);
    std::vector<TemplateRecord> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

std::vector<TemplateRecord> list_templates(Session& session, const TemplateFilter& filter) {
    static const std::string searched =
        " AND lower(CAST(id AS TEXT) || ' ' || name || ' ' || title || ' ' || coalesce(subject, "
        "'')) LIKE ";
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM message_templates WHERE tenant_id = $1 AND ($2 = '' OR channel = $2)"
        " AND ($3 = '' OR status = $3) AND id > $4" +
        searched + "lower($6) ESCAPE '!'" + searched + "lower($7) ESCAPE '!'" + searched +
        "lower($8) ESCAPE '!' ORDER BY id LIMIT $5";
    const auto patterns = patterns_of(filter.words);
    auto rows = session.query(
        sql, filter.tenant_id, filter.channel ? to_text(*filter.channel) : std::string_view(),
        filter.status, filter.after_id, filter.limit, patterns[0], patterns[1], patterns[2]);
    std::vector<TemplateRecord> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

std::optional<TemplateRecord> find_template(Session& session, std::int64_t tenant_id,
                                            std::int64_t id) {
    static const std::string sql = "SELECT " + std::string(columns) +
                                   " FROM message_templates WHERE id = $1 AND tenant_id = $2";
    auto rows = session.query(sql, id, tenant_id);
    if (!rows.next()) return std::nullopt;
    return read_row(rows);
}

std::int64_t insert_template(Session& session, const TemplateRecord& record) {
    TemplateRecord added = record;
    {
        auto rows = session.query(
            "INSERT INTO message_templates (tenant_id, name, title, channel, subject, content, "
            "html, variables, status,"
            " version, created_ms, updated_ms, options, on_unknown, design) VALUES ($1, $2, $3, "
            "$4, "
            "$5, $6, $7, $8, $9, 1, $10, $10, nullif($11, ''), nullif($12, ''), nullif($13, '')) "
            "RETURNING id",
            record.tenant_id, record.name, record.title, to_text(record.channel), record.subject,
            record.content, record.html, record.variables, record.status, record.created_ms,
            record.options, record.on_unknown, record.design);
        if (rows.next()) added.id = rows.integer(0);
        while (rows.next()) {
        }
    }
    added.version = 1;
    insert_version(session, added);
    return added.id;
}

bool update_template(Session& session, const TemplateRecord& record) {
    const auto changed = session.run(
        "UPDATE message_templates SET name = $3, title = $4, channel = $5, subject = $6, content = "
        "$7, html = $8,"
        " variables = $9, status = $10, version = $11, updated_ms = $12, options = nullif($13, "
        "''), "
        "on_unknown = nullif($14, ''), design = nullif($15, '') WHERE id = $1 AND tenant_id = $2",
        record.id, record.tenant_id, record.name, record.title, to_text(record.channel),
        record.subject, record.content, record.html, record.variables, record.status,
        record.version, record.updated_ms, record.options, record.on_unknown, record.design);
    if (changed == 0) return false;
    auto rows =
        session.query("SELECT 1 FROM template_versions WHERE template_id = $1 AND version = $2",
                      record.id, record.version);
    if (!rows.next()) insert_version(session, record);
    return true;
}

bool delete_template(Session& session, std::int64_t tenant_id, std::int64_t id) {
    return session.run("DELETE FROM message_templates WHERE id = $1 AND tenant_id = $2", id,
                       tenant_id) == 1;
}

std::vector<TemplateRecord> list_versions(Session& session, const TemplateRecord& current) {
    auto rows = session.query(
        "SELECT version, subject, content, html, variables, created_ms, options, design, "
        "created_by, created_by_key, comment FROM template_versions "
        "WHERE template_id = $1"
        " ORDER BY version DESC LIMIT 200",
        current.id);
    std::vector<TemplateRecord> found;
    while (rows.next()) {
        TemplateRecord one = current;
        one.version = static_cast<std::int32_t>(rows.integer(0));
        one.subject = rows.text(1);
        one.content = rows.text(2);
        one.html = rows.text(3);
        one.variables = rows.text(4);
        one.updated_ms = rows.integer(5);
        one.options = rows.text(6);
        one.design = rows.text(7);
        one.saved_by = {rows.text(8), rows.integer(9)};
        one.comment = rows.text(10);
        found.push_back(std::move(one));
    }
    return found;
}

bool name_is_taken(Session& session, std::int64_t tenant_id, const std::string& name,
                   std::int64_t but_id) {
    auto rows = session.query(
        "SELECT 1 FROM message_templates WHERE tenant_id = $1 AND name = $2 AND id <> $3",
        tenant_id, name, but_id);
    return rows.next();
}

}  // namespace hongyan::table
