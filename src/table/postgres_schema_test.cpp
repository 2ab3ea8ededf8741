#include <gtest/gtest.h>

#include <thread>

#include "base/id.hpp"
#include "table/messages.hpp"
#include "table/migrate.hpp"
#include "table/retention.hpp"
#include "table/rules.hpp"
#include "table/statistics.hpp"
#include "table/tasks.hpp"
#include "table/testing/test_store.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t start_ms = 1'800'000'000'000;

/// What the schema of PostgreSQL does by itself.
struct postgres_schema : testing::Test {
    PostgresTestStore made{start_ms};

    void write(const std::function<void(Session&)>& work) {
        const auto status = made.store().write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    std::string by_hand(const std::string& sql) { return made.database().ask_here(sql); }
    static Message message(MessageId id, std::int64_t task_id = 0) {
        Message m;
        m.id = id;
        m.recipient = "13800000000";
        m.content = "您好";
        m.task_id = task_id;
        return m;
    }
};

TEST_F(postgres_schema, counts_of_a_task_follow_its_messages_whoever_changes_them) {
    std::int64_t task_id = 0;
    write([&](Session& s) {
        TaskRecord task;
        task.total_count = 5;
        task_id = insert_task(s, task);
        for (int i = 0; i < 5; ++i)
            insert_message(s, message(first_id_at(start_ms) + i, task_id), "");
    });
    const auto counts = [&] {
        return by_hand(
            "SELECT concat_ws(' ', status, success_count, failed_count, cancelled_count, "
            "expired_count, finished_ms IS NOT NULL) FROM message_tasks");
    };
    EXPECT_EQ(counts(), "pending 0 0 0 0 f");
    const auto set = [&](const std::string& status, const std::string& where) {
        by_hand("UPDATE message_records SET status = '" + status + "' WHERE id - " +
                std::to_string(first_id_at(start_ms)) + where);
    };
    set("success", " = 0");
    EXPECT_EQ(counts(), "processing 1 0 0 0 f");
    set("delivered", " = 0");
    set("failed", " IN (1, 2)");
    EXPECT_EQ(counts(), "processing 1 2 0 0 f");
    set("cancelled", " = 3");
    set("expired", " = 4");
    EXPECT_EQ(counts(), "completed 1 2 1 1 t");
    set("pending", " = 1");
    EXPECT_EQ(counts(), "processing 1 1 1 1 f");
    by_hand("UPDATE message_records SET reason = 'x'");
    EXPECT_EQ(counts(), "processing 1 1 1 1 f");
    by_hand("UPDATE message_tasks SET status = 'cancelled'");
    set("success", " = 1");
    EXPECT_EQ(counts(), "cancelled 2 1 1 1 t");
}

TEST_F(postgres_schema, tables_read_as_the_original_s) {
    write([](Session& s) {
        const auto id = first_id_at(start_ms);
        insert_message(s, message(id), "sandbox");
        Outcome o;
        o.id = id;
        o.attempts = 1;
        o.finished_ms = start_ms + 1'500;
        o.timing = {50, 120'000, 850'000};
        EXPECT_TRUE(settle_success(s, o));
    });
    const auto trace = "msg_" + std::to_string(first_id_at(start_ms));
    EXPECT_EQ(by_hand("SET timezone = 'UTC'; SELECT created_at || ' ' || sent_at FROM "
                      "message_records WHERE trace_id = '" +
                      trace + "'"),
              "2027-01-15 08:00:00+00 2027-01-15 08:00:01.5+00");
    EXPECT_EQ(by_hand("SELECT string_agg(node_name || ' ' || status || ' ' || "
                      "round(duration_ms, 2), ', ' ORDER BY id) FROM message_traces WHERE trace_id "
                      "= '" +
                      trace + "'"),
              "queue success 50.00, process success 120.00, send success 850.00");
    by_hand("UPDATE system_values SET value = " + std::to_string(first_id_at(start_ms) + 1) +
            " WHERE name = 'trace_horizon'");
    EXPECT_EQ(by_hand("SELECT count(*) FROM message_traces"), "0");
    EXPECT_EQ(by_hand("SELECT update_message_statistics()"), "0");
}

TEST_F(postgres_schema, messages_go_into_the_partition_of_their_day) {
    write([](Session& s) {
        insert_message(s, message(first_id_at(start_ms)), "");
        insert_message(s, message(first_id_at(start_ms - start_ms % day_ms + day_ms) - 1), "");
        insert_message(s, message(first_id_at(start_ms - start_ms % day_ms + day_ms)), "");
        insert_message(s, message(17), "");
    });
    EXPECT_EQ(by_hand("SELECT string_agg(part || ' ' || n, ', ' ORDER BY part) FROM (SELECT "
                      "tableoid::regclass::text AS part, count(*) AS n FROM message_records GROUP "
                      "BY 1) AS p"),
              "message_records_20270115 2, message_records_20270116 1, message_records_default 1");
    // A day whose first rows came before its partition stays in the default one.
    write([](Session& s) { insert_message(s, message(first_id_at(start_ms + 5 * day_ms)), ""); });
    write([](Session& s) { make_room(s, start_ms + 4 * day_ms); });
    EXPECT_EQ(by_hand("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                      "'message_records'::regclass"),
              std::to_string(1 + 3 + 2));
}

TEST_F(postgres_schema, days_that_are_over_are_dropped_unless_something_in_them_waits) {
    const auto day = start_ms - start_ms % day_ms;
    write([&](Session& s) {
        make_room(s, start_ms + 3 * day_ms);
        for (int i = 0; i < 6; ++i) {
            Message m = message(first_id_at(day + i * day_ms) + 5);
            m.status = i == 1 ? MessageStatus::scheduled : MessageStatus::success;
            insert_message(s, m, "");
            m.id += 1;
            m.status = MessageStatus::failed;
            insert_message(s, m, "");
            Attempt a;
            a.message_id = m.id;
            a.attempt = 1;
            insert_attempt(s, a);
        }
    });
    const auto left = [&] {
        return by_hand("SELECT string_agg(((id >> 20) - " + std::to_string(day) +
                       ") / 86400000 || "
                       "left(status, 1), ' ' ORDER BY id) FROM message_records");
    };
    EXPECT_EQ(left(), "0s 0f 1s 1f 2s 2f 3s 3f 4s 4f 5s 5f");
    const auto before = day + 3 * day_ms + 7'000'000;
    write([&](Session& s) {
        EXPECT_GT(delete_messages(s, before, 100), 0);
        EXPECT_GT(delete_attempts(s, before, 100), 0);
    });
    EXPECT_EQ(left(), "1s 3s 3f 4s 4f 5s 5f");
    EXPECT_EQ(by_hand("SELECT count(*) FROM message_attempts"), "3");
    EXPECT_EQ(by_hand("SELECT to_regclass('message_records_20270115') IS NULL"), "t");
    EXPECT_EQ(by_hand("SELECT to_regclass('message_records_20270116') IS NOT NULL"), "t");
    write([&](Session& s) { EXPECT_EQ(delete_messages(s, before, 100), 0); });
    EXPECT_EQ(by_hand("SHOW lock_timeout"), "0");
}

TEST_F(postgres_schema, nodes_that_start_together_migrate_once) {
    const postgres::TestDatabase database;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    std::atomic<int> good{0};
    std::vector<std::thread> nodes;
    for (int n = 0; n < 4; ++n) {
        nodes.emplace_back([&] {
            postgres::PostgresOptions options;
            options.url = database.url();
            auto store = postgres::PostgresStore::open(options, log);
            ASSERT_TRUE(store.ok()) << store.error().detail;
            const auto migrated = migrate(**store, start_ms);
            EXPECT_TRUE(migrated.ok()) << (migrated ? "" : migrated.error().detail);
            good += migrated.ok();
        });
    }
    for (auto& node : nodes) node.join();
    EXPECT_EQ(good, 4);
    EXPECT_EQ(database.ask_here("SELECT count(*) FROM message_templates"), "4");
}

TEST_F(postgres_schema, a_node_knows_whether_statistics_are_left_that_another_did_not_see) {
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    postgres::PostgresOptions options;
    options.url = made.database().url();
    auto other = postgres::PostgresStore::open(options, log);
    ASSERT_TRUE(other.ok()) << other.error().detail;
    write([](Session& s) {
        StatisticsDelta delta;
        delta.success = 1;
        add_statistics(s, {1, start_ms / day_ms, ChannelKind::sms}, delta);
    });
    bool all = true;
    write([&](Session& s) {
        s.run(
            "SELECT pg_advisory_xact_lock(hashtext(current_schema() || "
            "'.update_message_statistics'))");
        EXPECT_TRUE((*other)->write([&](Session& o) { all = fold_statistics(o); }).ok());
    });
    EXPECT_FALSE(all);
    EXPECT_TRUE((*other)->write([&](Session& o) { all = fold_statistics(o); }).ok());
    EXPECT_TRUE(all);
    EXPECT_EQ(by_hand("SELECT total_sent FROM message_statistics"), "1");
}

TEST_F(postgres_schema, suppressed_recipients_are_counted) {
    by_hand(
        "INSERT INTO suppressions (tenant_id, channel, recipient, reason, created_ms) VALUES "
        "(1, 'sms', 'a', 'x', 1), (1, 'sms', 'b', 'x', 1)");
    by_hand("DELETE FROM suppressions WHERE recipient = 'a'");
    by_hand("DELETE FROM suppressions WHERE recipient = 'nobody'");
    write([](Session& s) { EXPECT_EQ(rule_versions(s).suppressed, 1); });
}

}  // namespace
}  // namespace hongyan::table
