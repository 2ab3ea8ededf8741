#include "table/bulk.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"
#include "base/text.hpp"
#include "table/messages.hpp"
#include "table/receipts.hpp"
#include "table/statistics.hpp"
#include "table/tasks.hpp"
#include "table/testing/test_store.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;

/// What the functions for many rows do must be what those for one row do, on both engines.
class BulkTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override { made = GetParam().make(start_ms); }
    void write(const std::function<void(Session&)>& work) {
        const auto status = made->store().write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    std::string text(const std::string& sql) {
        std::string found;
        EXPECT_TRUE(made->store()
                        .read([&](Session& session) {
                            auto rows = session.query(sql);
                            if (rows.next()) found = rows.text(0);
                        })
                        .ok());
        return found;
    }
    static Message message(MessageId id, MessageStatus status = MessageStatus::pending) {
        Message m;
        m.id = id;
        m.status = status;
        m.recipient = "r" + std::to_string(id);
        m.content = "c";
        return m;
    }
    std::unique_ptr<TestStore> made;
};

INSTANTIATE_TEST_SUITE_P(engines, BulkTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(BulkTest, messages_come_back_as_they_were_written_whatever_they_hold) {
    std::vector<Message> all;
    for (int i = 0; i < 40; ++i) {
        Message m = message(first_id_at(start_ms) + i);
        m.content = "tab\there\nline\\N \\. \r\"quoted\" {1,2} '鸿雁' " + std::to_string(i);
        m.recipient = i % 2 == 0 ? "\\" : "NULL";
        if (i % 3 == 0) {
            m.subject = "主题\t\\";
            m.html = "<b>\n</b>";
            m.callback_url = "https://example.com/\\";
            m.metadata = R"({"a":"b\n"})";
            m.options = R"({"x":"\\"})";
            m.task_id = 3;
            m.template_id = 2;
            m.template_version = 4;
            m.due_ms = start_ms + i;
            m.deliver_by_ms = start_ms + 9;
            m.tenant_id = 7;
            m.priority = 10;
        }
        all.push_back(m);
    }
    write([&](Session& s) {
        std::vector<NewMessage> added;
        for (const auto& m : all) added.push_back({&m, m.task_id != 0 ? "smtp" : ""});
        insert_messages(s, added);
        for (auto m : all) {
            m.id += 1'000;
            insert_message(s, m, m.task_id != 0 ? "smtp" : "");
        }
    });
    write([&](Session& s) {
        for (const auto& m : all) {
            const auto one = find_message(s, m.id);
            const auto other = find_message(s, m.id + 1'000);
            ASSERT_TRUE(one && other);
            EXPECT_EQ(one->message.content, m.content);
            const auto words = [](const MessageRow& row) {
                const Message& f = row.message;
                return f.recipient + '|' + f.content + '|' + f.subject + '|' + f.html + '|' +
                       f.callback_url + '|' + f.metadata + '|' + f.options + '|' + row.provider;
            };
            const auto numbers = [](const MessageRow& row) {
                const Message& f = row.message;
                return std::vector<std::int64_t>{
                    f.task_id,          f.template_id,
                    f.template_version, f.due_ms,
                    f.deliver_by_ms,    f.tenant_id,
                    f.priority,         static_cast<std::int64_t>(f.status),
                    f.attempts,         row.finished_ms,
                    row.timing.queue_ms};
            };
            EXPECT_EQ(words(*one), words(*other));
            EXPECT_EQ(numbers(*one), numbers(*other));
        }
    });
}

TEST_P(BulkTest, settling_many_is_settling_each) {
    std::vector<Outcome> outcomes;
    MessageId id = first_id_at(start_ms);
    write([&](Session& s) {
        for (std::size_t from = 0; from < message_status_names.size(); ++from) {
            for (std::size_t to = 0; to <= message_status_names.size(); ++to) {
                for (int kind = 0; kind < 3; ++kind) {
                    const Message m = message(++id, static_cast<MessageStatus>(from));
                    insert_message(s, m, "sandbox");
                    s.run(
                        "UPDATE message_records SET attempts_before = $2, timing = $3 WHERE id = "
                        "$1",
                        id, kind == 2 ? 3 : 0, pack({77, 880, 250}));
                    Message twin = m;
                    twin.id += 100'000;
                    insert_message(s, twin, "sandbox");
                    s.run(
                        "UPDATE message_records SET attempts_before = $2, timing = $3 WHERE id = "
                        "$1",
                        twin.id, kind == 2 ? 3 : 0, pack({77, 880, 250}));
                    Outcome o;
                    o.id = id;
                    o.attempts = kind + 1;
                    o.finished_ms = start_ms + kind;
                    o.is_plain = to == message_status_names.size();
                    o.status = o.is_plain ? MessageStatus::success : static_cast<MessageStatus>(to);
                    if (kind > 0) o.timing = {kind == 1 ? -1 : 5, 60, 500};
                    if (o.is_plain) o.timing = {5, 60, 500};
                    if (kind == 2 && !o.is_plain) {
                        o.provider = "p\"{}";
                        o.provider_message_id = "名\\";
                        o.reason = "why, \"so\"\n";
                        o.next_attempt_ms = start_ms + 99;
                        o.is_free = true;
                    }
                    outcomes.push_back(o);
                }
            }
        }
    });
    std::vector<bool> bulk;
    std::vector<bool> single;
    write([&](Session& s) {
        bulk = settle_all(s, outcomes);
        single.clear();
        for (auto o : outcomes) {
            o.id += 100'000;
            single.push_back(o.is_plain ? settle_success(s, o) : settle(s, o));
        }
        Outcome nobody;
        nobody.id = 5;
        EXPECT_EQ(settle_all(s, std::span(&nobody, 1)), std::vector<bool>{false});
    });
    EXPECT_EQ(bulk, single);
    EXPECT_EQ(text("SELECT count(*) FROM message_records AS a JOIN message_records AS b ON b.id = "
                   "a.id + 100000 WHERE a.status <> b.status OR a.attempts <> b.attempts OR "
                   "a.finished_ms <> b.finished_ms OR a.timing <> b.timing OR "
                   "coalesce(a.next_attempt_ms, 0) <> coalesce(b.next_attempt_ms, 0) OR "
                   "coalesce(a.provider, '') <> coalesce(b.provider, '') OR "
                   "coalesce(a.provider_message_id, '') <> coalesce(b.provider_message_id, '') OR "
                   "coalesce(a.reason, '') <> coalesce(b.reason, '') OR "
                   "coalesce(a.attempts_before, -1) <> coalesce(b.attempts_before, -1)"),
              "0");
    EXPECT_EQ(text("SELECT count(*) FROM message_records AS a JOIN message_records AS b ON b.id = "
                   "a.id + 100000"),
              std::to_string(outcomes.size()));
}

TEST_P(BulkTest, intents_are_marked_once) {
    std::vector<Intent> intents;
    write([&](Session& s) {
        for (std::size_t i = 0; i < message_status_names.size(); ++i) {
            const auto id = first_id_at(start_ms) + static_cast<MessageId>(i);
            insert_message(s, message(id, static_cast<MessageStatus>(i)), "old");
            intents.push_back({id, 2, i % 2 == 0 ? 9 : 0, i % 3 == 0 ? "new" : ""});
        }
        intents.push_back({first_id_at(start_ms) + 99, 1, 0, ""});
    });
    write([&](Session& s) {
        const auto marked = mark_all_processing(s, intents);
        for (std::size_t i = 0; i < message_status_names.size(); ++i) {
            const auto status = static_cast<MessageStatus>(i);
            EXPECT_EQ(marked[i], status == MessageStatus::pending ||
                                     status == MessageStatus::scheduled ||
                                     status == MessageStatus::retrying);
            const auto row = find_message(s, intents[i].id);
            EXPECT_EQ(row->message.status, marked[i] ? MessageStatus::processing : status);
            if (!marked[i]) continue;
            EXPECT_EQ(row->message.attempts, 2);
            EXPECT_EQ(row->message.account_id, i % 2 == 0 ? 9 : 0);
            EXPECT_EQ(row->provider, i % 3 == 0 ? "new" : "old");
        }
        EXPECT_FALSE(marked.back());
        for (const bool again : mark_all_processing(s, intents)) EXPECT_FALSE(again);
    });
}

TEST_P(BulkTest, the_later_word_on_an_attempt_wins) {
    std::vector<Attempt> attempts(3);
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        attempts[i].message_id = first_id_at(start_ms) + static_cast<MessageId>(i);
        attempts[i].attempt = 1;
        attempts[i].provider = "a";
        attempts[i].detail = "1\"\\{}";
        attempts[i].started_ms = start_ms;
        attempts[i].account_id = i == 1 ? 5 : 0;
    }
    const auto put = [&](Session& s) {
        std::vector<const Attempt*> all;
        for (const auto& one : attempts) all.push_back(&one);
        insert_attempts(s, all);
    };
    write(put);
    for (auto& one : attempts) one.detail = "2";
    attempts.pop_back();
    write(put);
    write([&](Session& s) {
        EXPECT_EQ(list_attempts(s, first_id_at(start_ms)).at(0).detail, "2");
        EXPECT_EQ(list_attempts(s, first_id_at(start_ms) + 1).at(0).account_id, 5);
        const auto kept = list_attempts(s, first_id_at(start_ms) + 2);
        ASSERT_EQ(kept.size(), 1U);
        EXPECT_EQ(kept[0].detail, "1\"\\{}");
    });
}

TEST_P(BulkTest, receipts_that_wait_are_found_by_either_name) {
    write([](Session& s) {
        ReceiptRecord named;
        named.message_id = 7;
        named.account_id = 1;
        EXPECT_TRUE(insert_receipt(s, named));
        ReceiptRecord parked;
        parked.account_id = 1;
        parked.provider_message_id = "x";
        EXPECT_TRUE(insert_receipt(s, parked));
        EXPECT_FALSE(insert_receipt(s, parked));
        const std::vector<ReceiptPlace> places{
            {7, 1, ""}, {8, 1, "x"}, {8, 2, "x"}, {9, 1, "y"}, {10, 1, ""}};
        const auto have = have_receipts(s, places);
        const bool asks = s.dialect() == Dialect::postgres;
        EXPECT_EQ(have, (asks ? std::vector<bool>{true, true, false, false, false}
                              : std::vector<bool>(5, true)));
        // A receipt came by both names: one of the two stays.
        ReceiptRecord both = parked;
        both.message_id = 8;
        EXPECT_TRUE(insert_receipt(s, both));
        EXPECT_EQ(claim_parked(s, 1, "x", 8).size(), 1U);
        EXPECT_EQ(list_receipts(s, 8).size(), 1U);
        EXPECT_TRUE(claim_parked(s, 1, "x", 8).empty());
    });
}

TEST_P(BulkTest, statistics_are_exact_before_and_after_they_are_folded) {
    const auto day = start_ms / 86'400'000;
    std::map<StatisticsKey, StatisticsDelta> deltas;
    Histogram expected;
    for (int i = 0; i < 300; ++i) {
        auto& delta = deltas[{1 + i % 2, day + i % 3, static_cast<ChannelKind>(i % 2)}];
        delta.success += 1;
        delta.response_ms += i * i;
        delta.histogram.add(i * i);
        if (i % 6 == 0) expected.add(i * i);
    }
    StatisticsDelta back;  // a message of before is sent again
    back.success = -1;
    back.response_ms = 0;
    back.histogram.add(0, -1);
    expected.add(0, -1);
    const auto check = [&](std::int64_t times) {
        write([&](Session& s) {
            const auto rows = list_statistics(s, 1, format_day(day * 86'400'000));
            ASSERT_EQ(rows.size(), 3U);
            EXPECT_EQ(rows[0].success, times * 49);
            EXPECT_EQ(rows[0].histogram.total(), times * 49);
            EXPECT_DOUBLE_EQ(rows[0].histogram.quantile(0.95), expected.quantile(0.95));
            EXPECT_EQ(rows[1].success + rows[2].success, times * 100);
        });
    };
    for (std::int64_t times = 1; times <= 3; ++times) {
        write([&](Session& s) {
            add_statistics(s, {1, day, static_cast<ChannelKind>(0)}, back);
            add_all_statistics(s, deltas);
        });
        check(times);
        if (times != 2) write([](Session& s) { fold_statistics(s); });
        check(times);
    }
    EXPECT_EQ(text("SELECT sum(total_sent) FROM message_statistics"), "897");
    EXPECT_EQ(text("SELECT sum(response_ms_sum) FROM message_statistics"),
              std::to_string(3 * 299 * 300 * 599 / 6));
}

}  // namespace
}  // namespace hongyan::table
