#include "engine/postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::postgres {
namespace {

constexpr int oldest_version = 120'000;
constexpr std::size_t copy_piece = 64 * 1024;

struct ConninfoEnd {
    void operator()(PQconninfoOption* list) const { PQconninfoFree(list); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, ConninfoEnd>;

std::string value_of(const PQconninfoOption* list, std::string_view keyword) {
    for (const auto* one = list; one->keyword != nullptr; ++one)
        if (one->keyword == keyword) return one->val != nullptr ? one->val : "";
    return "";
}

/// libpq ends its messages with a newline, and some have several lines.
std::string one_line(const char* message) {
    std::string text(trim(message));
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::erase(text, '\t');  // libpq's advice stands on a line of its own
    return text;
}

std::string milliseconds(Milliseconds time) { return std::to_string(time.count()); }

struct Host {
    std::string name;
    std::string port;
};

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts(1);
    for (const char c : list) {
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// libpq tries the hosts of a list one after the other, but waits for the first for ever when it
/// is driven without blocking; so each is tried on its own. One host is left to libpq entirely.
std::vector<Host> hosts_of(const std::string& url) {
    char* error = nullptr;
    const Conninfo parsed(PQconninfoParse(url.c_str(), &error));
    if (parsed == nullptr) {
        PQfreemem(error);
        throw PostgresFailure(FailureKind::rejected, "the URL cannot be read", "");
    }
    const auto names = split(value_of(parsed.get(), "host"));
    if (names.size() < 2 || !value_of(parsed.get(), "hostaddr").empty()) return {Host{}};
    const auto ports = split(value_of(parsed.get(), "port"));
    std::vector<Host> hosts;
    for (std::size_t i = 0; i < names.size(); ++i)
        hosts.push_back({names[i], ports.size() == names.size() ? ports[i] : ports.front()});
    return hosts;
}

PGconn* begin_connecting(const PostgresOptions& options, const Host& host) {
    std::vector<const char*> names;
    std::vector<const char*> values;
    const auto put = [&](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
    };
    // What the URL says wins over what stands before it.
    put("fallback_application_name", options.program.c_str());
    put("client_encoding", "UTF8");
    put("keepalives_idle", "30");
    put("keepalives_interval", "10");
    put("keepalives_count", "3");
    put("dbname", options.url.c_str());
    if (!host.name.empty()) {
        put("host", host.name.c_str());
        put("port", host.port.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* link = PQconnectStartParams(names.data(), values.data(), 1);
    if (link == nullptr) throw PostgresFailure(FailureKind::lost, "out of memory", "");
    // Errors come with results; what else the server says would go to stderr, past the log.
    PQsetNoticeProcessor(
        link, [](void* /*context*/, const char* /*message*/) {}, nullptr);
    return link;
}

}  // namespace

std::string url_problem(const std::string& url) {
    char* error = nullptr;
    const Conninfo parsed(PQconninfoParse(url.c_str(), &error));
    if (parsed != nullptr) return "";
    // It quotes the URL, which may hold a password, so only its kind is told.
    const bool is_option = error != nullptr && std::string_view(error).find("query parameter") !=
                                                   std::string_view::npos;
    PQfreemem(error);
    if (is_option)
        return "has a wrong option behind its question mark; write NAME=VALUE with names of "
               "libpq, such as sslmode and sslrootcert";
    return "is no URL of PostgreSQL; write postgres://user:password@host:5432/database";
}

std::unique_ptr<Connection> Connection::open(const PostgresOptions& options) {
    const auto hosts = hosts_of(options.url);
    for (std::size_t i = 0;; ++i) {
        try {
            std::unique_ptr<Connection> made(
                new Connection(begin_connecting(options, hosts[i]), options));
            made->finish_connecting(std::chrono::steady_clock::now() + options.connect_timeout);
            made->set_up(options);
            return made;
        } catch (const PostgresFailure&) {
            if (i + 1 == hosts.size()) throw;
        }
    }
}

Connection::~Connection() { PQfinish(link_); }

void Connection::finish_connecting(Deadline until) {
    auto state = PGRES_POLLING_WRITING;  // as libpq wants it
    while (state != PGRES_POLLING_FAILED && PQstatus(link_) != CONNECTION_BAD) {
        if (state == PGRES_POLLING_OK) {
            if (PQsetnonblocking(link_, 1) != 0) lose("cannot be used without blocking");
            return;
        }
        wait_for(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until);
        state = PQconnectPoll(link_);
    }
    // A refused log-in has no SQLSTATE here; these are libpq's and the server's fixed words.
    const std::string text = one_line(PQerrorMessage(link_));
    lost_ = true;
    for (const char* words :
         {"password", "no pg_hba.conf entry", "does not exist", "certificate", "invalid ",
          "authentication failed", "does not support SSL", "sslmode"}) {
        if (text.find(words) != std::string::npos)
            throw PostgresFailure(FailureKind::rejected, text, "");
    }
    const bool crowded = text.find("too many") != std::string::npos ||
                         text.find("remaining connection slots") != std::string::npos;
    throw PostgresFailure(crowded ? FailureKind::busy : FailureKind::lost, text, "");
}

void Connection::set_up(const PostgresOptions& options) {
    const auto statement = milliseconds(options.statement_timeout);
    execute(
        "SET client_min_messages = warning; SET timezone = 'UTC'; SET bytea_output = 'hex';"
        " SET standard_conforming_strings = on; SET extra_float_digits = 1;"
        " SET statement_timeout = " +
        statement + "; SET lock_timeout = " + milliseconds(options.lock_timeout) +
        "; SET idle_in_transaction_session_timeout = " +
        milliseconds(options.statement_timeout * 2) +
        // A plan made for all values would join whole tables, and look at every partition. Machine
        // code for a plan costs a quarter of a second and serves one short statement.
        "; SET plan_cache_mode = force_custom_plan; SET jit = off");
    if (PQserverVersion(link_) < oldest_version) {
        throw PostgresFailure(FailureKind::rejected,
                              "PostgreSQL 12 or later is needed, the server is " +
                                  std::string(PQparameterStatus(link_, "server_version")),
                              "");
    }
    check_server();
}

void Connection::check_server() {
    const auto answer = execute(
        "SELECT current_setting('server_encoding'), current_setting('transaction_read_only'),"
        " current_setting('synchronous_commit'), current_setting('fsync'),"
        " (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid())");
    const auto is = [&](int column, const char* text) {
        return std::strcmp(PQgetvalue(answer.get(), 0, column), text) == 0;
    };
    process_start_ = PQgetvalue(answer.get(), 0, 4);
    if (!is(0, "UTF8")) {
        throw PostgresFailure(FailureKind::rejected,
                              "the database has the encoding " +
                                  std::string(PQgetvalue(answer.get(), 0, 0)) +
                                  "; make one with ENCODING 'UTF8'",
                              "");
    }
    // Readers too: a replica does not have yet what was just written.
    if (is(1, "on")) {
        throw PostgresFailure(FailureKind::lost,
                              "the server is a read-only replica; name the primary, or all hosts",
                              "");
    }
    // A commit that returned must be on disk; the other words all flush ours.
    if (is(2, "off")) {
        execute("SET synchronous_commit = on");
        const auto now = execute("SELECT current_setting('synchronous_commit')");
        if (std::strcmp(PQgetvalue(now.get(), 0, 0), "on") != 0)
            throw PostgresFailure(FailureKind::rejected, "synchronous_commit cannot be set", "");
    }
    if (is(3, "off")) warning_ = "fsync is off on the server: a power cut can lose or damage data";
}

ResultPtr Connection::execute(const std::string& sql, Milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    if (PQsendQuery(link_, sql.c_str()) == 0) lose(one_line(PQerrorMessage(link_)));
    return last(until, sql);
}

void Connection::prepare(const std::string& name, const std::string& sql,
                         const std::vector<Oid>& types) {
    const auto until = std::chrono::steady_clock::now() + patience_;
    if (PQsendPrepare(link_, name.c_str(), sql.c_str(), static_cast<int>(types.size()),
                      types.data()) == 0)
        lose(one_line(PQerrorMessage(link_)));
    (void)last(until, sql);
}

ResultPtr Connection::run(const std::string& name, const Parameters& p, std::string_view sql) {
    const auto until = std::chrono::steady_clock::now() + patience_;
    if (PQsendQueryPrepared(link_, name.c_str(), static_cast<int>(p.values.size()), p.values.data(),
                            p.lengths.data(), p.formats.data(), 0) == 0)
        lose(one_line(PQerrorMessage(link_)));
    return last(until, sql);
}

ResultPtr Connection::copy_in(const std::string& sql, std::string_view rows) {
    const auto until = std::chrono::steady_clock::now() + patience_;
    if (PQsendQuery(link_, sql.c_str()) == 0) lose(one_line(PQerrorMessage(link_)));
    const ResultPtr begun(next(until));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) {
        while (const ResultPtr rest{next(until)}) {
        }
        fail(begun.get(), sql);
    }
    for (std::size_t at = 0; at < rows.size();) {
        const auto piece = rows.substr(at, copy_piece);
        const int put = PQputCopyData(link_, piece.data(), static_cast<int>(piece.size()));
        if (put < 0) lose(one_line(PQerrorMessage(link_)));
        if (put == 1) at += piece.size();
        flush(until);
    }
    int ended = 0;
    while ((ended = PQputCopyEnd(link_, nullptr)) == 0) flush(until);
    if (ended < 0) lose(one_line(PQerrorMessage(link_)));
    return last(until, sql);
}

ResultPtr Connection::last(Deadline until, std::string_view sql) {
    ResultPtr kept;
    ResultPtr failed;
    while (ResultPtr one{next(until)}) {
        const auto status = PQresultStatus(one.get());
        if (status == PGRES_COPY_IN) (void)PQputCopyEnd(link_, "COPY needs copy_in()");
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
            if (!failed) failed = std::move(one);
        } else {
            kept = std::move(one);
        }
    }
    if (failed) fail(failed.get(), sql);
    if (PQstatus(link_) == CONNECTION_BAD) lose(one_line(PQerrorMessage(link_)));
    return kept;
}

PGresult* Connection::next(Deadline until) {
    flush(until);
    while (PQisBusy(link_) == 1) {
        wait_for(POLLIN, until);
        if (PQconsumeInput(link_) == 0) lose(one_line(PQerrorMessage(link_)));
    }
    return PQgetResult(link_);
}

void Connection::flush(Deadline until) {
    int left = 0;
    while ((left = PQflush(link_)) == 1) {
        // The server may wait until we have read.
        wait_for(POLLIN | POLLOUT, until);
        if (PQconsumeInput(link_) == 0) lose(one_line(PQerrorMessage(link_)));
    }
    if (left < 0) lose(one_line(PQerrorMessage(link_)));
}

void Connection::wait_for(short events, Deadline until) {
    for (;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(
            until - std::chrono::steady_clock::now() + Milliseconds(1));
        if (left.count() <= 0) lose("no answer in time");
        pollfd one{PQsocket(link_), events, 0};
        const int found =
            ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
        if (found > 0) return;
        if (found < 0 && errno != EINTR) lose(std::strerror(errno));
    }
}

void Connection::lose(const std::string& why) {
    lost_ = true;
    throw PostgresFailure(FailureKind::lost, why.empty() ? "the connection is lost" : why, "");
}

void Connection::fail(const PGresult* result, std::string_view sql) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view sqlstate = state != nullptr ? state : "";
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    std::string text = one_line(primary != nullptr ? primary : PQresultErrorMessage(result));
    if (!sqlstate.empty()) text += " (SQLSTATE " + std::string(sqlstate) + ")";
    if (PQstatus(link_) == CONNECTION_BAD) lose(text);
    if (is_constraint(sqlstate)) throw ConstraintError(text);
    const auto kind = kind_of(sqlstate);
    if (kind == FailureKind::lost && sqlstate != "25006") lost_ = true;
    throw PostgresFailure(kind, text, sql);
}

}  // namespace hongyan::postgres
