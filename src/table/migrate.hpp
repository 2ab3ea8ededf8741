// Brings a database to this program's schema: numbered migrations, only ever appended, each in one
// transaction with its row in schema_migrations. A database that a newer program wrote is refused.
// Nodes that start together on one PostgreSQL wait for each other. Called once at the start, from
// one thread.
#pragma once

#include <string>
#include <vector>

#include "contract/store.hpp"

namespace hongyan::table {

struct MigrationState {
    int current = 0;                   ///< version of the database, 0 = empty
    int newest = 0;                    ///< version of this program
    std::vector<std::string> pending;  ///< names of the migrations still to run
};

/// Errors: newer_database, storage_failed.
[[nodiscard]] Result<MigrationState> migration_state(Store& store);
/// Runs what is pending; gives the state from before.
[[nodiscard]] Result<MigrationState> migrate(Store& store, std::int64_t now_ms);

}  // namespace hongyan::table
