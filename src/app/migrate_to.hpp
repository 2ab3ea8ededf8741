// The command migrate-to: moves an embedded installation into PostgreSQL (table/transfer.hpp) while
// no server runs on it. Called once, from the main thread.
#pragma once

#include "app/cli.hpp"

namespace hongyan::app {

/// Copies and compares; exit_failure if anything is missing or not the same.
[[nodiscard]] int migrate_to(const DataArgs& args);

}  // namespace hongyan::app
