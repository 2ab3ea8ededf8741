#include "engine/postgres/inspect.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "engine/postgres/connection.hpp"
#include "engine/postgres/postgres_store.hpp"

namespace hongyan::postgres {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr int rounds = 11;

std::string text(const ResultPtr& result, int column) {
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, column) : "";
}

std::int64_t number(const ResultPtr& result, int column) {
    return std::strtoll(text(result, column).c_str(), nullptr, 10);
}

std::int64_t median_us(Connection& connection, const std::string& sql) {
    std::array<std::int64_t, rounds> times{};
    for (auto& time : times) {
        const auto start = steady_clock::now();
        (void)connection.execute(sql);
        time = duration_cast<microseconds>(steady_clock::now() - start).count();
    }
    std::ranges::sort(times);
    return times[rounds / 2];
}

void ask_server(Connection& connection, Inspection& found) {
    const auto answer = connection.execute(
        "SELECT current_setting('server_version'), current_database() || ' on ' ||"
        " coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'this machine'),"
        " current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),"
        " pg_database_size(current_database()),"
        " current_setting('max_connections')::integer -"
        " current_setting('superuser_reserved_connections')::integer -"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') + 1,"
        " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
        " (application_name = 'hongyan' OR application_name LIKE 'hongyan %') AND pid <> "
        "pg_backend_pid()),"
        " coalesce(has_schema_privilege(current_schema(), 'CREATE'), FALSE)");
    found.version = text(answer, 0);
    found.database = text(answer, 1);
    found.synchronous_commit = text(answer, 2);
    found.standbys = text(answer, 3);
    found.bytes = number(answer, 4);
    found.free_connections = static_cast<int>(number(answer, 5));
    found.nodes = static_cast<int>(number(answer, 6));
    found.may_create = text(answer, 7) == "t";
    found.warning = connection.warning();
}

void ask_tables(Connection& connection, Inspection& found) {
    const auto there = connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL");
    if (text(there, 0) != "t") return;
    const auto version = connection.execute("SELECT max(version) FROM schema_migrations");
    found.schema_version = static_cast<int>(number(version, 0));
    const auto rows = connection.execute(
        "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_inherits AS i JOIN"
        " pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('message_records')");
    found.messages = number(rows, 0);
}

void measure(Connection& connection, Inspection& found) {
    found.round_trip_us = median_us(connection, "SELECT 1");
    found.commit_us =
        median_us(connection, "SELECT pg_logical_emit_message(TRUE, 'hongyan.doctor', '')");
    const auto asked = system_clock::now();
    const auto answer =
        connection.execute("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    const auto middle = asked + (system_clock::now() - asked) / 2;
    found.clock_ahead_ms =
        number(answer, 0) - duration_cast<Milliseconds>(middle.time_since_epoch()).count();
}

}  // namespace

Result<Inspection> inspect(const PostgresOptions& options) {
    if (const auto problem = check_url(options.url); !problem.empty())
        return make_error(ErrorCode::config_invalid, "The URL of the store " + problem + ".");
    try {
        const auto connection = Connection::open(options);
        Inspection found;
        ask_server(*connection, found);
        ask_tables(*connection, found);
        measure(*connection, found);
        return found;
    } catch (const PostgresFailure& failure) {
        return to_error(failure.kind(), failure.what());
    } catch (const StoreError& failure) {
        return make_error(ErrorCode::storage_failed, failure.what());
    }
}

std::string without_password(const std::string& url) {
    char* error = nullptr;
    PQconninfoOption* const parsed = PQconninfoParse(url.c_str(), &error);
    PQfreemem(error);
    std::string words;
    for (const auto* one = parsed; one != nullptr && one->keyword != nullptr; ++one) {
        // libpq marks what must not be shown with a star.
        if (one->val == nullptr || one->dispchar[0] == '*') continue;
        words += (words.empty() ? "" : " ") + std::string(one->keyword) + "='";
        for (const char* c = one->val; *c != '\0'; ++c) {
            if (*c == '\'' || *c == '\\') words += '\\';
            words += *c;
        }
        words += "'";
    }
    PQconninfoFree(parsed);
    return words;
}

}  // namespace hongyan::postgres
