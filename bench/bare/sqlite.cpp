// bench_bare_sqlite: what SQLite alone can write. Takes the table message_records with its indexes
// and its newest row from a database that Hongyan made, and inserts rows like that one, as they are
// when just accepted, into a fresh database: WAL, synchronous=FULL, many rows in a transaction,
// ascending ids of the same shape. Nothing else is done. Prints JSON.
#include <sqlite3.h>

#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* usage_text =
    "usage: bench_bare_sqlite --schema-from FILE --database NEW_FILE [--rows N] [--per-commit N] "
    "[--cache-mib N]\n"
    "  [--checkpoint-pages N]\n"
    "FILE is a Hongyan database with at least one message; NEW_FILE is made, filled and left "
    "there.\n";

struct Options {
    std::string schema_from;
    std::string database;
    std::int64_t rows = 1'000'000;
    std::int64_t per_commit = 2'000;
    std::int64_t cache_mib = 32;
    std::int64_t checkpoint_pages = 1'000;
};

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct FreeValue {
    void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
using Value = std::unique_ptr<sqlite3_value, FreeValue>;

struct Column {
    std::string name;
    Value value;  ///< what the model row has there
};

void check(sqlite3* database, bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + ": " + sqlite3_errmsg(database));
}

Database open_database(const std::string& file, int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
    Database database(raw);
    check(raw, code == SQLITE_OK, file.c_str());
    return database;
}

void execute(sqlite3* database, const std::string& sql) {
    check(database, sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK,
          sql.c_str());
}

Statement prepare(sqlite3* database, const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(database, sql.c_str(), -1, &raw, nullptr);
    check(database, code == SQLITE_OK, sql.c_str());
    return Statement(raw);
}

std::string text_at(sqlite3_stmt* statement, int column) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return text == nullptr ? std::string() : std::string(text);
}

/// Copies page size, table and indexes from one database to the other.
void copy_schema(sqlite3* from, sqlite3* to, const Options& options) {
    const Statement page_size = prepare(from, "PRAGMA page_size");
    check(from, sqlite3_step(page_size.get()) == SQLITE_ROW, "page_size");
    execute(to, "PRAGMA page_size = " + text_at(page_size.get(), 0));
    execute(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    execute(to, "PRAGMA wal_autocheckpoint = " + std::to_string(options.checkpoint_pages));
    execute(to, "PRAGMA cache_size = -" + std::to_string(options.cache_mib * 1'024));
    const Statement schema =
        prepare(from,
                "SELECT sql FROM sqlite_schema WHERE tbl_name = 'message_records'"
                " AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC");
    int count = 0;
    for (; sqlite3_step(schema.get()) == SQLITE_ROW; ++count) execute(to, text_at(schema.get(), 0));
    if (count == 0) throw std::runtime_error(options.schema_from + " has no table message_records");
}

/// The newest row, all stored columns, with its outcome taken back.
std::vector<Column> model_row(sqlite3* from) {
    const Statement row = prepare(from, "SELECT * FROM message_records ORDER BY id DESC LIMIT 1");
    if (sqlite3_step(row.get()) != SQLITE_ROW)
        throw std::runtime_error("the given database has no message to copy");
    const Statement names = prepare(
        from, "SELECT name, hidden FROM pragma_table_xinfo('message_records') ORDER BY cid");
    std::vector<Column> columns;
    for (int index = 0; sqlite3_step(names.get()) == SQLITE_ROW; ++index) {
        if (sqlite3_column_int(names.get(), 1) != 0) continue;  // generated
        columns.push_back({text_at(names.get(), 0),
                           Value(sqlite3_value_dup(sqlite3_column_value(row.get(), index)))});
    }
    return columns;
}

/// Inserts with all parameters bound that stay the same; ?1 is the id, ?2 the recipient.
Statement prepare_insert(sqlite3* to, const std::vector<Column>& columns) {
    std::string names;
    std::string places;
    std::vector<const sqlite3_value*> constants;
    for (const Column& column : columns) {
        std::string place;
        if (column.name == "id")
            place = "?1";
        else if (column.name == "recipient")
            place = "?2";
        else if (column.name == "status")
            place = "'pending'";
        else if (column.name == "attempts")
            place = "0";
        else if (column.name == "reason" || column.name == "provider_message_id")
            continue;
        else if (column.name == "next_attempt_ms")
            continue;
        else {
            constants.push_back(column.value.get());
            place = "?" + std::to_string(constants.size() + 2);
        }
        names += (names.empty() ? "" : ", ") + column.name;
        places += (places.empty() ? "" : ", ") + place;
    }
    Statement insert =
        prepare(to, "INSERT INTO message_records (" + names + ") VALUES (" + places + ")");
    for (std::size_t index = 0; index < constants.size(); ++index) {
        sqlite3_bind_value(insert.get(), static_cast<int>(index) + 3, constants[index]);
    }
    return insert;
}

/// Ids as Hongyan gives them: milliseconds in the upper bits, a counter below.
std::int64_t first_id() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() << 20;
}

double insert_rows(sqlite3* database, sqlite3_stmt* insert, const Options& options) {
    const auto begun = std::chrono::steady_clock::now();
    std::int64_t id = first_id();
    std::string recipient = "13800000000";
    for (std::int64_t done = 0; done < options.rows;) {
        execute(database, "BEGIN IMMEDIATE");
        const std::int64_t end = std::min(done + options.per_commit, options.rows);
        for (; done < end; ++done) {
            std::to_chars(recipient.data(), recipient.data() + recipient.size(),
                          13'800'000'000 + done % 100'000'000);
            sqlite3_bind_int64(insert, 1, id++);
            sqlite3_bind_text(insert, 2, recipient.data(), static_cast<int>(recipient.size()),
                              SQLITE_STATIC);
            check(database, sqlite3_step(insert) == SQLITE_DONE, "insert");
            sqlite3_reset(insert);
        }
        execute(database, "COMMIT");
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    return seconds.count();
}

std::int64_t positive_number(const std::string& name, std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number <= 0) {
        throw std::invalid_argument(name + " must be a whole number above 0");
    }
    return number;
}

Options parse_options(int count, char** arguments) {
    Options options;
    for (int index = 1; index < count; index += 2) {
        const std::string name = arguments[index];
        if (index + 1 == count) throw std::invalid_argument(name + " needs a value");
        const std::string value = arguments[index + 1];
        if (name == "--schema-from")
            options.schema_from = value;
        else if (name == "--database")
            options.database = value;
        else if (name == "--rows")
            options.rows = positive_number(name, value);
        else if (name == "--per-commit")
            options.per_commit = positive_number(name, value);
        else if (name == "--cache-mib")
            options.cache_mib = positive_number(name, value);
        else if (name == "--checkpoint-pages")
            options.checkpoint_pages = positive_number(name, value);
        else
            throw std::invalid_argument("unknown option " + name);
    }
    if (options.schema_from.empty() || options.database.empty()) {
        throw std::invalid_argument("--schema-from and --database are needed");
    }
    if (std::filesystem::exists(options.database))
        throw std::invalid_argument(options.database + " exists already");
    return options;
}

boost::json::object run(const Options& options) {
    const Database to = open_database(options.database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    std::vector<Column> columns;
    {
        const Database from = open_database(options.schema_from, SQLITE_OPEN_READONLY);
        copy_schema(from.get(), to.get(), options);
        columns = model_row(from.get());
    }
    const Statement insert = prepare_insert(to.get(), columns);
    const double seconds = insert_rows(to.get(), insert.get(), options);
    execute(to.get(), "PRAGMA wal_checkpoint(TRUNCATE)");
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(options.database));
    return {{"rows", options.rows},
            {"seconds", seconds},
            {"per_second", static_cast<double>(options.rows) / seconds},
            {"bytes_per_row", static_cast<double>(bytes) / static_cast<double>(options.rows)},
            {"sqlite", sqlite3_libversion()}};
}

}  // namespace

int main(int count, char** arguments) try {
    std::cout << boost::json::serialize(run(parse_options(count, arguments))) << std::endl;
    return 0;
} catch (const std::invalid_argument& error) {
    std::cerr << "bench_bare_sqlite: " << error.what() << "\n" << usage_text;
    return 2;
} catch (const std::exception& error) {
    std::cerr << "bench_bare_sqlite: " << error.what() << "\n";
    return 1;
}
