#include "app/store_commands.hpp"

#include <filesystem>
#include <iostream>
#include <optional>

#include "app/server.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/postgres/inspect.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "table/migrate.hpp"
#include "table/migrations.hpp"

namespace hongyan::app {
namespace {

Result<std::unique_ptr<sqlite::SqliteStore>> open_file(const std::string& data_dir, bool read_only,
                                                       Log& log) {
    sqlite::SqliteOptions options;
    options.file = std::filesystem::path(data_dir) / database_name;
    options.read_only = read_only;
    if (read_only && !std::filesystem::exists(options.file)) {
        return make_error(ErrorCode::io_failed,
                          "There is no database at " + options.file.string() + ".");
    }
    return sqlite::SqliteStore::open(options, log);
}

postgres::PostgresOptions command_options(const std::string& url) {
    postgres::PostgresOptions options;
    options.url = url;
    options.program = "hongyan-command";
    options.readers = 1;
    options.start_patience = Millis(3'000);
    return options;
}

/// A word for a POSIX shell.
std::string shell_word(const std::string& text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

/// A dump by another program than PostgreSQL's own would be worth nothing to its tools.
int explain_pg_dump(const DataArgs& args) {
    const auto command = "pg_dump --format=custom --file=" + shell_word(args.output) + " " +
                         shell_word(postgres::without_password(args.store_url));
    if (args.json) {
        std::cout << "{\"error\":"
                  << json_quoted("store.url is PostgreSQL, which makes its own backups")
                  << ",\"command\":" << json_quoted(command) << "}\n";
        return exit_failure;
    }
    std::cerr << "hongyan: store.url is PostgreSQL, which makes its own backups: nothing was "
                 "written. One consistent copy, while the nodes run:\n  "
              << command
              << "\nThe password comes from PGPASSWORD or ~/.pgpass. Without the nodes' master key "
                 "(the setting master_key, or master.key of a data folder) a copy has no accounts; "
                 "keep it in another place.\n";
    return exit_failure;
}

Check check_commits(const postgres::Inspection& found) {
    std::string detail = "synchronous_commit = " + found.synchronous_commit;
    detail += found.standbys.empty() ? ", no synchronous standby"
                                     : ", synchronous standbys: " + found.standbys;
    if (found.warning.empty()) return {"commits", Verdict::ok, detail, ""};
    return {"commits", Verdict::warning, found.warning, "set fsync = on and restart PostgreSQL"};
}

Check check_schema(const postgres::Inspection& found, int newest) {
    const auto version = "schema " + std::to_string(found.schema_version);
    if (!found.may_create) {
        return {"database", Verdict::failure, "the role may not make tables in its schema",
                "ALTER DATABASE ... OWNER TO the role; since PostgreSQL 15 other roles cannot"};
    }
    if (found.schema_version == 0)
        return {"database", Verdict::skipped, "has no tables yet; the first start makes them", ""};
    if (found.schema_version > newest) {
        return {"database", Verdict::failure,
                version + ", this program knows up to " + std::to_string(newest),
                "run the newer version, or restore an older backup"};
    }
    const auto size = ", about " + std::to_string(found.messages) + " messages, " +
                      std::to_string(found.bytes / (1 << 20)) + " MiB";
    if (found.schema_version == newest) return {"database", Verdict::ok, version + size, ""};
    return {"database", Verdict::warning,
            version + ", the next start brings it to " + std::to_string(newest) + size,
            "'hongyan migrate --dry-run' shows what is to be done"};
}

Check check_latency(const postgres::Inspection& found) {
    constexpr std::int64_t slow_trip_us = 5'000;
    constexpr std::int64_t slow_commit_us = 20'000;
    const auto detail = "a round trip takes " + std::to_string(found.round_trip_us) +
                        " us, a commit " + std::to_string(found.commit_us) + " us (medians of 11)";
    if (found.round_trip_us > slow_trip_us)
        return {"latency", Verdict::warning, detail, "run the nodes near the database"};
    if (found.commit_us > slow_commit_us) {
        return {"latency", Verdict::warning, detail + "; accepted messages wait for it",
                "put PostgreSQL's log of changes on an SSD; look at the network to its standbys"};
    }
    return {"latency", Verdict::ok, detail, ""};
}

/// Ids and times of messages come from the nodes' clocks.
Check check_clocks(const postgres::Inspection& found) {
    constexpr std::int64_t most_ms = 1'000;
    const auto ahead = found.clock_ahead_ms;
    const auto detail = "PostgreSQL's is " + std::to_string(std::abs(ahead)) + " ms " +
                        (ahead < 0 ? "behind" : "ahead");
    if (std::abs(ahead) <= most_ms) return {"clocks", Verdict::ok, detail, ""};
    return {"clocks", Verdict::warning, detail,
            "start a time service on both machines, such as chrony"};
}

Check check_room(const postgres::Inspection& found) {
    // A server takes one to write, one to look up and store.reader_threads to read.
    constexpr int needed = 10;
    const auto detail = std::to_string(found.free_connections) + " free, " +
                        std::to_string(found.nodes) + " taken by running nodes";
    if (found.free_connections >= needed) return {"connections", Verdict::ok, detail, ""};
    return {"connections", Verdict::warning, detail,
            "raise max_connections: each node takes 2 + store.reader_threads"};
}

void print_pending(const table::MigrationState& state, bool dry_run, bool json) {
    if (json) {
        std::cout << "{\"from\":" << state.current << ",\"to\":" << state.newest
                  << ",\"pending\":[";
        for (std::size_t i = 0; i < state.pending.size(); ++i)
            std::cout << (i > 0 ? "," : "") << json_quoted(state.pending[i]);
        std::cout << "],\"dry_run\":" << (dry_run ? "true" : "false") << "}\n";
        return;
    }
    if (state.pending.empty()) {
        std::cout << "The database has schema version " << state.current
                  << "; there is nothing to do.\n";
        return;
    }
    std::cout << (dry_run ? "Would run" : "Ran") << ", from version " << state.current << " to "
              << state.newest << ":\n";
    for (const auto& name : state.pending) std::cout << "  " << name << "\n";
}

}  // namespace

int report(const Error& error, bool json) {
    if (json) {
        std::cout << "{\"error\":" << json_quoted(error.detail) << "}\n";
        return exit_failure;
    }
    std::cerr << "hongyan: " << error.detail << "\n";
    // That of a file only points at the detail, which stands above already.
    if (error.code != ErrorCode::io_failed) std::cerr << error_row(error.code).remedy << "\n";
    return exit_failure;
}

Result<std::unique_ptr<Store>> open_for_command(const DataArgs& args, Log& log) {
    if (args.store_url.empty()) {
        auto opened = open_file(args.data_dir, false, log);
        if (!opened) return opened.error();
        return std::unique_ptr<Store>(std::move(*opened));
    }
    auto opened = postgres::PostgresStore::open(command_options(args.store_url), log);
    if (!opened) return opened.error();
    return std::unique_ptr<Store>(std::move(*opened));
}

int migrate(const DataArgs& args) {
    Log log(LogLevel::warn);
    std::optional<sqlite::DataLock> lock;
    if (args.store_url.empty()) {
        std::error_code failure;
        std::filesystem::create_directories(args.data_dir, failure);
        auto taken = sqlite::DataLock::take(args.data_dir);
        if (!taken) return report(taken.error(), args.json);
        lock.emplace(std::move(*taken));
    }
    auto store = open_for_command(args, log);
    if (!store) return report(store.error(), args.json);
    const auto state = args.dry_run ? table::migration_state(**store)
                                    : table::migrate(**store, SystemClock().now_ms());
    if (!state) return report(state.error(), args.json);
    print_pending(*state, args.dry_run, args.json);
    return exit_ok;
}

int backup(const DataArgs& args) {
    if (!args.store_url.empty()) return explain_pg_dump(args);
    Log log(LogLevel::warn);
    if (std::filesystem::exists(args.output)) {
        return report(make_error(ErrorCode::io_failed,
                                 args.output + " exists already; name a file that does not."),
                      args.json);
    }
    auto store = open_file(args.data_dir, true, log);
    if (!store) return report(store.error(), args.json);
    const auto done = (*store)->backup_to(args.output);
    if (!done) return report(done.error(), args.json);
    const auto bytes = std::filesystem::file_size(args.output);
    if (args.json)
        std::cout << "{\"file\":" << json_quoted(args.output) << ",\"bytes\":" << bytes << "}\n";
    else
        std::cout << "Wrote " << args.output << ", " << bytes << " bytes, checked.\n";
    return exit_ok;
}

std::vector<Check> check_store_server(const std::string& url) {
    const auto found = postgres::inspect(command_options(url));
    if (!found) {
        const bool is_away = found.error().code == ErrorCode::unavailable;
        return {{"PostgreSQL", Verdict::failure, found.error().detail,
                 is_away ? "start it, or correct host and port of store.url; a firewall may be "
                           "between"
                         : "correct store.url (HONGYAN_STORE_URL): user, password, database, "
                           "sslmode"}};
    }
    const auto newest = table::migrations(Dialect::postgres).back().version;
    return {{"PostgreSQL", Verdict::ok, "version " + found->version + ", " + found->database, ""},
            check_commits(*found),
            check_schema(*found, newest),
            check_latency(*found),
            check_clocks(*found),
            check_room(*found)};
}

int openapi(bool) {
    std::cout << openapi_text();
    return exit_ok;
}

Result<std::string> inspect_store(const std::string& data_dir) {
    Log log(LogLevel::error);
    auto store = open_file(data_dir, true, log);
    if (!store) return store.error();
    const auto state = table::migration_state(**store);
    if (!state) return state.error();
    std::int64_t messages = 0;
    const auto read = (*store)->read([&](Session& session) {
        if (state->current == 0) return;
        auto rows = session.query("SELECT count(*) FROM message_records");
        if (rows.next()) messages = rows.integer(0);
    });
    if (!read) return read.error();
    return "schema " + std::to_string(state->current) + ", " + std::to_string(messages) +
           " messages";
}

}  // namespace hongyan::app
