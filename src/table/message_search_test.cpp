// The search over messages, held against looking at every one.
#include "table/message_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "table/recipient_segments.hpp"
#include "table/testing/test_store.hpp"
#include "table/views.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;
constexpr int message_count = 3'000;

const std::vector<std::string> recipients{"13800000001", "13800000002", "a@example.com", "rare"};
const std::vector<std::string> providers{"sandbox", "smpp"};

class SearchTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override {
        made = GetParam().make(start_ms);
        store = &made->store();
    }
    void write(const std::function<void(Session&)>& work) {
        const auto status = store->write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    void read(const std::function<void(Session&)>& work) { EXPECT_TRUE(store->read(work).ok()); }

    int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(dice); }

    void add_messages(int count) {
        write([&](Session& session) {
            for (int i = 0; i < count; ++i) {
                Message m;
                now_ms += up_to(2'000);
                m.id = first_id_at(now_ms) + i;
                m.tenant_id = 1 + (up_to(9) == 0 ? 1 : 0);
                m.channel = static_cast<ChannelKind>(up_to(4));
                m.priority = static_cast<std::uint8_t>(up_to(10));
                m.template_id = up_to(3);
                m.task_id = up_to(5) == 0 ? 1 + up_to(2) : 0;
                m.recipient = recipients[static_cast<std::size_t>(up_to(99) == 0 ? 3 : up_to(2))];
                m.content = "x";
                m.status = up_to(3) == 0 ? MessageStatus::scheduled : MessageStatus::pending;
                insert_message(session, m, providers[static_cast<std::size_t>(up_to(1))]);
                settle_some(session, m);
                all.push_back(m.id);
            }
        });
    }
    void settle_some(Session& session, const Message& m) {
        Outcome outcome;
        outcome.id = m.id;
        outcome.attempts = 1;
        outcome.finished_ms = now_ms;
        switch (up_to(5)) {
            case 0:
                outcome.status = MessageStatus::failed;
                outcome.reason = up_to(1) == 0 ? "permanent 550: no such user" : "quota is used up";
                break;
            case 1:
                outcome.status = MessageStatus::retrying;
                outcome.reason = "transient 451";
                break;
            case 2:
                return;
            default:
                outcome.status = MessageStatus::success;
        }
        ASSERT_TRUE(settle(session, outcome));
    }
    MessageFilter some_filter() {
        MessageFilter f;
        f.tenant_id = 1 + (up_to(3) == 0 ? 1 : 0);
        if (up_to(2) == 0) {
            for (int i = up_to(2); i >= 0; --i)
                f.statuses.push_back(static_cast<MessageStatus>(up_to(8)));
        }
        if (up_to(3) == 0) f.channel = static_cast<ChannelKind>(up_to(4));
        if (up_to(3) == 0) f.template_id = 1 + up_to(2);
        if (up_to(6) == 0) f.task_id = 1 + up_to(2);
        if (up_to(3) == 0) f.recipient = recipients[static_cast<std::size_t>(up_to(3))];
        if (up_to(4) == 0) f.provider = providers[static_cast<std::size_t>(up_to(1))];
        if (up_to(4) == 0) f.priority = up_to(10);
        if (up_to(4) == 0) f.error = up_to(1) == 0 ? "550" : "nothing like it";
        if (up_to(3) == 0) f.created_after_ms = start_ms + up_to(3'000'000);
        if (up_to(3) == 0) f.created_before_ms = start_ms + up_to(3'000'000);
        f.limit = 1 + up_to(40);
        return f;
    }
    /// What a search without any index gives.
    static std::vector<MessageId> expected(const std::vector<MessageRow>& rows,
                                           const MessageFilter& f) {
        std::vector<MessageId> found;
        for (const auto& row : rows) {
            const Message& m = row.message;
            const bool fits = m.tenant_id == f.tenant_id &&
                              (f.statuses.empty() || std::find(f.statuses.begin(), f.statuses.end(),
                                                               m.status) != f.statuses.end()) &&
                              (!f.channel || m.channel == *f.channel) &&
                              (!f.template_id || m.template_id == *f.template_id) &&
                              (!f.task_id || m.task_id == *f.task_id) &&
                              (f.recipient.empty() || m.recipient == f.recipient) &&
                              (f.provider.empty() || row.provider == f.provider) &&
                              (!f.priority || m.priority == *f.priority) &&
                              (f.error.empty() || row.reason.find(f.error) != std::string::npos) &&
                              (!f.created_after_ms || m.created_ms() >= *f.created_after_ms) &&
                              (!f.created_before_ms || m.created_ms() < *f.created_before_ms);
            if (fits) found.push_back(m.id);
        }
        std::sort(found.rbegin(), found.rend());
        return found;
    }
    void add_segments(int messages) {
        for (bool more = true; more;) {
            write([&](Session& session) {
                const auto last = last_segment(session);
                RecipientSegment next;
                next.id = last.id + 1;
                next.first = last.last + 1;
                next.last = first_id_at(now_ms);
                fill_segment(session, next, messages);
                more = next.messages == messages;
                if (more) put_segment(session, next);
            });
        }
    }
    /// All pages of a search whose budget ends after so many questions.
    std::vector<MessageId> pages_of(Session& session, MessageFilter filter, int patience) {
        std::vector<MessageId> found;
        for (int pages = 0; pages < 10'000; ++pages) {
            int asked = 0;
            const SearchBudget budget{[&] { return ++asked > patience; }, 64};
            const auto page = search_messages(session, filter, budget);
            EXPECT_LE(static_cast<int>(page.rows.size()), filter.limit);
            for (const auto& row : page.rows) found.push_back(row.message.id);
            if (!page.more) return found;
            EXPECT_TRUE(filter.before_id == 0 || page.before_id < filter.before_id);
            EXPECT_GT(page.before_id, 0);
            filter.before_id = page.before_id;
        }
        ADD_FAILURE() << "the pages never end";
        return found;
    }

    std::unique_ptr<TestStore> made;
    Store* store = nullptr;
    std::mt19937 dice{7};
    std::int64_t now_ms = start_ms;
    std::vector<MessageId> all;
};

INSTANTIATE_TEST_SUITE_P(engines, SearchTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(SearchTest, every_filter_finds_what_looking_at_each_message_finds) {
    add_messages(message_count);
    // Each of some dozen questions a round is a way to the server and back there.
    const int rounds = std::string(GetParam().name) == "postgres" ? 25 : 150;
    for (const bool with_segments : {false, true}) {
        if (with_segments) add_segments(200);
        read([&](Session& session) {
            std::vector<MessageRow> rows;
            for (const auto id : all) rows.push_back(*find_message(session, id));
            for (int round = 0; round < rounds; ++round) {
                const auto filter = some_filter();
                const auto wanted = expected(rows, filter);
                EXPECT_EQ(pages_of(session, filter, 1'000'000), wanted) << round;
                EXPECT_EQ(pages_of(session, filter, up_to(3)), wanted)
                    << round << " in short steps";
                const auto counts =
                    count_by_status(session, filter, {[] { return false; }, 1 + up_to(300)});
                EXPECT_EQ(counts.total, static_cast<std::int64_t>(wanted.size())) << round;
                EXPECT_FALSE(counts.capped);
                const SearchBudget patient{[] { return false; }};
                EXPECT_EQ(any_message(session, filter, patient), !wanted.empty()) << round;
            }
        });
    }
}

TEST_P(SearchTest, a_budget_that_is_over_gives_a_place_to_go_on_from) {
    add_messages(message_count);
    read([&](Session& session) {
        MessageFilter filter;
        filter.provider = "nobody";
        const auto page = search_messages(session, filter, {[] { return true; }, 64});
        EXPECT_TRUE(page.rows.empty());
        EXPECT_TRUE(page.more && page.cut);
        EXPECT_GT(page.before_id, 0);
        const auto counts = count_by_status(session, filter, {[] { return true; }, 64});
        EXPECT_TRUE(counts.capped);
    });
}

TEST_P(SearchTest, a_message_that_came_late_makes_its_segment_wrong_until_it_is_filled_anew) {
    add_messages(message_count);
    add_segments(500);
    Message late;
    late.id = all[1'000] + 1;
    late.recipient = "late@example.com";
    late.content = "x";
    write([&](Session& session) { insert_message(session, late, "sandbox"); });
    read([&](Session& session) {
        const auto segments = late_segments(session, 0);
        ASSERT_EQ(segments.size(), 1U);
        EXPECT_LE(segments.front().first, late.id);
        EXPECT_GE(segments.front().last, late.id);
    });
    write([&](Session& session) {
        auto segment = late_segments(session, 0).front();
        const auto last = segment.last;
        fill_segment(session, segment, 1'000'000);
        EXPECT_EQ(segment.last, last);
        EXPECT_EQ(segment.messages, 501);
        put_segment(session, segment);
    });
    read([&](Session& session) {
        EXPECT_TRUE(late_segments(session, 0).empty());
        MessageFilter filter;
        filter.recipient = late.recipient;
        EXPECT_EQ(pages_of(session, filter, 1'000).size(), 1U);
    });
}

TEST_P(SearchTest, segments_go_with_their_messages) {
    add_messages(message_count);
    add_segments(500);
    const auto middle = all[1'600];
    write([&](Session& session) {
        session.run("DELETE FROM message_records WHERE id < $1", middle);
        EXPECT_EQ(delete_segments(session, 2), 2);
        EXPECT_EQ(delete_segments(session, 2), 1);
        EXPECT_EQ(delete_segments(session, 2), 0);
    });
}

TEST(RecipientFilter, never_says_no_to_what_was_added_and_seldom_yes_to_others) {
    RecipientFilter filter;
    for (int i = 0; i < RecipientFilter::messages; ++i) filter.add("1380000" + std::to_string(i));
    for (int i = 0; i < RecipientFilter::messages; ++i)
        EXPECT_TRUE(RecipientFilter::may_have(filter.bits(), "1380000" + std::to_string(i)));
    int wrong = 0;
    for (int i = 0; i < 10'000; ++i)
        wrong += RecipientFilter::may_have(filter.bits(), "other" + std::to_string(i)) ? 1 : 0;
    EXPECT_LT(wrong, 200);
}

TEST(RecipientFilter, finds_what_an_earlier_version_wrote) {
    // The places of the bits must never change: they stand in databases.
    RecipientFilter filter;
    filter.add("13800138000");
    std::vector<std::size_t> set;
    for (std::size_t bit = 0; bit < filter.bits().size() * 8; ++bit) {
        if ((static_cast<unsigned char>(filter.bits()[bit / 8]) & (1U << (bit % 8))) != 0)
            set.push_back(bit);
    }
    EXPECT_EQ(set.size(), 7U);
    EXPECT_EQ(filter.bits().size(), 1'250U);
}

TEST_P(SearchTest, saved_views_are_replaced_and_bounded_per_tenant) {
    write([](Session& session) {
        EXPECT_TRUE(put_view(session, 1, {"a", "/messages", "", 1}, 2));
        EXPECT_TRUE(put_view(session, 1, {"b", "/messages", "x=1", 1}, 2));
        EXPECT_FALSE(put_view(session, 1, {"c", "/messages", "", 1}, 2));
        EXPECT_TRUE(put_view(session, 1, {"b", "/tasks", "", 2}, 2));
        EXPECT_TRUE(put_view(session, 2, {"c", "/messages", "", 1}, 2));
        EXPECT_FALSE(delete_view(session, 2, "a"));
        EXPECT_EQ(list_views(session, 1).size(), 2U);
        EXPECT_EQ(list_views(session, 1)[1].page, "/tasks");
    });
}

}  // namespace
}  // namespace hongyan::table
