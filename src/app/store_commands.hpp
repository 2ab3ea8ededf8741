// The commands that work on the database file itself: migrate, backup, and what doctor says of it;
// and openapi, which needs no server. Each is called once, from the main thread.
#pragma once

#include <string>

#include "app/cli.hpp"

namespace hongyan::app {

/// Brings the database to this version's schema; refuses while a server runs on the folder.
[[nodiscard]] int migrate(const DataArgs& args);
/// Copies the database, also while a server runs on it.
[[nodiscard]] int backup(const DataArgs& args);
[[nodiscard]] int openapi(bool json);
/// "schema 1, 1204 messages"
[[nodiscard]] Result<std::string> inspect_store(const std::string& data_dir);

}  // namespace hongyan::app
