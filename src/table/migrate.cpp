#include "table/migrate.hpp"

#include "table/migrations.hpp"
#include "table/retention.hpp"

namespace hongyan::table {
namespace {

int version_of(Session& session) {
    auto tables = session.dialect() == Dialect::postgres
                      ? session.query(
                            "SELECT 1 FROM pg_class WHERE relname = 'schema_migrations' AND "
                            "pg_table_is_visible(oid)")
                      : session.query(
                            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = "
                            "'schema_migrations'");
    if (!tables.next()) return 0;
    auto rows = session.query("SELECT coalesce(max(version), 0) FROM schema_migrations");
    return rows.next() ? static_cast<int>(rows.integer(0)) : 0;
}

/// Held to the end of the transaction. The others wait for all of a migration, so long.
void wait_for_other_nodes(Session& session) {
    if (session.dialect() != Dialect::postgres) return;
    session.execute_script(
        "SET LOCAL lock_timeout = '300s'; SET LOCAL statement_timeout = '600s';"
        "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.schema_migrations'))");
}

void run_one(Session& session, const Migration& migration, std::int64_t now_ms) {
    wait_for_other_nodes(session);
    if (version_of(session) >= migration.version) return;
    session.execute_script(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT "
        "NULL,"
        " applied_ms BIGINT NOT NULL)");
    session.execute_script(std::string(migration.sql));
    session.run("INSERT INTO schema_migrations (version, name, applied_ms) VALUES ($1, $2, $3)",
                migration.version, migration.name, now_ms);
}

Result<Dialect> dialect_of(Store& store) {
    auto found = Dialect::sqlite;
    const auto read = store.read([&](Session& session) { found = session.dialect(); });
    if (!read) return read.error();
    return found;
}

}  // namespace

Result<MigrationState> migration_state(Store& store) {
    MigrationState state;
    const auto read = store.read([&](Session& session) {
        state = {};
        state.current = version_of(session);
        for (const auto& migration : migrations(session.dialect())) {
            state.newest = migration.version;
            if (migration.version > state.current) state.pending.emplace_back(migration.name);
        }
    });
    if (!read) return read.error();
    if (state.current > state.newest) {
        return make_error(ErrorCode::newer_database, "The database has schema version " +
                                                         std::to_string(state.current) +
                                                         ", this program knows versions up to " +
                                                         std::to_string(state.newest) + ".");
    }
    return state;
}

Result<MigrationState> migrate(Store& store, std::int64_t now_ms) {
    auto state = migration_state(store);
    if (!state) return state.error();
    const auto dialect = dialect_of(store);
    if (!dialect) return dialect.error();
    for (const auto& migration : migrations(*dialect)) {
        if (migration.version <= state->current) continue;
        const auto done =
            store.write([&](Session& session) { run_one(session, migration, now_ms); });
        if (!done) return done.error();
    }
    if (*dialect != Dialect::postgres) return state;
    const auto room = store.write([&](Session& session) { make_room(session, now_ms); });
    if (!room) return room.error();
    return state;
}

}  // namespace hongyan::table
