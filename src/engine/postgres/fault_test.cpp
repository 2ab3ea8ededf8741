#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "contract/testing/tcp_proxy.hpp"
#include "engine/postgres/failure.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "engine/postgres/testing/test_database.hpp"

namespace hongyan::postgres {
namespace {

using std::chrono::steady_clock;

/// A table without a key, so that a row written twice is seen.
constexpr const char* make_table = "CREATE TABLE t (id BIGINT NOT NULL, body TEXT)";

struct Faults {
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    PostgresOptions options;
    std::unique_ptr<PostgresStore> store;

    explicit Faults(std::string url) {
        options.url = std::move(url);
        options.patience = Milliseconds(3'000);
        options.statement_timeout = Milliseconds(2'000);
        options.lock_timeout = Milliseconds(300);
        options.connect_timeout = Milliseconds(500);
    }
    void open() {
        store.reset();
        auto opened = PostgresStore::open(options, log);
        if (!opened) throw std::runtime_error(opened.error().detail);
        store = std::move(*opened);
    }
    void make() {
        open();
        const auto made = store->write([](Session& s) { s.execute_script(make_table); });
        if (!made) throw std::runtime_error(made.error().detail);
    }
    static void add(Session& s, std::int64_t id) {
        s.run("INSERT INTO t (id, body) VALUES ($1, $2)", id, std::string(200, 'x'));
    }
    Status add(std::int64_t id) {
        return store->write([&](Session& s) { add(s, id); });
    }
    std::string value(const std::string& sql) {
        std::string found = "none";
        const Status done = store->read([&](Session& s) {
            auto rows = s.query(sql);
            if (rows.next()) found = rows.text(0);
        });
        return done ? found : done.error().detail;
    }
    std::string ids() { return value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t"); }
};

/// Through a proxy to the server that the tests share.
struct postgres_network : testing::Test, Faults {
    TestDatabase database;
    suite::TcpProxy proxy{port_of(shared_server_url())};

    postgres_network() : Faults("") {
        options.url = with_port(database.url(), proxy.port());
        make();
    }
    /// Writes a row whose first COMMIT the network swallows; how often the work ran.
    int runs_with_a_swallowed_commit(std::int64_t id) {
        int runs = 0;
        std::thread healer;
        const Status done = store->write([&](Session& s) {
            add(s, id);
            if (++runs > 1) return;
            proxy.black_hole();
            healer = std::thread([&] {
                std::this_thread::sleep_for(Milliseconds(200));
                proxy.heal();
            });
        });
        healer.join();
        EXPECT_TRUE(done.ok()) << done.error().detail;
        return runs;
    }
};

TEST_F(postgres_network, a_connection_cut_before_the_commit_costs_only_time) {
    for (const bool by_reset : {false, true}) {
        int runs = 0;
        const Status done = store->write([&](Session& s) {
            add(s, 1);
            if (++runs == 1) proxy.cut(by_reset);
            add(s, 2);
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
        EXPECT_EQ(runs, 2);
        EXPECT_EQ(ids(), "1 2");
        EXPECT_TRUE(store->write([](Session& s) { s.run("DELETE FROM t"); }).ok());
    }
    EXPECT_EQ(store->health().detail, "");
}

TEST_F(postgres_network, work_that_hides_the_lost_connection_runs_again_too) {
    int runs = 0;
    const Status done = store->write([&](Session& s) {
        add(s, 1);
        if (++runs == 1) proxy.cut();
        s.execute_script("SELECT 1");
        try {
            add(s, 2);
        } catch (const StoreError&) {
            return;
        }
    });
    EXPECT_TRUE(done.ok());
    EXPECT_EQ(ids(), "1 2");
}

TEST_F(postgres_network, the_lost_answer_to_a_commit_is_learned_and_nothing_written_twice) {
    int runs = 0;
    const Status done = store->write([&](Session& s) {
        add(s, 1);
        // The next byte from the server, of the answer to COMMIT, becomes a reset.
        if (++runs == 1) proxy.reset_after(0);
    });
    EXPECT_TRUE(done.ok()) << done.error().detail;
    EXPECT_EQ(runs, 1) << "it was committed";
    EXPECT_EQ(ids(), "1");
    EXPECT_TRUE(add(2).ok());
    EXPECT_EQ(ids(), "1 2");
}

TEST_F(postgres_network, an_answer_torn_in_mid_frame_is_no_answer) {
    for (int bytes = 1; bytes <= 12; bytes += 3) {
        ASSERT_TRUE(store->write([](Session& s) { s.run("DELETE FROM t"); }).ok());
        const Status done = store->write([&](Session& s) {
            add(s, 1);
            proxy.reset_after(bytes);
        });
        proxy.heal();
        EXPECT_TRUE(done.ok()) << done.error().detail;
        EXPECT_EQ(ids(), "1") << "torn after " << bytes << " bytes";
    }
}

TEST_F(postgres_network, a_commit_that_never_arrived_is_done_again) {
    EXPECT_EQ(runs_with_a_swallowed_commit(1), 2);
    EXPECT_EQ(ids(), "1");
}

TEST_F(postgres_network, what_cannot_be_learned_in_time_is_called_unknown) {
    options.resolve_timeout = Milliseconds(300);
    open();
    const Status done = store->write([&](Session& s) {
        add(s, 1);
        proxy.refuse();
        add(s, 1);
    });
    ASSERT_FALSE(done.ok());
    // The cut was seen before the commit, so that is certain.
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    proxy.heal();
    ASSERT_TRUE(add(2).ok());
    std::thread refuser;
    const Status unknown = store->write([&](Session& s) {
        add(s, 3);
        proxy.black_hole();
        refuser = std::thread([&] {
            std::this_thread::sleep_for(Milliseconds(100));
            proxy.refuse();
        });
    });
    refuser.join();
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().code, ErrorCode::commit_unknown);
    EXPECT_GT(unknown.error().retry_after.count(), 0);
    EXPECT_TRUE(store->health().writable);
    proxy.heal();
    ASSERT_TRUE(add(4).ok());
    EXPECT_EQ(ids(), "2 4");
}

TEST_F(postgres_network, a_silent_network_ends_a_question_and_the_next_one_is_answered) {
    EXPECT_EQ(ids(), "");
    proxy.black_hole();
    const auto before = steady_clock::now();
    const Status silent = store->read([](Session& s) { s.run("SELECT 1"); });
    EXPECT_EQ(silent.error().code, ErrorCode::unavailable);
    EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(20));
    proxy.heal();
    EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(postgres_network, work_of_a_reader_never_runs_twice) {
    int runs = 0;
    const Status cut = store->read([&](Session& s) {
        ++runs;
        proxy.cut(true);
        s.run("SELECT 1");
    });
    EXPECT_EQ(cut.error().code, ErrorCode::unavailable);
    EXPECT_EQ(runs, 1);
    // The connections that died meanwhile are noticed before the work begins.
    EXPECT_EQ(value("SELECT 1"), "1");
    proxy.cut();
    EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(postgres_network, a_slow_network_only_takes_longer) {
    proxy.slow(Milliseconds(20));
    EXPECT_TRUE(add(1).ok());
    EXPECT_EQ(ids(), "1");
}

TEST_F(postgres_network, statements_and_locks_have_an_end) {
    const Status slow = store->write([](Session& s) { s.run("SELECT pg_sleep(60)"); });
    EXPECT_EQ(slow.error().code, ErrorCode::unavailable);
    ASSERT_TRUE(add(1).ok());
    PostgresOptions patient = options;
    patient.lock_timeout = Milliseconds(60'000);  // and so may stand still for long with its locks
    auto other = PostgresStore::open(patient, log);
    ASSERT_TRUE(other.ok());
    const Status outer = (*other)->write([&](Session& s) {
        s.run("UPDATE t SET body = '' WHERE id = 1");
        const Status blocked =
            store->write([](Session& w) { w.run("UPDATE t SET body = 'x' WHERE id = 1"); });
        EXPECT_EQ(blocked.error().code, ErrorCode::unavailable);
    });
    EXPECT_TRUE(outer.ok());
    EXPECT_TRUE(add(2).ok());
}

TEST_F(postgres_network, a_server_promoted_without_our_row_gets_a_new_one) {
    database.ask_here("DELETE FROM store_writers");
    EXPECT_TRUE(add(1).ok());
    EXPECT_EQ(database.ask_here("SELECT count(*) FROM store_writers"), "1");
    EXPECT_TRUE(add(2).ok());
    database.ask_here("DELETE FROM store_writers");
    EXPECT_EQ(runs_with_a_swallowed_commit(3), 2) << "the new row must not pass for a commit";
    EXPECT_EQ(ids(), "1 2 3");
}

TEST_F(postgres_network, a_constraint_that_fails_at_the_commit_is_a_conflict) {
    ASSERT_TRUE(store
                    ->write([](Session& s) {
                        s.execute_script(
                            "CREATE TABLE once (id BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
                    })
                    .ok());
    const Status twice =
        store->write([](Session& s) { s.run("INSERT INTO once (id) VALUES (1), (1)"); });
    EXPECT_EQ(twice.error().code, ErrorCode::conflict);
    EXPECT_TRUE(add(1).ok());
}

TEST(postgres_failure, what_follows_from_a_code) {
    EXPECT_EQ(kind_of(""), FailureKind::lost);
    EXPECT_EQ(kind_of("57P01"), FailureKind::lost);
    EXPECT_EQ(kind_of("25006"), FailureKind::lost);
    EXPECT_EQ(kind_of("40001"), FailureKind::again);
    EXPECT_EQ(kind_of("40P01"), FailureKind::again);
    EXPECT_EQ(kind_of("53100"), FailureKind::full);
    EXPECT_EQ(kind_of("53300"), FailureKind::busy);
    EXPECT_EQ(kind_of("28P01"), FailureKind::rejected);
    EXPECT_EQ(kind_of("42601"), FailureKind::other);
    EXPECT_EQ(to_error(FailureKind::full, "x").detail, "disk is full");
    EXPECT_EQ(to_error(FailureKind::lost, "x").code, ErrorCode::unavailable);
}

/// With a server of its own that is stopped and killed.
struct postgres_server : testing::Test, Faults {
    TestServer server{"--set max_connections=12 --set superuser_reserved_connections=0"};
    postgres_server() : Faults("") { options.url = server.url(); }
};

TEST_F(postgres_server, restarts_are_waited_for_and_long_absences_said) {
    make();
    for (const char* mode : {"fast", "immediate"}) {
        int runs = 0;
        options.patience = Milliseconds(20'000);
        open();
        const Status done = store->write([&](Session& s) {
            add(s, 1);
            if (++runs == 1) server.restart(mode);
            add(s, 2);
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
        EXPECT_EQ(ids(), "1 2") << mode;
        ASSERT_TRUE(store->write([](Session& s) { s.run("DELETE FROM t"); }).ok());
    }
    options.patience = Milliseconds(200);
    open();
    EXPECT_EQ(ids(), "");
    server.stop();
    const Status away = add(3);
    EXPECT_EQ(away.error().code, ErrorCode::unavailable);
    EXPECT_GT(away.error().retry_after.count(), 0);
    EXPECT_TRUE(store->health().writable) << "it can come back";
    EXPECT_NE(store->health().detail, "");
    const Status question = store->read([](Session&) {});
    EXPECT_EQ(question.error().code, ErrorCode::unavailable);
    server.start();
    EXPECT_TRUE(add(4).ok());
    EXPECT_EQ(store->health().detail, "");
    EXPECT_EQ(ids(), "4");
}

TEST_F(postgres_server, too_many_connections_pass_when_some_go) {
    make();
    EXPECT_TRUE(add(1).ok());
    std::vector<PGconn*> others;
    for (int i = 0; i < 40; ++i) others.push_back(PQconnectdb(server.url().c_str()));
    options.patience = Milliseconds(100);
    options.start_patience = Milliseconds(100);
    auto second = PostgresStore::open(options, log);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    EXPECT_NE(second.error().detail.find("too many"), std::string::npos) << second.error().detail;
    EXPECT_TRUE(add(2).ok()) << "the connection that is there goes on";
    for (PGconn* one : others) PQfinish(one);
    EXPECT_EQ(ids(), "1 2");
}

TEST_F(postgres_server, killed_again_and_again_it_has_what_was_acknowledged_once_each) {
    options.patience = Milliseconds(20'000);
    make();
    std::atomic<bool> stop{false};
    std::set<std::int64_t> acknowledged;
    std::set<std::int64_t> refused;
    std::thread writer([&] {
        for (std::int64_t id = 1; !stop; ++id) {
            const Status done = store->write([&](Session& s) {
                add(s, id);
                add(s, -id);
            });
            (done ? acknowledged : refused).insert(id);
        }
    });
    for (int round = 0; round < 3; ++round) {
        std::this_thread::sleep_for(Milliseconds(300));
        server.kill();
        server.start();
    }
    std::this_thread::sleep_for(Milliseconds(200));
    stop = true;
    writer.join();
    EXPECT_GT(acknowledged.size(), 50U);
    EXPECT_TRUE(refused.empty()) << "each was resolved or repeated";
    EXPECT_EQ(value("SELECT count(*) FROM t"), std::to_string(2 * acknowledged.size()));
    EXPECT_EQ(value("SELECT count(DISTINCT id) FROM t"), std::to_string(2 * acknowledged.size()));
}

TEST_F(postgres_server, a_fail_over_to_a_synchronous_replica_loses_nothing) {
    const auto standby = TestServer::standby_of(server);
    ask(server.url(), "ALTER SYSTEM SET synchronous_standby_names = '*'");
    ask(server.url(), "SELECT pg_reload_conf()");
    const auto at = server.url().find('/', server.url().find('@'));
    options.url = server.url().substr(0, at) +
                  ",127.0.0.1:" + std::to_string(port_of(standby->url())) + server.url().substr(at);
    options.patience = Milliseconds(20'000);
    options.statement_timeout = Milliseconds(10'000);
    make();
    auto replica = options;
    replica.url = standby->url();
    replica.start_patience = Milliseconds(0);
    const auto refused = PostgresStore::open(replica, log);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().detail.find("replica"), std::string::npos) << refused.error().detail;

    std::atomic<bool> stop{false};
    std::set<std::int64_t> acknowledged;
    std::thread writer([&] {
        for (std::int64_t id = 1; !stop; ++id)
            if (add(id).ok()) acknowledged.insert(id);
    });
    std::this_thread::sleep_for(Milliseconds(300));
    server.kill();
    standby->promote();
    std::this_thread::sleep_for(Milliseconds(1'500));
    stop = true;
    writer.join();
    EXPECT_GT(acknowledged.size(), 20U);
    EXPECT_EQ(value("SELECT count(DISTINCT id) || ' ' || count(*) FROM t"),
              std::to_string(acknowledged.size()) + " " + std::to_string(acknowledged.size()));
}

TEST(postgres_tls, goes_by_what_the_url_says) {
    const TestServer server("--tls");
    const auto refusal = [&](const std::string& query) -> std::string {
        Faults with(server.url() + query);
        with.options.start_patience = Milliseconds(0);
        auto opened = PostgresStore::open(with.options, with.log);
        if (!opened) return opened.error().detail;
        with.store = std::move(*opened);
        return with.value("SELECT 'ssl ' || ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    };
    EXPECT_EQ(refusal("?sslmode=disable"), "ssl false");
    EXPECT_EQ(refusal("?sslmode=require"), "ssl true");
    EXPECT_EQ(refusal("?sslmode=verify-full&sslrootcert=" + server.folder() + "/root.crt"),
              "ssl true");
    const auto unknown =
        refusal("?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt");
    EXPECT_NE(unknown.find("certificate"), std::string::npos) << unknown;
}

}  // namespace
}  // namespace hongyan::postgres
