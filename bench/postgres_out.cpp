// Rows a second into PostgreSQL, in groups of one transaction each: accepted messages inserted and
// then settled, by our store and tables and by a bare sketch on libpq beside it in the same run
// (one plain table, COPY and one UPDATE ... FROM unnest). Prints each round, the median ratio, and
// the bytes a finished message takes before any vacuum.
//
//   bench_postgres_out URL [MESSAGES [ROUNDS]]
//
// URL is that of an empty database or schema (test/cluster/postgres.py start DIR prints one); all
// tables are made in the schema "bench", which is dropped first.
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "table/bulk.hpp"
#include "table/messages.hpp"
#include "table/migrate.hpp"
#include "table/statistics.hpp"
#include "table/tasks.hpp"

namespace {

using namespace hongyan;
using Steady = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "bench_postgres_out: %s\n", why.c_str());
    std::exit(1);
}

/// What the sketch needs of libpq.
class Bare {
  public:
    explicit Bare(const std::string& url) : link_(PQconnectdb(url.c_str())) {
        if (PQstatus(link_) != CONNECTION_OK) die(PQerrorMessage(link_));
    }
    ~Bare() { PQfinish(link_); }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    std::string run(const std::string& sql) {
        PGresult* result = PQexec(link_, sql.c_str());
        const auto status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
            die(sql.substr(0, 100) + ": " + PQerrorMessage(link_));
        std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
        PQclear(result);
        return value;
    }
    void copy(const std::string& sql, std::string_view rows) {
        run(sql);
        PQputCopyData(link_, rows.data(), static_cast<int>(rows.size()));
        PQputCopyEnd(link_, nullptr);
        while (PGresult* result = PQgetResult(link_)) {
            if (PQresultStatus(result) != PGRES_COMMAND_OK) die(PQerrorMessage(link_));
            PQclear(result);
        }
    }

  private:
    PGconn* link_;
};

struct Rate {
    double inserted = 0;
    double settled = 0;
};

double per_second(std::size_t rows, Steady::time_point since) {
    const std::chrono::duration<double> took = Steady::now() - since;
    return static_cast<double>(rows) / took.count();
}

Message sample(MessageId id, std::int64_t task_id) {
    Message m;
    m.id = id;
    m.task_id = task_id;
    m.template_id = 1;
    m.template_version = 1;
    m.recipient = "138" + std::to_string(id % 100'000'000);
    m.content =
        "【鸿雁】张三您好，您的订单 SO20261123001 已发货，预计 3 天内送达。 Thank you for your "
        "order.";
    return m;
}

table::Outcome outcome_of(const Message& m) {
    table::Outcome o;
    o.id = m.id;
    o.attempts = 1;
    o.finished_ms = m.created_ms() + 20;
    o.timing = {5, 100, 2'000};
    o.is_plain = true;
    return o;
}

Rate run_bare(Bare& bare, const std::vector<Message>& all, std::size_t group) {
    Rate rate;
    auto since = Steady::now();
    for (std::size_t at = 0; at < all.size(); at += group) {
        table::CopyRows rows;
        for (std::size_t i = at; i < std::min(at + group, all.size()); ++i) {
            const Message& m = all[i];
            rows.number(m.id).number_or_null(m.task_id).number(m.template_id).text(m.recipient);
            rows.text("sms").text(m.content).number(5).text("pending").number(m.created_ms());
            rows.number(empty_timing).text("sandbox");
            rows.end_row();
        }
        bare.run("BEGIN");
        bare.copy(
            "COPY bare_records (id, task_id, template_id, recipient, channel, content, "
            "priority, status, finished_ms, timing, provider) FROM STDIN",
            rows.rows());
        bare.run("COMMIT");
    }
    rate.inserted = per_second(all.size(), since);
    since = Steady::now();
    for (std::size_t at = 0; at < all.size(); at += group) {
        table::ArrayText ids, finished, timings;
        for (std::size_t i = at; i < std::min(at + group, all.size()); ++i) {
            ids.number(all[i].id);
            finished.number(all[i].created_ms() + 20);
            timings.number(pack({5, 100, 2'000}));
        }
        bare.run("BEGIN");
        bare.run(
            "UPDATE bare_records AS m SET status = 'success', attempts = 1, finished_ms = "
            "s.f, timing = s.t FROM unnest('" +
            std::string(ids.close()) + "'::bigint[], '" + std::string(finished.close()) +
            "'::bigint[], '" + std::string(timings.close()) +
            "'::bigint[]) AS s (id, f, t) WHERE m.id = s.id AND m.status = 'pending'");
        bare.run("COMMIT");
    }
    rate.settled = per_second(all.size(), since);
    return rate;
}

Rate run_ours(Store& store, const std::vector<Message>& all, std::size_t group) {
    Rate rate;
    const auto check = [](const Status& done) {
        if (!done) die(done.error().detail);
    };
    auto since = Steady::now();
    for (std::size_t at = 0; at < all.size(); at += group) {
        std::vector<table::NewMessage> added;
        for (std::size_t i = at; i < std::min(at + group, all.size()); ++i)
            added.push_back({&all[i], "sandbox"});
        check(store.write([&](Session& s) { table::insert_messages(s, added); }));
    }
    rate.inserted = per_second(all.size(), since);
    since = Steady::now();
    for (std::size_t at = 0; at < all.size(); at += group) {
        std::vector<table::Outcome> rows;
        table::StatisticsDelta delta;
        for (std::size_t i = at; i < std::min(at + group, all.size()); ++i) {
            rows.push_back(outcome_of(all[i]));
            delta.success += 1;
            delta.histogram.add(20);
        }
        check(store.write([&](Session& s) {
            const auto legal = table::settle_all(s, rows);
            if (std::find(legal.begin(), legal.end(), false) != legal.end()) die("not settled");
            table::add_statistics(s, {1, all[at].created_ms() / 86'400'000, ChannelKind::sms},
                                  delta);
        }));
    }
    rate.settled = per_second(all.size(), since);
    return rate;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// of_task: as a batch, with the index by task and the trigger's counting; else single messages.
void compare(Bare& bare, Store& store, IdSource& ids, std::size_t messages, int rounds,
             std::size_t group, bool of_task) {
    std::vector<double> insert_ratio;
    std::vector<double> settle_ratio;
    for (int round = 0; round < rounds; ++round) {
        std::int64_t task_id = 0;
        if (of_task) {
            const auto made = store.write([&](Session& s) {
                TaskRecord task;
                task.total_count = static_cast<std::int64_t>(messages);
                task_id = table::insert_task(s, task);
            });
            if (!made) die(made.error().detail);
        }
        std::vector<Message> all;
        for (std::size_t i = 0; i < messages; ++i) all.push_back(sample(ids.next(), task_id));
        const auto b = run_bare(bare, all, group);
        const auto o = run_ours(store, all, group);
        std::printf(
            "%-6s groups of %5zu: insert %7.0f rows/s (bare %7.0f), settle %7.0f (bare %7.0f)\n",
            of_task ? "batch" : "single", group, o.inserted, b.inserted, o.settled, b.settled);
        insert_ratio.push_back(o.inserted / b.inserted);
        settle_ratio.push_back(o.settled / b.settled);
    }
    std::printf("%-6s groups of %5zu: ratio insert %.2f, settle %.2f\n",
                of_task ? "batch" : "single", group, median(insert_ratio), median(settle_ratio));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) die("usage: bench_postgres_out URL [MESSAGES [ROUNDS]]");
    const std::string server = argv[1];
    const auto messages = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 40'000);
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
    const std::string url = server + (server.find('?') == std::string::npos ? "?" : "&") +
                            "options=-csearch_path%3Dbench";
    Bare bare(url);
    bare.run(
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA "
        "bench");
    bare.run(
        "CREATE TABLE bare_records (id BIGINT PRIMARY KEY, task_id BIGINT, template_id BIGINT, "
        "recipient TEXT NOT NULL, channel TEXT NOT NULL, content TEXT NOT NULL, priority "
        "SMALLINT, status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, finished_ms "
        "BIGINT, timing BIGINT, provider TEXT) WITH (fillfactor = 50)");
    bare.run("CREATE INDEX ON bare_records (priority, id) WHERE status = 'pending'");
    bare.run(
        "SET plan_cache_mode = force_custom_plan; SET enable_hashjoin = off; SET "
        "enable_mergejoin = off");
    Log log(LogLevel::error);
    const SystemClock clock;
    postgres::PostgresOptions options;
    options.url = url;
    auto store = postgres::PostgresStore::open(options, log);
    if (!store) die(store.error().detail);
    if (const auto made = table::migrate(**store, clock.now_ms()); !made) die(made.error().detail);
    IdSource ids(clock, 0);
    for (const bool of_task : {false, true}) {
        for (const std::size_t group : {std::size_t{256}, std::size_t{2'000}})
            compare(bare, **store, ids, messages, rounds, group, of_task);
    }
    std::printf("bytes a finished message, before vacuum: %s (bare %s)\n",
                bare.run("SELECT sum(pg_total_relation_size(inhrelid)) / (SELECT count(*) FROM "
                         "message_records) FROM pg_inherits WHERE inhparent = "
                         "'message_records'::regclass")
                    .c_str(),
                bare.run("SELECT pg_total_relation_size('bare_records') / count(*) FROM "
                         "bare_records")
                    .c_str());
    return 0;
}
