#include "app/store_commands.hpp"

#include <filesystem>
#include <iostream>

#include "app/server.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "table/migrate.hpp"

namespace hongyan::app {
namespace {

int report(const Error& error, bool json) {
    if (json)
        std::cout << "{\"error\":" << json_quoted(error.detail) << "}\n";
    else
        std::cerr << "hongyan: " << error.detail << "\n" << error_row(error.code).remedy << "\n";
    return exit_failure;
}

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

int migrate(const DataArgs& args) {
    Log log(LogLevel::warn);
    std::error_code failure;
    std::filesystem::create_directories(args.data_dir, failure);
    const auto lock = sqlite::DataLock::take(args.data_dir);
    if (!lock) return report(lock.error(), args.json);
    auto store = open_file(args.data_dir, false, log);
    if (!store) return report(store.error(), args.json);
    const auto state = args.dry_run ? table::migration_state(**store)
                                    : table::migrate(**store, SystemClock().now_ms());
    if (!state) return report(state.error(), args.json);
    print_pending(*state, args.dry_run, args.json);
    return exit_ok;
}

int backup(const DataArgs& args) {
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
