#include "base/id.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace hongyan {
namespace {

TEST(id, alone_a_run_is_consecutive) {
    ManualClock clock(1'000);
    IdSource ids(clock, 0);
    const MessageId first = ids.reserve(3'000);
    EXPECT_EQ(first, first_id_at(1'000));
    EXPECT_EQ(ids.following(first), first + 1);
    EXPECT_EQ(ids.next(), first + 3'000);
}

TEST(id, in_a_cluster_ids_carry_the_number_of_their_node_and_rise) {
    ManualClock clock(1'000);
    for (const int node : {0, 1, 513, 1'023}) {
        IdSource ids(clock, 0, node);
        MessageId id = ids.reserve(5'000);
        MessageId last = 0;
        for (int i = 0; i < 5'000; ++i) {
            EXPECT_EQ((id >> 10) & 1'023, node);
            EXPECT_EQ(id_time_ms(id), 1'000 + i / 1'024);
            EXPECT_GT(id, last);
            last = id;
            id = ids.following(id);
        }
        EXPECT_EQ(ids.next(), id) << "the next run begins where this one ends";
    }
}

TEST(id, nodes_never_make_the_same_id) {
    ManualClock clock(1'000);
    std::vector<std::unique_ptr<IdSource>> nodes;
    for (int i = 0; i < 4; ++i) nodes.push_back(std::make_unique<IdSource>(clock, 0, i));
    std::set<MessageId> seen;
    for (int step = 0; step < 2'000; ++step) {
        if (step % 7 == 0) clock.advance(Millis(1));
        IdSource& node = *nodes[static_cast<std::size_t>(step % 4)];
        const int count = 1 + step % 50;
        MessageId id = node.reserve(count);
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(seen.insert(id).second);
            id = node.following(id);
        }
    }
}

TEST(id, a_restarted_or_renumbered_node_goes_on_above_what_the_store_has) {
    ManualClock clock(1'000);
    IdSource before(clock, 0, 7);
    (void)before.reserve(100'000);
    const MessageId last = before.next();
    IdSource after(clock, last, 3);
    const MessageId next = after.next();
    EXPECT_GE(id_time_ms(next), id_time_ms(last));
    EXPECT_EQ((next >> 10) & 1'023, 3);
    after.set_node(9);
    const MessageId renumbered = after.next();
    EXPECT_EQ((renumbered >> 10) & 1'023, 9);
    EXPECT_GT(renumbered, next);
}

TEST(id, threads_share_a_source) {
    ManualClock clock(1'000);
    IdSource ids(clock, 0, 5);
    std::vector<std::vector<MessageId>> made(4);
    std::vector<std::thread> threads;
    for (auto& mine : made)
        threads.emplace_back([&] {
            for (int i = 0; i < 20'000; ++i) mine.push_back(ids.next());
        });
    for (auto& thread : threads) thread.join();
    std::set<MessageId> all;
    for (const auto& mine : made) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 80'000U);
}

}  // namespace
}  // namespace hongyan
