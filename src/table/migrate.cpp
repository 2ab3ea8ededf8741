#include "table/migrate.hpp"

#include "table/migrations.hpp"

namespace hongyan::table {
namespace {

int version_of(Session& session) {
    auto tables = session.query(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'");
    if (!tables.next()) return 0;
    auto rows = session.query("SELECT coalesce(max(version), 0) FROM schema_migrations");
    return rows.next() ? static_cast<int>(rows.integer(0)) : 0;
}

void run_one(Session& session, const Migration& migration, std::int64_t now_ms) {
    session.execute_script(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT "
        "NULL,"
        " applied_ms INTEGER NOT NULL)");
    session.execute_script(std::string(migration.sql));
    session.run("INSERT INTO schema_migrations (version, name, applied_ms) VALUES ($1, $2, $3)",
                migration.version, migration.name, now_ms);
}

}  // namespace

Result<MigrationState> migration_state(Store& store) {
    MigrationState state;
    const auto read = store.read([&](Session& session) { state.current = version_of(session); });
    if (!read) return read.error();
    for (const auto& migration : migrations()) {
        state.newest = migration.version;
        if (migration.version > state.current) state.pending.emplace_back(migration.name);
    }
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
    for (const auto& migration : migrations()) {
        if (migration.version <= state->current) continue;
        const auto done =
            store.write([&](Session& session) { run_one(session, migration, now_ms); });
        if (!done) return done.error();
    }
    return state;
}

}  // namespace hongyan::table
