// The commands that work on the database itself: migrate, backup, and what doctor says of it; and
// openapi, which needs no server. With a store_url the database is PostgreSQL's. Each is called
// once, from the main thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "base/log.hpp"
#include "contract/store.hpp"

namespace hongyan::app {

/// Tells on stderr (as JSON on stdout) what went wrong and what to do. Returns the exit code.
int report(const Error& error, bool json);
/// The store of these arguments, for a command. Errors: as the engines' open().
[[nodiscard]] Result<std::unique_ptr<Store>> open_for_command(const DataArgs& args, Log& log);

/// Brings the database to this version's schema; refuses while a server runs on the folder. On
/// PostgreSQL nodes may run.
[[nodiscard]] int migrate(const DataArgs& args);
/// Copies the database, also while a server runs on it. On PostgreSQL it only says how.
[[nodiscard]] int backup(const DataArgs& args);
[[nodiscard]] int openapi(bool json);
/// "schema 1, 1204 messages"
[[nodiscard]] Result<std::string> inspect_store(const std::string& data_dir);
/// Reachability, version, safety of commits, schema, latency, clock.
[[nodiscard]] std::vector<Check> check_store_server(const std::string& url);

}  // namespace hongyan::app
