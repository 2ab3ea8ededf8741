#include "app/migrate_to.hpp"

#include <filesystem>
#include <iostream>

#include "app/server.hpp"
#include "app/store_commands.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "table/migrate.hpp"
#include "table/transfer.hpp"

namespace hongyan::app {
namespace {

/// Tells now and then how far it is.
class Progress {
  public:
    Progress(bool quiet, const char* what) : quiet_(quiet), what_(what) {}
    void operator()(const table::TransferTable& table) {
        if (quiet_ || ++steps_ % 50 != 0) return;
        std::cerr << what_ << " " << table.name << ": " << table.copied << " of " << table.rows
                  << "\n";
    }

  private:
    const bool quiet_;
    const char* const what_;
    int steps_ = 0;
};

void print_table(const table::Transfer& transfer) {
    for (const auto& table : transfer.tables()) {
        if (table.rows == 0 && table.different == 0) continue;
        std::cout << "  " << table.name
                  << std::string(28 - std::min<std::size_t>(27, table.name.size()), ' ')
                  << table.rows << " rows";
        if (table.different > 0)
            std::cout << ", " << table.different << " DIFFERENT, first: " << table.first_difference;
        if (table.mended > 0) {
            std::cout << ", in " << table.mended
                      << " of them bytes that are no UTF-8, or 0, became U+FFFD";
        }
        std::cout << "\n";
    }
}

void print_json(const table::Transfer& transfer) {
    std::cout << "{\"differences\":" << transfer.differences() << ",\"tables\":[";
    bool first = true;
    for (const auto& table : transfer.tables()) {
        std::cout << (first ? "" : ",") << "{\"name\":" << json_quoted(table.name)
                  << ",\"rows\":" << table.rows << ",\"different\":" << table.different
                  << ",\"mended\":" << table.mended;
        if (table.different > 0) std::cout << ",\"first\":" << json_quoted(table.first_difference);
        std::cout << "}";
        first = false;
    }
    std::cout << "]}\n";
}

Result<std::unique_ptr<sqlite::SqliteStore>> open_source(const DataArgs& args, Log& log) {
    sqlite::SqliteOptions options;
    options.file = std::filesystem::path(args.data_dir) / database_name;
    if (!std::filesystem::exists(options.file)) {
        return make_error(ErrorCode::io_failed,
                          "There is no database at " + options.file.string() + ".");
    }
    return sqlite::SqliteStore::open(options, log);
}

Status run(const DataArgs& args, table::Transfer& transfer) {
    if (auto prepared = transfer.prepare(args.verify_only); !prepared) return prepared;
    if (!args.verify_only) {
        if (auto copied = transfer.copy(Progress(args.json, "copying")); !copied) return copied;
    }
    return transfer.verify(Progress(args.json, "comparing"));
}

}  // namespace

int migrate_to(const DataArgs& args) {
    Log log(LogLevel::warn);
    if (const auto wrong = postgres::check_url(args.target); !wrong.empty())
        return report(make_error(ErrorCode::config_invalid, "URL: " + wrong), args.json);
    if (!std::filesystem::exists(args.data_dir)) {
        return report(make_error(ErrorCode::io_failed, "There is no folder " + args.data_dir + "."),
                      args.json);
    }
    const auto lock = sqlite::DataLock::take(args.data_dir);
    if (!lock) return report(lock.error(), args.json);
    auto source = open_source(args, log);
    if (!source) return report(source.error(), args.json);
    postgres::PostgresOptions options;
    options.url = args.target;
    auto target = postgres::PostgresStore::open(options, log);
    if (!target) return report(target.error(), args.json);
    // Both must have this program's tables; the source is brought to them as a start would do.
    for (Store* store : {static_cast<Store*>(source->get()), static_cast<Store*>(target->get())}) {
        const auto migrated = table::migrate(*store, SystemClock().now_ms());
        if (!migrated) return report(migrated.error(), args.json);
    }
    table::Transfer transfer(**source, **target);
    if (const auto done = run(args, transfer); !done) return report(done.error(), args.json);
    if (args.json)
        print_json(transfer);
    else
        print_table(transfer);
    if (transfer.differences() > 0) return exit_failure;
    if (!args.json) {
        std::cout
            << "Every row is in PostgreSQL, compared one by one. Start the nodes with store.url "
               "and with the keys of\n"
            << (std::filesystem::path(args.data_dir) / "master.key").string()
            << " (setting master_key); the old folder stays as it is.\n";
    }
    return exit_ok;
}

}  // namespace hongyan::app
