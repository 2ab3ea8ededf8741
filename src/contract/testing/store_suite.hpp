// The contract suite of Store: what every engine must do, run unchanged over each. An engine's test
// includes this header once, writes a StoreBench and says
//     INSTANTIATE_TEST_SUITE_P(sqlite, store_suite, testing::Values(&make_bench));
// Each test gets a bench of its own with an empty database.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contract/store.hpp"

namespace hongyan::suite {

/// One empty database and the store over it.
class StoreBench {
  public:
    virtual ~StoreBench() = default;
    virtual Store& store() = 0;
    /// Closes the store and opens it again over the same data, as after a restart.
    virtual void reopen() = 0;
};
using MakeStoreBench = std::unique_ptr<StoreBench> (*)();

class store_suite : public testing::TestWithParam<MakeStoreBench> {
  protected:
    void SetUp() override {
        bench_ = GetParam()();
        must_write([](Session& s) {
            s.execute_script(
                "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, weight "
                "DOUBLE PRECISION)");
        });
    }
    Store& store() { return bench_->store(); }
    void must_write(const std::function<void(Session&)>& work) {
        const Status done = store().write(work);
        ASSERT_TRUE(done.ok()) << done.error().detail;
    }
    void must_read(const std::function<void(Session&)>& work) {
        const Status done = store().read(work);
        ASSERT_TRUE(done.ok()) << done.error().detail;
    }
    static void add(Session& s, std::int64_t id, const std::string& name) {
        s.run("INSERT INTO item (id, name, weight) VALUES ($1, $2, $3)", id, name, 0.5);
    }
    static std::int64_t count(Session& s) {
        Rows rows = s.query("SELECT count(*) FROM item");
        return rows.next() ? rows.integer(0) : -1;
    }
    std::int64_t count() {
        std::int64_t found = -1;
        must_read([&](Session& s) { found = count(s); });
        return found;
    }
    std::unique_ptr<StoreBench> bench_;
};

TEST_P(store_suite, a_written_row_is_read_back_as_it_was) {
    const std::string text("zw\xc3\xb6lf \xe9\xb8\xbf\xe9\x9b\x81 '\"$1");
    must_write([&](Session& s) {
        EXPECT_EQ(s.run("INSERT INTO item (id, name, weight) VALUES ($1, $2, $3)",
                        std::int64_t{1} << 62, text, -2.25),
                  1);
        s.run("INSERT INTO item (id, name, weight) VALUES ($1, $2, $3)", 2, "", Null{});
    });
    must_read([&](Session& s) {
        Rows rows = s.query("SELECT id, name, weight FROM item ORDER BY id DESC");
        ASSERT_TRUE(rows.next());
        EXPECT_EQ(rows.integer(0), std::int64_t{1} << 62);
        EXPECT_EQ(rows.text(1), text);
        EXPECT_DOUBLE_EQ(rows.real(2), -2.25);
        EXPECT_FALSE(rows.null(2));
        ASSERT_TRUE(rows.next());
        EXPECT_FALSE(rows.null(1)) << "an empty text is no NULL";
        EXPECT_EQ(rows.text(1), "");
        EXPECT_TRUE(rows.null(2));
        EXPECT_FALSE(rows.next());
        EXPECT_FALSE(rows.next()) << "the end stays the end";
    });
}

TEST_P(store_suite, an_empty_view_is_an_empty_text) {
    must_write([&](Session& s) {
        s.run("INSERT INTO item (id, name, weight) VALUES ($1, $2, NULL)", 1, std::string_view());
    });
    EXPECT_EQ(count(), 1);
}

TEST_P(store_suite, parameters_go_by_their_number) {
    must_write([&](Session& s) {
        s.run("INSERT INTO item (name, weight, id) VALUES ($3, $2, $1)", 7, 1.5, "seven");
    });
    must_read([&](Session& s) {
        Rows rows =
            s.query("SELECT id FROM item WHERE $2 = name AND id = $1 AND name = $2", 7, "seven");
        EXPECT_TRUE(rows.next());
    });
}

TEST_P(store_suite, a_failing_statement_undoes_the_whole_transaction) {
    const Status done = store().write([](Session& s) {
        add(s, 1, "one");
        s.run("INSERT INTO no_such_table (id) VALUES ($1)", 1);
    });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::storage_failed);
    EXPECT_EQ(count(), 0);
    must_write([](Session& s) { add(s, 1, "one"); });
    EXPECT_EQ(count(), 1);
}

TEST_P(store_suite, a_broken_constraint_is_a_conflict) {
    must_write([](Session& s) { add(s, 1, "one"); });
    bool thrown = false;
    const Status done = store().write([&](Session& s) {
        add(s, 2, "two");
        try {
            add(s, 3, "one");
        } catch (const ConstraintError&) {
            thrown = true;
            throw;
        }
    });
    ASSERT_FALSE(done.ok());
    EXPECT_TRUE(thrown);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
    EXPECT_EQ(count(), 1);
    EXPECT_TRUE(store().health().writable);
}

TEST_P(store_suite, work_may_end_itself_with_a_store_error) {
    const Status done = store().write([](Session& s) {
        add(s, 1, "one");
        throw StoreError("changed my mind");
    });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().detail, "changed my mind");
    EXPECT_EQ(count(), 0);
}

TEST_P(store_suite, other_exceptions_roll_back_and_pass) {
    EXPECT_THROW((void)store().write([](Session& s) {
        add(s, 1, "one");
        throw std::logic_error("a bug");
    }),
                 std::logic_error);
    EXPECT_THROW((void)store().read([](Session& s) {
        EXPECT_EQ(count(s), 0);
        throw std::logic_error("a bug");
    }),
                 std::logic_error);
    must_write([](Session& s) { add(s, 1, "one"); });
    EXPECT_EQ(count(), 1);
}

TEST_P(store_suite, a_reader_cannot_write) {
    const Status done = store().read([](Session& s) { add(s, 1, "one"); });
    EXPECT_FALSE(done.ok());
    EXPECT_EQ(count(), 0);
    EXPECT_TRUE(store().health().writable);
}

TEST_P(store_suite, a_read_sees_one_snapshot) {
    must_write([](Session& s) { add(s, 1, "one"); });
    must_read([&](Session& s) {
        EXPECT_EQ(count(s), 1);
        std::thread([&] { must_write([](Session& w) { add(w, 2, "two"); }); }).join();
        EXPECT_EQ(count(s), 1);
    });
    EXPECT_EQ(count(), 2);
}

TEST_P(store_suite, a_query_left_open_holds_nothing_up) {
    must_write([](Session& s) {
        add(s, 1, "one");
        add(s, 2, "two");
        Statement& open = s.prepare("SELECT id FROM item");
        EXPECT_TRUE(open.step());
    });
    must_write([](Session& s) { s.run("DELETE FROM item WHERE id = $1", 1); });
    EXPECT_EQ(count(), 1);
}

TEST_P(store_suite, returning_and_upsert_work) {
    must_write([](Session& s) { add(s, 1, "one"); });
    must_write([](Session& s) {
        const auto sql =
            "INSERT INTO item (id, name, weight) VALUES ($1, $2, 1) "
            "ON CONFLICT (id) DO UPDATE SET weight = item.weight + 1 RETURNING weight";
        Rows rows = s.query(sql, 1, "one");
        ASSERT_TRUE(rows.next());
        EXPECT_DOUBLE_EQ(rows.real(0), 1.5);
    });
    must_write([](Session& s) {
        EXPECT_EQ(s.run("UPDATE item SET weight = 0 WHERE id > $1", 0), 1);
        EXPECT_EQ(s.run("UPDATE item SET weight = 0 WHERE id > $1", 5), 0);
    });
}

TEST_P(store_suite, a_restart_finds_what_was_written) {
    must_write([](Session& s) { add(s, 1, "one"); });
    bench_->reopen();
    EXPECT_EQ(count(), 1);
    must_write([](Session& s) { add(s, 2, "two"); });
    EXPECT_EQ(count(), 2);
}

TEST_P(store_suite, health_counts_commits_and_statements) {
    const StoreHealth before = store().health();
    must_write([](Session& s) {
        for (int i = 0; i < 10; ++i) add(s, i, std::to_string(i));
    });
    const StoreHealth after = store().health();
    EXPECT_TRUE(after.writable);
    EXPECT_EQ(after.commits, before.commits + 1);
    EXPECT_EQ(after.statements, before.statements + 10);
}

TEST_P(store_suite, readers_see_only_whole_transactions_while_a_writer_works) {
    std::atomic<bool> stop{false};
    std::atomic<int> odd{0};
    std::vector<std::thread> readers;
    for (int n = 0; n < 3; ++n) {
        readers.emplace_back([&] {
            while (!stop) odd += count() % 2 != 0;
        });
    }
    for (int i = 0; i < 100; i += 2) {
        must_write([&](Session& s) {
            add(s, i, std::to_string(i));
            add(s, i + 1, std::to_string(i + 1));
        });
    }
    stop = true;
    for (auto& reader : readers) reader.join();
    EXPECT_EQ(odd, 0);
    EXPECT_EQ(count(), 100);
}

}  // namespace hongyan::suite
