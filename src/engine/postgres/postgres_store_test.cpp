#include "engine/postgres/postgres_store.hpp"
#include "base/storable.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "contract/testing/store_suite.hpp"
#include "engine/postgres/session.hpp"
#include "engine/postgres/testing/test_database.hpp"

namespace hongyan::suite {
namespace {

class PostgresBench final : public StoreBench {
  public:
    PostgresBench() { reopen(); }
    Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        postgres::PostgresOptions options;
        options.url = database_.url();
        auto opened = postgres::PostgresStore::open(options, log_);
        HY_ASSERT(opened.ok());
        store_ = std::move(*opened);
    }

  private:
    postgres::TestDatabase database_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<postgres::PostgresStore> store_;
};

std::unique_ptr<StoreBench> make_bench() { return std::make_unique<PostgresBench>(); }

INSTANTIATE_TEST_SUITE_P(postgres, store_suite, testing::Values(&make_bench));

}  // namespace
}  // namespace hongyan::suite

namespace hongyan::postgres {
namespace {

struct postgres_store : testing::Test {
    TestDatabase database;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    PostgresOptions options;
    std::unique_ptr<PostgresStore> store;

    void SetUp() override {
        options.url = database.url();
        options.patience = Milliseconds(500);
        options.start_patience = Milliseconds(100);
        open();
        write([](Session& s) {
            s.execute_script("CREATE TABLE t (id BIGINT PRIMARY KEY, body TEXT, hash BYTEA)");
        });
    }
    void open() {
        store.reset();
        auto opened = PostgresStore::open(options, log);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        store = std::move(*opened);
    }
    void write(const std::function<void(Session&)>& work) {
        const Status done = store->write(work);
        ASSERT_TRUE(done.ok()) << done.error().detail;
    }
    std::string value(const std::string& sql) {
        std::string found;
        const Status done = store->read([&](Session& s) {
            auto rows = s.query(sql);
            if (rows.next()) found = rows.text(0);
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
        return found;
    }
    Error refusal(const std::string& url) {
        PostgresOptions wrong = options;
        wrong.url = url;
        auto opened = PostgresStore::open(wrong, log);
        EXPECT_FALSE(opened.ok());
        return opened ? Error{} : opened.error();
    }
};

TEST_F(postgres_store, is_set_up_for_durability_and_bounded_waits) {
    write([](Session& s) {
        const auto setting = [&](const char* name) {
            auto rows = s.query("SELECT current_setting($1)", name);
            return rows.next() ? rows.text(0) : "";
        };
        EXPECT_EQ(setting("synchronous_commit"), "on");
        EXPECT_EQ(setting("statement_timeout"), "30s");
        EXPECT_EQ(setting("lock_timeout"), "5s");
        EXPECT_EQ(setting("idle_in_transaction_session_timeout"), "3s");
        EXPECT_EQ(setting("plan_cache_mode"), "force_custom_plan");
        EXPECT_EQ(setting("jit"), "off");
        EXPECT_EQ(setting("transaction_isolation"), "read committed");
        EXPECT_TRUE(setting("application_name").starts_with("hongyan ")) << "and the writer's name";
    });
    EXPECT_EQ(value("SELECT current_setting('transaction_isolation')"), "repeatable read");
    EXPECT_EQ(value("SELECT current_setting('transaction_read_only')"), "on");
}

TEST_F(postgres_store, looks_up_by_one_plan_and_sees_what_was_just_written) {
    const auto count = [](Session& s) {
        auto rows = s.query("SELECT count(*) FROM t WHERE id = $1", 1);
        return rows.next() ? rows.integer(0) : -1;
    };
    std::vector<std::int64_t> seen;
    const Status done = store->look_up([&](Session& s) {
        auto rows = s.query("SHOW plan_cache_mode");
        ASSERT_TRUE(rows.next());
        EXPECT_EQ(rows.text(0), "force_generic_plan");
        seen.push_back(count(s));
        write([](Session& w) { w.run("INSERT INTO t (id) VALUES (1)"); });
        seen.push_back(count(s));
    });
    ASSERT_TRUE(done.ok()) << done.error().detail;
    EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1}));
    EXPECT_EQ(value("SHOW plan_cache_mode"), "force_custom_plan");
    EXPECT_FALSE(store->look_up([](Session& s) { s.run("INSERT INTO t (id) VALUES (2)"); }).ok());
}

TEST_F(postgres_store, a_dead_connection_is_replaced_before_a_look_up_and_fails_one_under_way) {
    const auto process = [](Session& s) {
        auto rows = s.query("SELECT pg_backend_pid()");
        return rows.next() ? rows.integer(0) : -1;
    };
    const auto end = [&](std::int64_t pid) {
        write([&](Session& s) { s.run("SELECT pg_terminate_backend($1::int, 5000)", pid); });
    };
    std::int64_t first = 0;
    std::int64_t second = 0;
    ASSERT_TRUE(store->look_up([&](Session& s) { first = process(s); }).ok());
    end(first);
    ASSERT_TRUE(store->look_up([&](Session& s) { second = process(s); }).ok());
    EXPECT_NE(first, second);
    int runs = 0;
    EXPECT_FALSE(store
                     ->look_up([&](Session& s) {
                         ++runs;
                         end(process(s));
                         (void)process(s);
                     })
                     .ok());
    EXPECT_EQ(runs, 1) << "half of an answer may be kept";
}

TEST_F(postgres_store, commits_are_synchronous_whatever_the_role_says) {
    const auto url = database.url() + "%20-csynchronous_commit%3Doff";
    EXPECT_EQ(ask(url, "SHOW synchronous_commit"), "off");
    options.url = url;
    open();
    write([](Session& s) {
        auto rows = s.query("SHOW synchronous_commit");
        ASSERT_TRUE(rows.next());
        EXPECT_EQ(rows.text(0), "on");
    });
}

TEST_F(postgres_store, refuses_what_it_cannot_use_and_says_why) {
    EXPECT_EQ(refusal("no url").code, ErrorCode::config_invalid);
    const auto secret = refusal("postgres://me:geheim@[::1/x");
    EXPECT_EQ(secret.code, ErrorCode::config_invalid);
    EXPECT_EQ(secret.detail.find("geheim"), std::string::npos);
    for (const char* url : {"postgres://me@h/x?sslmod=require", "postgres://me@h/x?geheim=1"}) {
        const auto option = refusal(url);
        EXPECT_EQ(option.code, ErrorCode::config_invalid);
        EXPECT_NE(option.detail.find("question mark"), std::string::npos) << option.detail;
        EXPECT_EQ(option.detail.find("heim"), std::string::npos) << option.detail;
    }

    EXPECT_EQ(refusal("postgres://me:geheim@h:port/x").code, ErrorCode::storage_failed);

    const auto server = shared_server_url();
    const auto base = server.substr(0, server.rfind('/'));
    const auto missing = refusal(base + "/no_such_database");
    EXPECT_EQ(missing.code, ErrorCode::storage_failed);
    EXPECT_NE(missing.detail.find("no_such_database"), std::string::npos) << missing.detail;

    const auto reading = refusal(database.url() + "%20-cdefault_transaction_read_only%3Don");
    EXPECT_EQ(reading.code, ErrorCode::unavailable);
    EXPECT_NE(reading.detail.find("replica"), std::string::npos) << reading.detail;

    const auto plain = refusal(database.url() + "&sslmode=require");
    EXPECT_EQ(plain.code, ErrorCode::storage_failed);
    EXPECT_NE(plain.detail.find("SSL"), std::string::npos) << plain.detail;

    const auto nobody = refusal("postgres://hongyan@127.0.0.1:1/postgres");
    EXPECT_EQ(nobody.code, ErrorCode::unavailable);
    EXPECT_GT(nobody.retry_after.count(), 0);
}

TEST_F(postgres_store, refuses_a_database_that_cannot_hold_chinese) {
    const auto name = "latin_" + database.schema();
    ask(shared_server_url(),
        "CREATE DATABASE " + name + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const auto server = shared_server_url();
    const auto error = refusal(server.substr(0, server.rfind('/') + 1) + name);
    EXPECT_EQ(error.code, ErrorCode::storage_failed);
    EXPECT_NE(error.detail.find("UTF8"), std::string::npos) << error.detail;
    ask(shared_server_url(), "DROP DATABASE " + name);
}

TEST_F(postgres_store, blobs_and_large_numbers_come_back_as_they_were) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    write([&](Session& s) {
        Statement& put = s.prepare("INSERT INTO t (id, hash) VALUES ($1, $2)");
        put.bind(1, std::int64_t{-9'000'000'000'000'000'000});
        put.bind_blob(2, bytes);
        EXPECT_FALSE(put.step());
        s.run("INSERT INTO t (id, hash) VALUES ($1, NULL)", std::int64_t{1} << 62);
        auto rows = s.query("SELECT id, hash, id > 0 FROM t ORDER BY id");
        ASSERT_TRUE(rows.next());
        EXPECT_EQ(rows.integer(0), -9'000'000'000'000'000'000);
        EXPECT_EQ(rows.view(1), bytes);
        EXPECT_EQ(rows.integer(2), 0);
        ASSERT_TRUE(rows.next());
        EXPECT_TRUE(rows.null(1));
        EXPECT_EQ(rows.view(1), "");
        EXPECT_EQ(rows.integer(2), 1) << "a boolean is 1";
    });
}

TEST_F(postgres_store, a_parameter_keeps_its_own_type_and_may_be_null_before) {
    const auto large = std::int64_t{1} << 40;
    const char* sql =
        "INSERT INTO t (id, body) VALUES ($1, CASE WHEN nullif($2, 0) IS NULL THEN "
        "$3 ELSE 'set' END)";
    write([&](Session& s) {
        s.run(sql, 1, Null{}, Null{});  // the server would take $2 for a small number
        s.run(sql, 2, large, "text");
        s.run(sql, 3, 0, "text");
        s.run(sql, 4, Null{}, Null{});
    });
    EXPECT_EQ(value("SELECT string_agg(coalesce(body, '-'), ',' ORDER BY id) FROM t"),
              "-,set,text,-");
}

TEST_F(postgres_store, bytes_that_no_text_can_hold_do_not_refuse_the_others) {
    write([](Session& s) {
        s.run("INSERT INTO t (id, body) VALUES (1, $1)", std::string_view("a\0b", 3));
        s.run("INSERT INTO t (id, body) VALUES (2, $1)", "\xff\xe4\xbd\xa0\xe4");
        s.copy_in("COPY t (id, body) FROM STDIN", std::string_view("3\tc\0d\xf0\n", 7));
    });
    EXPECT_EQ(value("SELECT string_agg(body, ',' ORDER BY id) FROM t"),
              "a\uFFFDb,\uFFFD\u4f60\uFFFD,c\uFFFDd\uFFFD");
    EXPECT_TRUE(is_storable("\xe9\xb8\xbf \xf0\x9f\x90\xa6"));
    EXPECT_FALSE(is_storable(std::string_view("\0", 1)));
}

TEST_F(postgres_store, copy_takes_many_rows_and_counts_them) {
    std::string rows;
    for (int i = 0; i < 50'000; ++i)
        rows += std::to_string(i) + "\t\xe6\x82\xa8\xe5\xa5\xbd\\n" + std::to_string(i) + "\n";
    write([&](Session& s) {
        s.copy_in("COPY t (id, body) FROM STDIN", rows);
        EXPECT_EQ(s.changes(), 50'000);
    });
    EXPECT_EQ(value("SELECT count(*) FROM t WHERE body LIKE '%' || chr(10) || id"), "50000");
    const Status twice =
        store->write([&](Session& s) { s.copy_in("COPY t (id, body) FROM STDIN", "7\tx\n"); });
    EXPECT_EQ(twice.error().code, ErrorCode::conflict);
    const Status wrong =
        store->write([&](Session& s) { s.copy_in("COPY t (id, body) FROM STDIN", "7\tx\ty\n"); });
    EXPECT_EQ(wrong.error().code, ErrorCode::storage_failed);
    EXPECT_EQ(value("SELECT count(*) FROM t"), "50000");
}

TEST_F(postgres_store, work_that_ends_the_transaction_itself_fails) {
    EXPECT_FALSE(store->write([](Session& s) { s.execute_script("COMMIT"); }).ok());
    EXPECT_FALSE(store->write([](Session& s) { s.execute_script("ROLLBACK"); }).ok());
    EXPECT_FALSE(store
                     ->write([](Session& s) {
                         s.run("INSERT INTO t (id) VALUES (1)");
                         try {
                             s.run("INSERT INTO t (id) VALUES (1)");
                         } catch (const StoreError&) {
                             return;  // a transaction with a failed statement cannot be committed
                         }
                     })
                     .ok());
    write([](Session& s) { s.run("INSERT INTO t (id) VALUES (1)"); });
    EXPECT_EQ(value("SELECT count(*) FROM t"), "1");
}

TEST_F(postgres_store, a_savepoint_undoes_only_what_came_after_it) {
    write([](Session& s) {
        s.run("INSERT INTO t (id) VALUES (1)");
        s.execute_script("SAVEPOINT work");
        EXPECT_THROW(s.run("INSERT INTO t (id) VALUES (1)"), ConstraintError);
        s.execute_script("ROLLBACK TO work");
        s.execute_script("RELEASE work");
        s.run("INSERT INTO t (id) VALUES (2)");
    });
    EXPECT_EQ(value("SELECT count(*) FROM t"), "2");
}

TEST_F(postgres_store, statements_are_cached_and_the_oldest_let_go) {
    for (int round = 0; round < 2; ++round) {
        write([](Session& s) {
            for (int i = 0; i < 400; ++i) {
                auto rows = s.query("SELECT " + std::to_string(i));
                ASSERT_TRUE(rows.next());
                EXPECT_EQ(rows.integer(0), i);
            }
        });
    }
    write([](Session& s) {
        auto rows = s.query("SELECT count(*) FROM pg_prepared_statements");
        ASSERT_TRUE(rows.next());
        EXPECT_LE(rows.integer(0), static_cast<int>(PostgresSession::max_cached) + 1);
    });
}

TEST_F(postgres_store, bounds_the_readers_that_wait) {
    options.readers = 1;
    options.max_waiting_readers = 0;
    open();
    const Status outer = store->read([&](Session&) {
        std::thread([&] {
            const Status inner = store->read([](Session&) {});
            EXPECT_EQ(inner.error().code, ErrorCode::overloaded);
        }).join();
    });
    EXPECT_TRUE(outer.ok());
    options.max_waiting_readers = 8;
    options.patience = Milliseconds(5);
    open();
    const Status late = store->read([&](Session&) {
        EXPECT_EQ(store->read([](Session&) {}).error().code, ErrorCode::overloaded);
    });
    EXPECT_TRUE(late.ok());
    EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(postgres_store, two_writers_that_block_each_other_both_get_through) {
    auto second = PostgresStore::open(options, log);
    ASSERT_TRUE(second.ok());
    write([](Session& s) { s.run("INSERT INTO t (id, body) VALUES (1, '0'), (2, '0')"); });
    std::latch first_locks(2);
    std::atomic<int> runs{0};
    const auto cross = [&](Store& in, std::int64_t first, std::int64_t then) {
        bool again = false;
        return in.write([&, again](Session& s) mutable {
            ++runs;
            const char* sql = "UPDATE t SET body = (body::int + 1)::text WHERE id = $1";
            s.run(sql, first);
            if (!std::exchange(again, true)) first_locks.arrive_and_wait();
            s.run(sql, then);
        });
    };
    Status other = Done{};
    std::thread thread([&] { other = cross(**second, 2, 1); });
    const Status mine = cross(*store, 1, 2);
    thread.join();
    EXPECT_TRUE(mine.ok() && other.ok());
    EXPECT_GE(runs, 3) << "one of them was a deadlock's victim";
    EXPECT_EQ(value("SELECT string_agg(body, ',') FROM t"), "2,2");
}

TEST_F(postgres_store, a_fenced_writer_never_writes_again) {
    write([](Session& s) { s.run("INSERT INTO t (id) VALUES (1)"); });
    database.ask_here("UPDATE store_writers SET fenced = TRUE WHERE writer = '" +
                      store->writer_name() + "'");
    EXPECT_FALSE(store->write([](Session& s) { s.run("INSERT INTO t (id) VALUES (2)"); }).ok());
    EXPECT_FALSE(store->health().writable);
    database.ask_here("UPDATE store_writers SET fenced = FALSE");
    EXPECT_FALSE(store->write([](Session&) {}).ok()) << "for good";
    EXPECT_EQ(value("SELECT count(*) FROM t"), "1");
    open();
    write([](Session& s) { s.run("INSERT INTO t (id) VALUES (2)"); });
}

}  // namespace
}  // namespace hongyan::postgres
