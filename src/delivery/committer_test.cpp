#include "delivery/committer.hpp"

#include <gtest/gtest.h>

#include <future>

#include "delivery/pool.hpp"
#include "delivery/testing/scenario.hpp"

namespace hongyan::delivery {
namespace {

struct CountingSink final : CommitSink {
    std::atomic<std::size_t> accepted{0};
    std::vector<MessageId> settled;  ///< in their order; to be read when the committer has stopped
    void on_accepted(std::vector<MessagePtr> messages) override { accepted += messages.size(); }
    void on_settled(std::vector<Settled> some, const std::vector<bool>&) override {
        for (const auto& one : some) settled.push_back(one.message->id);
    }
    void on_store_lost(const std::string&) override {}
};

/// A store whose disk is full.
struct FullStore final : Store {
    Status write(const std::function<void(Session&)>&) override {
        return make_error(ErrorCode::storage_failed, "disk is full");
    }
    Status read(const std::function<void(Session&)>&) override { return Done{}; }
    StoreHealth health() const override { return {}; }
};

class CommitterTest : public Scenario {
  protected:
    MessagePtr numbered(MessageId id) {
        auto message = std::make_unique<Message>();
        message->id = id;
        message->recipient = "x";
        return message;
    }
    CountingSink sink;
};

TEST_F(CommitterTest, failing_work_undoes_only_itself) {
    Committer committer(*store, clock, log, sink, {});
    std::vector<std::string> answers(3);
    const auto note = [&](std::size_t i) {
        return [&answers, i](const Status& s) {
            answers[i] = s ? "ok" : s.error().code == ErrorCode::conflict ? "conflict" : "failed";
        };
    };
    committer.run(
        [](Session& s, Counts&) { table::insert_message(s, *std::make_unique<Message>(), ""); },
        note(0));
    committer.run(
        [](Session& s, Counts&) {
            s.run("DELETE FROM tenants");
            s.run(
                "INSERT INTO message_records (id, recipient, channel, content, finished_ms) VALUES "
                "(0, '', '', '', 0)");
        },
        note(1));
    committer.run([](Session&, Counts&) { throw StoreError("no"); }, note(2));
    bool accepted = false;
    committer.accept(
        {numbered(5), "", nullptr, [&](const Result<Accepted>& a) { accepted = a.ok(); }});
    committer.start();
    committer.stop();
    EXPECT_EQ(answers, (std::vector<std::string>{"ok", "conflict", "failed"}));
    EXPECT_TRUE(accepted);
    EXPECT_EQ(committer.stats().commits, 1U);
    EXPECT_EQ(number("SELECT count(*) FROM tenants"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 2);
}

TEST_F(CommitterTest, stop_writes_everything_that_waits_and_refuses_what_comes_later) {
    CommitterOptions few;
    few.batch_rows = 7;
    Committer committer(*store, clock, log, sink, few);
    for (MessageId id = 1; id <= 50; ++id)
        committer.accept({numbered(id), "", nullptr, [](const Result<Accepted>&) {}});
    auto batch = std::make_unique<Batch>();
    for (MessageId id = 100; id < 150; ++id) batch->messages.push_back(numbered(id));
    batch->done = [](const Result<Accepted>&) {};
    committer.accept_batch(std::move(batch));
    std::vector<Settled> settled(1);
    settled[0].message = numbered(1);
    committer.settle(std::move(settled));
    committer.start();
    committer.stop();
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 100);
    EXPECT_EQ(number("SELECT count(*) FROM message_records WHERE status = 'success'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM message_tasks WHERE status = 'pending'"), 1);
    EXPECT_EQ(sink.accepted, 100U);
    int refused = 0;
    committer.accept(
        {numbered(999), "", nullptr, [&](const Result<Accepted>& a) { refused += !a.ok(); }});
    committer.run([](Session&, Counts&) {}, [&](const Status& s) { refused += !s.ok(); });
    EXPECT_EQ(refused, 2);
}

TEST_F(CommitterTest, beside_a_batch_outcomes_get_a_share_in_their_order_and_the_rest_after_it) {
    CommitterOptions few;
    few.batch_rows = 10;
    few.outcomes_beside_batch = 2;
    Committer committer(*store, clock, log, sink, few);
    std::vector<Settled> settled(40);
    std::vector<MessageId> in_order;
    for (MessageId id = 1; id <= 40; ++id) {
        committer.accept({numbered(id), "", nullptr, [](const Result<Accepted>&) {}});
        settled[static_cast<std::size_t>(id) - 1].message = numbered(id);
        in_order.push_back(id);
    }
    committer.settle(std::move(settled));
    auto batch = std::make_unique<Batch>();
    for (MessageId id = 100; id < 150; ++id) batch->messages.push_back(numbered(id));
    std::size_t settled_before = 0;
    batch->done = [&](const Result<Accepted>& a) {
        EXPECT_TRUE(a.ok());
        settled_before = sink.settled.size();
    };
    committer.accept_batch(std::move(batch));
    committer.start();
    committer.stop();
    EXPECT_EQ(settled_before, 4U * 2U) << "the last of five rounds tells of its own later";
    EXPECT_EQ(sink.settled, in_order);
    EXPECT_EQ(number("SELECT count(*) FROM message_records WHERE status = 'success'"), 40);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 90);
}

TEST_F(CommitterTest, what_is_too_much_is_refused_with_a_time_to_come_back) {
    CommitterOptions few;
    few.max_accepts = 3;
    few.max_batch_rows = 4;
    Committer committer(*store, clock, log, sink, few);
    std::vector<Error> refused;
    for (MessageId id = 1; id <= 5; ++id) {
        committer.accept({numbered(id), "", nullptr, [&](const Result<Accepted>& a) {
                              if (!a) refused.push_back(a.error());
                          }});
    }
    auto batch = std::make_unique<Batch>();
    for (MessageId id = 10; id < 15; ++id) batch->messages.push_back(numbered(id));
    batch->done = [&](const Result<Accepted>& a) {
        if (!a) refused.push_back(a.error());
    };
    committer.accept_batch(std::move(batch));
    ASSERT_EQ(refused.size(), 3U);
    for (const auto& error : refused) {
        EXPECT_EQ(error.code, ErrorCode::overloaded);
        EXPECT_GT(error.retry_after.count(), 0);
    }
    committer.start();
    committer.stop();
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 3);
}

TEST_F(CommitterTest, a_busy_node_gathers_beside_others_and_changes_do_not_wait_for_it) {
    Committer committer(*store, clock, log, sink, {});
    committer.start();
    MessageId next = 1;
    const auto accept_many = [&] {
        std::promise<void> written;
        for (int i = 0; i < 64; ++i) {
            committer.accept({numbered(next++), "", nullptr, [&, i](const Result<Accepted>&) {
                                  if (i == 63) written.set_value();
                              }});
        }
        written.get_future().wait();
    };
    // Whether two that come one after the other after a full round are written together.
    const auto are_together = [&] {
        accept_many();
        const auto before = committer.stats().commits;
        std::promise<void> second;
        committer.accept({numbered(next++), "", nullptr, [](const Result<Accepted>&) {}});
        std::this_thread::sleep_for(std::chrono::microseconds(300));
        committer.accept(
            {numbered(next++), "", nullptr, [&](const Result<Accepted>&) { second.set_value(); }});
        second.get_future().wait();
        return committer.stats().commits - before <= 1;
    };
    // A busy machine may put off either thread, so it is the difference that counts.
    int alone = 0;
    int beside_others = 0;
    for (int tries = 0; tries < 60; ++tries) {
        committer.set_others(0);
        alone += are_together();
        committer.set_others(2);
        beside_others += are_together();
    }
    EXPECT_GT(beside_others, alone + 10) << "of 60";
    std::promise<bool> changed;
    committer.run([](Session&, Counts&) {},
                  [&](const Status& status) { changed.set_value(status.ok()); });
    EXPECT_TRUE(changed.get_future().get());
    committer.stop();
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), next - 1);
}

TEST_F(CommitterTest, a_stop_ends_even_if_the_store_takes_nothing) {
    FullStore full;
    Committer committer(full, clock, log, sink, {});
    std::vector<Settled> settled(1);
    settled[0].message = numbered(1);
    committer.settle(std::move(settled));
    committer.start();
    auto stopped = std::async(std::launch::async, [&] { committer.stop(); });
    EXPECT_EQ(stopped.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    EXPECT_TRUE(committer.stats().gave_up);
}

TEST_F(CommitterTest, a_worker_pool_grows_shrinks_runs_everything_and_drops_the_rest_at_its_stop) {
    WorkerPool pool({"notifier", 2, 8, 100, 0.8, 0.2}, clock, log);
    std::atomic<int> done{0};
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.post([&] { ++done; }));
    EXPECT_FALSE(pool.post([&] { ++done; }));
    pool.pool().tick();
    EXPECT_GT(pool.pool().size(), 2);
    pool.start();
    ASSERT_TRUE(eventually([&] { return done == 100; }));
    pool.pool().set_rule(3, {"notifier", 1, 1, 100, 0.8, 0.2});
    EXPECT_EQ(pool.pool().size(), 1);
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(pool.post([&] { ++done; }));
    ASSERT_TRUE(eventually([&] { return done == 150; }));
    pool.pool().set_rule(3, {"notifier", 6, 8, 100, 0.8, 0.2});
    EXPECT_EQ(pool.pool().size(), 6);
    pool.pool().set_rule(3, {"notifier", 6, 2, 100, 0.8, 0.2});
    EXPECT_EQ(pool.pool().size(), 6);
    pool.stop();
    EXPECT_FALSE(pool.post([&] { ++done; }));
    EXPECT_EQ(done, 150);
}

}  // namespace
}  // namespace hongyan::delivery
