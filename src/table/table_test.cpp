#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "table/keys.hpp"
#include "table/messages.hpp"
#include "table/migrate.hpp"
#include "table/migrations.hpp"
#include "table/rules.hpp"
#include "table/statistics.hpp"
#include "table/tasks.hpp"
#include "table/templates.hpp"
#include "table/testing/test_store.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;

class TableTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override {
        made = GetParam().make(start_ms);
        store = &made->store();
    }
    [[nodiscard]] bool on_postgres() const { return std::string(GetParam().name) == "postgres"; }
    void write(const std::function<void(Session&)>& work) {
        const auto status = store->write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    void read(const std::function<void(Session&)>& work) { EXPECT_TRUE(store->read(work).ok()); }
    std::int64_t number(const std::string& sql) {
        std::int64_t found = -1;
        read([&](Session& session) {
            auto rows = session.query(sql);
            if (rows.next()) found = rows.integer(0);
        });
        return found;
    }
    static Message message(MessageId id, MessageStatus status = MessageStatus::pending) {
        Message m;
        m.id = id;
        m.status = status;
        m.recipient = "13800000000";
        m.content = "您好; 'quoted' \"text\"";
        return m;
    }

    std::unique_ptr<TestStore> made;
    Store* store = nullptr;
};

INSTANTIATE_TEST_SUITE_P(engines, TableTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(TableTest, the_migration_arrives_with_its_semicolons_quotes_and_chinese) {
    EXPECT_EQ(number("SELECT count(*) FROM message_templates"), 4);
    EXPECT_EQ(number("SELECT count(*) FROM template_versions"), 4);
    if (on_postgres()) {
        EXPECT_EQ(number("SELECT count(DISTINCT trigger_name) FROM information_schema.triggers "
                         "WHERE trigger_schema = current_schema()"),
                  9);
        EXPECT_EQ(number("SELECT count(variables::json) FROM message_templates"), 4);
    } else {
        EXPECT_EQ(number("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"), 18);
        EXPECT_EQ(number("SELECT count(*) FROM message_templates WHERE json_valid(variables)"), 4);
    }
    read([](Session& session) {
        const auto sms = find_template(session, 1, 1);
        ASSERT_TRUE(sms.has_value());
        EXPECT_EQ(sms->title, "订单发货");
        EXPECT_EQ(sms->content,
                  "【鸿雁】{{ customer_name }}您好，您的订单 {{ order_no }} 已发货，预计 {{ "
                  "delivery_days }} 天内送达。");
        const auto notice = find_template(session, 1, 4);
        ASSERT_TRUE(notice.has_value());
        EXPECT_NE(notice->content.find("{% if order_no %}（编号 {{ order_no }}）{% endif %}"),
                  std::string::npos);
        EXPECT_NE(find_template(session, 1, 2)->content.find("：\n\n您关注的"), std::string::npos);
    });
    const auto sqlite = migrations(Dialect::sqlite);
    const auto postgres = migrations(Dialect::postgres);
    ASSERT_EQ(sqlite.size(), postgres.size());
    for (std::size_t i = 0; i < sqlite.size(); ++i) {
        EXPECT_EQ(sqlite[i].version, static_cast<int>(i) + 1);
        EXPECT_EQ(sqlite[i].name, postgres[i].name) << "the same number makes the same tables";
    }
}

TEST_P(TableTest, a_second_run_changes_nothing_and_a_newer_database_is_refused) {
    const auto again = migrate(*store, start_ms + 1);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->current, again->newest);
    EXPECT_TRUE(again->pending.empty());
    EXPECT_EQ(number("SELECT max(applied_ms) FROM schema_migrations"), start_ms);
    write([](Session& s) { s.run("INSERT INTO schema_migrations VALUES (9000, 'later', 0)"); });
    EXPECT_EQ(migrate(*store, start_ms).error().code, ErrorCode::newer_database);
}

TEST_P(TableTest, a_message_comes_back_as_it_was_written) {
    Message m = message(first_id_at(start_ms), MessageStatus::scheduled);
    m.tenant_id = 7;
    m.task_id = 3;
    m.template_id = 2;
    m.template_version = 4;
    m.channel = ChannelKind::email;
    m.priority = 10;
    m.subject = "主题";
    m.html = "<b>;</b>";
    m.callback_url = "https://example.com/a";
    m.metadata = R"({"a":"b"})";
    m.due_ms = start_ms + 5;
    m.deliver_by_ms = start_ms + 9;
    write([&](Session& s) { insert_message(s, m, "smtp"); });
    read([&](Session& s) {
        const auto row = find_message(s, m.id);
        ASSERT_TRUE(row.has_value());
        const Message& found = row->message;
        EXPECT_EQ(found.tenant_id, 7);
        EXPECT_EQ(found.task_id, 3);
        EXPECT_EQ(found.template_id * 10 + found.template_version, 24);
        EXPECT_EQ(found.channel, ChannelKind::email);
        EXPECT_EQ(found.priority, 10);
        EXPECT_EQ(found.status, MessageStatus::scheduled);
        EXPECT_EQ(found.content, m.content);
        EXPECT_EQ(found.subject + found.html + found.callback_url + found.metadata,
                  m.subject + m.html + m.callback_url + m.metadata);
        EXPECT_EQ(found.due_ms, m.due_ms);
        EXPECT_EQ(found.deliver_by_ms, m.deliver_by_ms);
        EXPECT_EQ(row->provider, "smtp");
        EXPECT_EQ(row->finished_ms, 0);
        EXPECT_FALSE(find_status(s, 1, m.id).has_value());
        EXPECT_FALSE(find_message(s, 1).has_value());
        EXPECT_EQ(last_message_id(s), m.id);
    });
}

TEST_P(TableTest, settle_does_every_legal_change_and_refuses_every_other) {
    MessageId id = 1;
    write([&](Session& s) {
        for (std::size_t i = 0; i < message_status_names.size(); ++i) {
            for (std::size_t j = 0; j < message_status_names.size(); ++j, ++id) {
                const auto from = static_cast<MessageStatus>(i);
                const auto to = static_cast<MessageStatus>(j);
                insert_message(s, message(id, from), "sandbox");
                Outcome outcome;
                outcome.id = id;
                outcome.status = to;
                EXPECT_EQ(settle(s, outcome), may_change(from, to))
                    << to_text(from) << " to " << to_text(to);
                EXPECT_EQ(find_message(s, id)->message.status, may_change(from, to) ? to : from);
                EXPECT_EQ(find_message(s, id)->provider, "sandbox");
            }
            insert_message(s, message(++id, static_cast<MessageStatus>(i)), "");
            const bool waits = !is_final(static_cast<MessageStatus>(i));
            Outcome sent;
            sent.id = id;
            EXPECT_EQ(settle_success(s, sent), waits);
            insert_message(s, message(++id, static_cast<MessageStatus>(i)), "");
            EXPECT_EQ(mark_processing(s, id++, 1),
                      waits && static_cast<MessageStatus>(i) != MessageStatus::processing);
        }
        Outcome nobody;
        nobody.id = 99'999;
        EXPECT_FALSE(settle(s, nobody));
        EXPECT_FALSE(settle_success(s, nobody));
    });
}

TEST_P(TableTest, list_filters_each_and_together) {
    write([](Session& s) {
        for (int i = 0; i < 40; ++i) {
            Message m = message(first_id_at(start_ms + i), static_cast<MessageStatus>(i % 10));
            m.channel = static_cast<ChannelKind>(i % 5);
            m.tenant_id = i < 20 ? 1 : 2;
            m.template_id = i % 3;
            m.task_id = i % 4;
            m.recipient = "r" + std::to_string(i);
            insert_message(s, m, "");
            s.run("UPDATE message_records SET reason = $2 WHERE id = $1", m.id,
                  "100% broken_" + std::to_string(i));
        }
    });
    const auto count = [&](const std::function<void(MessageFilter&)>& set) {
        MessageFilter filter;
        set(filter);
        std::int64_t found = 0;
        read([&](Session& s) {
            const auto rows = list_messages(s, filter);
            EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
                return a.message.id > b.message.id;
            }));
            EXPECT_EQ(count_messages(s, filter), static_cast<std::int64_t>(rows.size()));
            found = static_cast<std::int64_t>(rows.size());
        });
        return found;
    };
    EXPECT_EQ(count([](auto&) {}), 20);
    EXPECT_EQ(count([](auto& f) { f.tenant_id = 3; }), 0);
    for (std::size_t i = 0; i < message_status_names.size(); ++i) {
        EXPECT_EQ(count([&](auto& f) { f.status = static_cast<MessageStatus>(i); }), 2);
    }
    EXPECT_EQ(count([](auto& f) { f.channel = ChannelKind::app; }), 4);
    EXPECT_EQ(count([](auto& f) { f.template_id = 2; }), 6);
    EXPECT_EQ(count([](auto& f) { f.task_id = 3; }), 5);
    EXPECT_EQ(count([](auto& f) { f.recipient = "r7"; }), 1);
    EXPECT_EQ(count([](auto& f) { f.recipient = "r7' OR 1=1 --"; }), 0);
    EXPECT_EQ(count([](auto& f) { f.error = "100% broken_1"; }), 11);
    EXPECT_EQ(count([](auto& f) { f.error = "b_oken"; }), 0);
    EXPECT_EQ(count([](auto& f) { f.id = first_id_at(start_ms + 4); }), 1);
    EXPECT_EQ(count([](auto& f) {
                  f.created_after_ms = start_ms + 5, f.created_before_ms = start_ms + 8;
              }),
              3);
    EXPECT_EQ(count([](auto& f) { f.before_id = first_id_at(start_ms + 5); }), 5);
    EXPECT_EQ(
        count([](auto& f) { f.status = MessageStatus::failed, f.channel = ChannelKind::app; }), 0);
}

TEST_P(TableTest, dead_letters_are_grouped_by_reason_and_channel) {
    write([](Session& s) {
        for (int i = 1; i <= 7; ++i) {
            Message m = message(i, i == 7 ? MessageStatus::success : MessageStatus::failed);
            m.tenant_id = i == 6 ? 2 : 1;
            m.channel = i == 5 ? ChannelKind::email : ChannelKind::sms;
            insert_message(s, m, "");
            if (i != 4) s.run("UPDATE message_records SET reason = 'x' WHERE id = $1", i);
        }
    });
    read([](Session& s) {
        const auto groups = dead_groups(s, 1, 1'000).groups;
        ASSERT_EQ(groups.size(), 3U);
        EXPECT_EQ(groups[0].reason, "x");
        EXPECT_EQ(groups[0].count, 3);
        EXPECT_EQ(groups[0].first * 10 + groups[0].last, 13);
        EXPECT_EQ(dead_groups(s, 2, 1'000).groups.size(), 1U);
        EXPECT_FALSE(dead_groups(s, 1, 1'000).capped);
        EXPECT_TRUE(dead_groups(s, 1, 1).capped);
    });
}

TEST_P(TableTest, what_waits_is_loaded_page_by_page_each_once_by_tenant_and_id) {
    write([](Session& s) {
        for (int i = 1; i <= 60; ++i) {
            Message m = message(i, i % 2 == 0 ? MessageStatus::pending : MessageStatus::scheduled);
            m.tenant_id = 1 + i % 3;
            m.priority = i <= 30 ? 10 : 0;
            m.due_ms = i % 2 == 0 ? 0 : 500 + i;
            insert_message(s, m, "");
        }
    });
    for (const auto status : {MessageStatus::pending, MessageStatus::scheduled}) {
        for (const int priority : {10, 0, 5}) {
            std::vector<Waiting> found;
            LoadPlace place;
            bool more = true;
            int pages = 0;
            while (more && ++pages < 20) {
                read([&](Session& s) {
                    more = load_waiting(s, status, priority, 55, 4, place, found);
                });
            }
            EXPECT_EQ(found.size(), priority == 10 ? 15U : priority == 0 ? 12U : 0U);
            for (std::size_t i = 0; i < found.size(); ++i) {
                EXPECT_EQ(found[i].job.priority, priority);
                EXPECT_LT(found[i].job.id, 55);
                EXPECT_EQ(found[i].due_ms,
                          status == MessageStatus::pending ? 0 : 500 + found[i].job.id);
                if (i == 0) continue;
                EXPECT_LT(std::pair(found[i - 1].job.tenant_id, found[i - 1].job.id),
                          std::pair(found[i].job.tenant_id, found[i].job.id));
            }
        }
    }
}

TEST_P(TableTest, any_hand_that_tunes_raises_its_version) {
    RuleVersions before;
    const auto changed = [&](const std::string& sql) {
        write([&](Session& s) { s.execute_script(sql); });
        RuleVersions now;
        read([&](Session& s) { now = rule_versions(s); });
        std::string names;
        if (now.templates > before.templates) names += "t";
        if (now.pools > before.pools) names += "p";
        if (now.limits > before.limits) names += "l";
        if (now.keys > before.keys) names += "k";
        before = now;
        return names;
    };
    EXPECT_EQ(changed("SELECT 1"), "tplk");
    EXPECT_EQ(changed("UPDATE thread_pool_configs SET core_pool_size = 21 WHERE id = 1"), "p");
    EXPECT_EQ(changed("DELETE FROM thread_pool_configs WHERE id = 3"), "p");
    EXPECT_EQ(changed("INSERT INTO rate_limit_configs (resource, limit_type, max_value) VALUES "
                      "('channel:sms', 'qps', 5)"),
              "l");
    EXPECT_EQ(changed("UPDATE rate_limit_configs SET max_value = 9"), "l");
    EXPECT_EQ(changed("DELETE FROM rate_limit_configs"), "l");
    EXPECT_EQ(changed("UPDATE message_templates SET title = '新' WHERE id = 1"), "t");
    EXPECT_EQ(changed("DELETE FROM message_templates"), "t");
    write([](Session& s) {
        KeyRecord key;
        key.hash = std::string(32, '\0');
        EXPECT_EQ(insert_key(s, key), 1);
        EXPECT_EQ(all_keys(s).at(0).hash, key.hash);
    });
    EXPECT_EQ(changed("SELECT 1"), "k");
    EXPECT_EQ(changed("SELECT 1"), "");
}

TEST_P(TableTest, only_batches_of_before_the_start_are_deleted_as_cut_off) {
    std::int64_t old = 0;
    std::int64_t mine = 0;
    write([&](Session& s) {
        TaskRecord task;
        task.status = TaskStatus::accepting;
        old = insert_task(s, task);
        mine = insert_task(s, task);
        for (int i = 1; i <= 10; ++i) {
            Message m = message(i);
            m.task_id = i <= 5 ? old : mine;
            insert_message(s, m, "");
        }
    });
    bool more = true;
    for (int i = 0; more && i < 10; ++i)
        write([&](Session& s) { more = delete_unaccepted(s, old, 2); });
    EXPECT_FALSE(more);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 5);
    EXPECT_EQ(number("SELECT count(*) FROM message_tasks"), 1);
}

TEST_P(TableTest, statistics_of_a_day_add_up) {
    write([](Session& s) {
        for (int i = 0; i < 3; ++i) {
            StatisticsDelta delta;
            delta.success = 1;
            delta.failed = i == 2 ? -1 : 1;
            delta.response_ms = 10;
            delta.histogram.add(10);
            add_statistics(s, {1, start_ms / 86'400'000, ChannelKind::app}, delta);
        }
    });
    read([](Session& s) {
        const auto rows = list_statistics(s, 1, format_day(start_ms));
        ASSERT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows[0].success * 10 + rows[0].failed, 31);
        EXPECT_EQ(rows[0].response_ms, 30);
        EXPECT_EQ(rows[0].histogram.total(), 3);
    });
    write([](Session& s) { fold_statistics(s); });
    EXPECT_EQ(number("SELECT total_sent FROM message_statistics"), 4);
}

}  // namespace
}  // namespace hongyan::table
