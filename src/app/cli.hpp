// The command line: reads the arguments, runs one command and returns the exit code. Commands that
// work inside the server's process (serve, migrate, backup, openapi) are handed in by app/run; all
// others live in cli_*.cpp and talk to a server over HTTP or look at files. Data goes to stdout,
// talk to stderr. Called once by main, from one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/cli_doctor.hpp"
#include "base/result.hpp"

namespace hongyan::app {

/// Exit codes of every command; the same list stands in `hongyan --help`.
enum ExitCode : int {
    exit_ok = 0,
    exit_failure = 1,
    exit_usage = 2,
    exit_not_found = 3,
    exit_unauthorized = 4,
    exit_unreachable = 5,
};

/// For config::system_sources(config_file, overrides).
struct ServeArgs {
    std::optional<std::string> config_file;
    std::map<std::string, std::string>
        overrides;  ///< setting name → text, of --listen, --data and --set
};

struct DataArgs {
    std::string data_dir;    ///< --data, else the configuration's data_dir
    std::string store_url;   ///< the configuration's store.url; "" = SQLite in data_dir
    std::string master_key;  ///< the configuration's master_key
    std::string output;  ///< backup: the file to write; rotate-master-key: the key file, "" = usual
    bool dry_run = false;  ///< migrate: only say what would be done
    bool json = false;
    std::string target = {};   ///< migrate-to: the URL of PostgreSQL
    bool verify_only = false;  ///< migrate-to: compare, copy nothing
};

struct SandboxArgs {
    int http_port = 8090;  ///< 0 = any, and then any for all that are not named
    std::optional<int> https_port;
    std::optional<int> smtp_port;
    std::optional<int> smpp_port;
    std::vector<std::string> ports;  ///< "NAME=NUMBER" of services with a port of their own
    std::string data_dir = "./data/sandbox";
    std::string file;   ///< TOML: chaos and settings
    bool json = false;  ///< print one JSON line instead of the table
};

/// The commands that app/run wires to the server's parts. All must be set but inspect_store.
struct ServerCommands {
    std::function<int(const ServeArgs&)> serve;
    std::function<int(const DataArgs&)> migrate;
    std::function<int(const DataArgs&)> backup;
    std::function<int(bool json)> openapi;
    /// For doctor: opens the store in this folder read-only and describes it, e.g. "schema 3, 1,204
    /// messages".
    std::function<Result<std::string>(const std::string& data_dir)> inspect_store;
    std::function<int(const SandboxArgs&)> sandbox = {};
    std::function<int(const DataArgs&)> rotate_master_key = {};
    std::function<int(const DataArgs&)> migrate_to = {};
    /// For doctor: what there is to say of the server that store.url names.
    std::function<std::vector<Check>(const std::string& url)> check_store_server = {};
};

/// Where a command reads and writes; tests pass their own.
struct Terminal {
    std::ostream& out;
    std::ostream& err;
    bool is_tty = false;
    std::map<std::string, std::string> environment;
};

[[nodiscard]] int run_cli(int argc, char** argv, const ServerCommands& commands);
/// The same on given arguments (without the program's name) and streams.
[[nodiscard]] int run_cli(const std::vector<std::string>& arguments, const ServerCommands& commands,
                          Terminal& terminal);

}  // namespace hongyan::app
