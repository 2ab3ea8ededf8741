#include "table/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/storable.hpp"
#include "base/text.hpp"
#include "table/bulk.hpp"
#include "table/nodes.hpp"

namespace hongyan::table {
namespace {

constexpr int step_rows = 2'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t most_days = 400;
constexpr std::int64_t days_at_once = 20;

/// Of the engine or of a cluster, or about to be added up into another.
const std::set<std::string>& left_out() {
    static const std::set<std::string> names{"nodes",
                                             "leases",
                                             "fences",
                                             "schema_migrations",
                                             "store_writers",
                                             "transfer_progress",
                                             "message_statistics_deltas"};
    return names;
}

using Kind = TransferColumn::Kind;
using Row = std::vector<std::optional<std::string>>;  ///< one text for a value, the same from both

Kind kind_of(std::string_view type) {
    if (type == "bigint" || type == "integer" || type == "smallint") return Kind::number;
    if (type == "double precision" || type == "real" || type == "numeric") return Kind::real;
    return type == "bytea" ? Kind::blob : Kind::text;
}

std::string real_text(double value) {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return std::string(digits, end);
}

std::optional<std::string> value_at(const Rows& rows, int column, Kind kind) {
    if (rows.null(column)) return std::nullopt;
    if (kind == Kind::number) return std::to_string(rows.integer(column));
    if (kind == Kind::real) return real_text(rows.real(column));
    return rows.text(column);
}

std::string key_of(const TransferTable& table, const Row& row) {
    std::string key;
    for (const auto place : table.key) key += row[place].value_or("") + "\x1f";
    return key;
}

std::string names_of(const TransferTable& table) {
    std::string names;
    for (const auto& column : table.columns) names += (names.empty() ? "" : ", ") + column.name;
    return names;
}

/// Rows of the source after a row, in the order of the primary key.
std::vector<Row> next_rows(Session& session, const TransferTable& table, const Row& after) {
    std::string keys;
    std::string places;
    for (std::size_t i = 0; i < table.key.size(); ++i) {
        keys += (i > 0 ? ", " : "") + table.columns[table.key[i]].name;
        places += (i > 0 ? ", $" : "$") + std::to_string(i + 1);
    }
    std::string sql = "SELECT " + names_of(table) + " FROM " + table.name;
    if (!after.empty()) sql += " WHERE (" + keys + ") > (" + places + ")";
    sql += " ORDER BY " + keys + " LIMIT " + std::to_string(step_rows);
    Statement& statement = session.prepare(sql);
    for (std::size_t i = 0; !after.empty() && i < table.key.size(); ++i) {
        const auto& column = table.columns[table.key[i]];
        const auto& value = after[table.key[i]];
        const int index = static_cast<int>(i) + 1;
        if (column.kind == Kind::number)
            statement.bind(index, parse_int(*value).value_or(0));
        else
            statement.bind(index, std::string_view(*value));
    }
    Rows rows(statement);
    std::vector<Row> found;
    while (rows.next()) {
        Row& row = found.emplace_back();
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            row.push_back(value_at(rows, static_cast<int>(i), table.columns[i].kind));
    }
    return found;
}

std::optional<std::size_t> place_of(const TransferTable& table, std::string_view name) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].name == name) return i;
    }
    return std::nullopt;
}

/// A message that waits belongs to nobody until a node starts.
void disown(const TransferTable& table, std::vector<Row>& rows) {
    if (table.name != "message_records") return;
    const auto node = place_of(table, "node");
    const auto status = place_of(table, "status");
    if (!node || !status) return;
    for (auto& row : rows) {
        const auto& word = row[*status].value_or("");
        const bool waits =
            word == "pending" || word == "scheduled" || word == "retrying" || word == "processing";
        row[*node] = waits ? std::optional(std::to_string(no_owner)) : std::nullopt;
    }
}

/// SQLite takes every byte; what PostgreSQL cannot hold as text is replaced, and told.
std::int64_t mend(const TransferTable& table, std::vector<Row>& rows) {
    std::int64_t mended = 0;
    for (auto& row : rows) {
        bool whole = true;
        for (std::size_t i = 0; i < row.size(); ++i) {
            auto& value = row[i];
            if (table.columns[i].kind != Kind::text || !value || is_storable(*value)) continue;
            *value = storable(*value);
            whole = false;
        }
        if (!whole) ++mended;
    }
    return mended;
}

void put(CopyRows& copy, const std::optional<std::string>& value, Kind kind) {
    if (!value)
        copy.null();
    else if (kind == Kind::blob)
        copy.blob(*value);
    else
        copy.text(*value);
}

std::string progress_of(Session& session, const std::string& table) {
    auto rows = session.query("SELECT last_key FROM transfer_progress WHERE name = $1", table);
    return rows.next() ? rows.text(0) : "";
}

/// The values of a row's key, as text that goes back.
std::string place_text(const TransferTable& table, const Row& row) {
    std::string text;
    for (const auto place : table.key) text += row[place].value_or("") + "\x1e";
    return text;
}

Row place_row(const TransferTable& table, std::string_view text) {
    Row row(table.columns.size());
    std::size_t i = 0;
    for (const auto& value : split(text, '\x1e')) {
        if (i < table.key.size()) row[table.key[i++]] = std::string(value);
    }
    return row;
}

std::int64_t count_of(Session& session, const std::string& sql) {
    auto rows = session.query(sql);
    return rows.next() ? rows.integer(0) : 0;
}

/// The target's rows with these first parts of keys, by their whole key.
std::map<std::string, Row> rows_like(Session& session, const TransferTable& table,
                                     const std::vector<Row>& wanted) {
    const auto& first = table.columns[table.key.front()];
    ArrayText keys;
    for (const auto& row : wanted) {
        const auto& value = row[table.key.front()].value_or("");
        if (first.kind == Kind::number)
            keys.number(parse_int(value).value_or(0));
        else
            keys.text(value);
    }
    const std::string type = first.kind == Kind::number ? "bigint[]" : "text[]";
    const std::string sql = "SELECT " + names_of(table) + " FROM " + table.name + " WHERE " +
                            first.name + " = ANY ($1::" + type + ")";
    auto rows = session.query(sql, keys.close());
    std::map<std::string, Row> found;
    while (rows.next()) {
        Row row;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            row.push_back(value_at(rows, static_cast<int>(i), table.columns[i].kind));
        auto key = key_of(table, row);
        found.emplace(std::move(key), std::move(row));
    }
    return found;
}

void compare(TransferTable& table, const std::vector<Row>& wanted,
             const std::map<std::string, Row>& found) {
    for (const auto& row : wanted) {
        const auto there = found.find(key_of(table, row));
        std::string what;
        if (there == found.end()) {
            what = "the row";
        } else {
            for (std::size_t i = 0; i < row.size() && what.empty(); ++i) {
                if (row[i] != there->second[i]) what = table.columns[i].name;
            }
        }
        if (what.empty()) continue;
        if (table.different++ > 0) continue;
        auto key = key_of(table, row);
        std::replace(key.begin(), key.end(), '\x1f', ' ');
        table.first_difference = what + " of " + std::string(trim(key));
    }
}

}  // namespace

Status Transfer::read_tables() {
    tables_.clear();
    Status problem = Done{};
    auto read = to_.read([&](Session& session) {
        auto rows = session.query(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c "
            "JOIN pg_class AS p ON p.relname = c.table_name AND p.relnamespace = "
            "current_schema()::regnamespace WHERE c.table_schema = current_schema() AND p.relkind "
            "IN ('r', 'p') AND NOT p.relispartition AND c.is_generated = 'NEVER' ORDER BY "
            "c.table_name, c.ordinal_position");
        while (rows.next()) {
            const auto name = rows.text(0);
            if (left_out().contains(name)) continue;
            if (tables_.empty() || tables_.back().name != name) tables_.emplace_back().name = name;
            tables_.back().columns.push_back({rows.text(1), kind_of(rows.view(2))});
        }
    });
    if (!read) return read;
    // Its counters rise with every row that comes into the tables of rules.
    std::stable_partition(tables_.begin(), tables_.end(),
                          [](const TransferTable& table) { return table.name != "system_values"; });
    read = from_.read([&](Session& session) {
        for (auto& table : tables_) {
            std::set<std::string> there;
            std::map<std::int64_t, std::string> key;
            auto rows = session.query("SELECT name, pk FROM pragma_table_info($1)", table.name);
            while (rows.next()) {
                there.insert(rows.text(0));
                if (rows.integer(1) > 0) key[rows.integer(1)] = rows.text(0);
            }
            std::erase_if(table.columns,
                          [&](const TransferColumn& one) { return !there.contains(one.name); });
            for (const auto& [order, name] : key) {
                if (const auto place = place_of(table, name)) table.key.push_back(*place);
            }
            if (table.key.empty()) {
                problem = make_error(ErrorCode::storage_failed,
                                     "The table " + table.name + " is not in the source.");
                return;
            }
            table.rows = count_of(session, "SELECT count(*) FROM " + table.name);
        }
    });
    return read ? problem : read;
}

Status Transfer::prepare(bool verify_only) {
    if (auto read = read_tables(); !read) return read;
    std::int64_t own = 0;
    auto looked = to_.read([&](Session& session) {
        resumed_ = count_of(session,
                            "SELECT count(*) FROM pg_class WHERE relname = 'transfer_progress' AND "
                            "pg_table_is_visible(oid)") > 0;
        own = count_of(session,
                       "SELECT (SELECT count(*) FROM (SELECT 1 FROM message_records LIMIT 1) AS a) "
                       "+ (SELECT count(*) FROM message_tasks) + (SELECT count(*) FROM nodes)");
    });
    if (!looked || verify_only || resumed_ || own == 0) return looked;
    return make_error(ErrorCode::conflict,
                      "The target has messages, tasks or nodes of its own. Name an empty database, "
                      "in which no node has been started.");
}

Status Transfer::begin() {
    if (resumed_) return Done{};
    if (auto made = make_partitions(); !made) return made;
    return to_.write([&](Session& session) {
        // What the schema put there gives way to what the source has.
        for (const auto& table : tables_) session.run("DELETE FROM " + table.name);
        session.run(
            "CREATE TABLE transfer_progress (name TEXT PRIMARY KEY, last_key TEXT NOT NULL)");
    });
}

/// The newest days that have messages, some at a time, since each is four tables and indexes. What
/// is older lies in the default partition.
Status Transfer::make_partitions() {
    std::vector<std::int64_t> days;
    auto read = from_.read([&](Session& session) {
        auto rows = session.query(
            "SELECT DISTINCT (id >> 20) / $1 AS day FROM message_records ORDER BY day DESC LIMIT "
            "$2",
            day_ms, most_days);
        while (rows.next()) days.push_back(rows.integer(0));
    });
    if (!read) return read;
    for (std::size_t begin = 0; begin < days.size(); begin += days_at_once) {
        const auto end = std::min(days.size(), begin + days_at_once);
        auto made = to_.write([&](Session& session) {
            for (auto i = begin; i < end; ++i) {
                session.run("SELECT create_message_partitions(DATE '1970-01-01' + $1::integer, 1)",
                            days[i]);
            }
        });
        if (!made) return made;
    }
    return Done{};
}

Status Transfer::copy(const Watcher& watch) {
    if (auto begun = begin(); !begun) return begun;
    for (auto& table : tables_) {
        if (auto copied = copy_table(table, watch); !copied) return copied;
    }
    return finish();
}

Status Transfer::copy_table(TransferTable& table, const Watcher& watch) {
    std::string at;
    auto looked = to_.read([&](Session& session) {
        at = progress_of(session, table.name);
        table.copied = count_of(session, "SELECT count(*) FROM " + table.name);
    });
    if (!looked) return looked;
    Row after = at.empty() ? Row() : place_row(table, at);
    for (;;) {
        std::vector<Row> rows;
        if (auto read =
                from_.read([&](Session& session) { rows = next_rows(session, table, after); });
            !read)
            return read;
        if (rows.empty()) break;
        after = rows.back();
        disown(table, rows);
        std::ignore = mend(table, rows);
        CopyRows copy;
        for (const auto& row : rows) {
            for (std::size_t i = 0; i < row.size(); ++i) put(copy, row[i], table.columns[i].kind);
            copy.end_row();
        }
        auto written = to_.write([&](Session& session) {
            session.copy_in("COPY " + table.name + " (" + names_of(table) + ") FROM STDIN",
                            copy.rows());
            session.run(
                "INSERT INTO transfer_progress (name, last_key) VALUES ($1, $2) ON CONFLICT (name) "
                "DO UPDATE SET last_key = excluded.last_key",
                table.name, place_text(table, after));
        });
        if (!written) return written;
        table.copied += static_cast<std::int64_t>(rows.size());
        watch(table);
    }
    return Done{};
}

/// Ids that the database gives go on above those that came over.
Status Transfer::finish() {
    return to_.write([&](Session& session) {
        std::vector<std::pair<std::string, std::string>> identities;
        {
            auto rows = session.query(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema "
                "= current_schema() AND is_identity = 'YES'");
            while (rows.next()) identities.emplace_back(rows.text(0), rows.text(1));
        }
        for (const auto& [table, column] : identities) {
            const std::string sequence =
                "pg_get_serial_sequence('" + table + "', '" + column + "')";
            session.run("SELECT setval(" + sequence + ", greatest((SELECT coalesce(max(" + column +
                        "), 0) FROM " + table + ") + 1, nextval(" + sequence + ")), FALSE)");
        }
        session.run("DROP TABLE transfer_progress");
        session.run("ANALYZE");
    });
}

Status Transfer::verify(const Watcher& watch) {
    for (auto& table : tables_) {
        if (auto verified = verify_table(table, watch); !verified) return verified;
    }
    return Done{};
}

Status Transfer::verify_table(TransferTable& table, const Watcher& watch) {
    table.different = 0;
    table.mended = 0;
    auto counted = to_.read([&](Session& session) {
        table.copied = count_of(session, "SELECT count(*) FROM " + table.name);
    });
    if (!counted) return counted;
    Row after;
    for (;;) {
        std::vector<Row> wanted;
        if (auto read =
                from_.read([&](Session& session) { wanted = next_rows(session, table, after); });
            !read)
            return read;
        if (wanted.empty()) break;
        after = wanted.back();
        disown(table, wanted);
        table.mended += mend(table, wanted);
        std::map<std::string, Row> found;
        if (auto read =
                to_.read([&](Session& session) { found = rows_like(session, table, wanted); });
            !read)
            return read;
        compare(table, wanted, found);
        watch(table);
    }
    if (table.different == 0 && table.copied != table.rows) {
        table.different = std::abs(table.copied - table.rows);
        table.first_difference = "rows that only the target has";
    }
    return Done{};
}

std::int64_t Transfer::differences() const {
    std::int64_t total = 0;
    for (const auto& table : tables_) total += table.different;
    return total;
}

}  // namespace hongyan::table
