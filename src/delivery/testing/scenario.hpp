// Scenario: for tests, a whole delivery on a real store, with the sandbox as every channel: SQLite
// in a temporary folder, or PostgreSQL if the environment says HONGYAN_TEST_STORE=postgres (ctest
// runs all of them on both). Used by one test thread; waits are bounded.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "channel/sandbox/sandbox_channel.hpp"
#include "delivery/delivery.hpp"
#include "engine/local/limiter.hpp"
#include "engine/local/queue.hpp"
#include "table/tasks.hpp"
#include "table/testing/test_store.hpp"

namespace hongyan::delivery {

class Scenario : public testing::Test {
  protected:
    void SetUp() override {
        options.retry.base_ms = 20;
        options.retry.max_ms = 40;
        options.retry.attempts = 3;
        const char* engine = std::getenv("HONGYAN_TEST_STORE");
        const bool postgres = engine != nullptr && std::string(engine) == "postgres";
        made = table::test_stores.at(postgres ? 1 : 0).make(clock.now_ms());
        store = &made->store();
        auto box = sandbox::Sandbox::open({}, clock, log);
        ASSERT_TRUE(box.ok());
        sandbox = std::move(*box);
    }
    void TearDown() override { stop(); }

    void start() {
        channels.clear();
        Channels all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            channels.push_back(
                std::make_unique<sandbox::SandboxChannel>(static_cast<ChannelKind>(i), *sandbox));
            all[i] = channels.back().get();
        }
        queue = std::make_unique<local::LocalQueue>(clock, Millis(60'000));
        limiter = std::make_unique<local::LocalLimiter>(clock);
        delivery = std::make_unique<Delivery>(
            DeliveryParts{*store, *queue, *limiter, clock, log, all, {}}, options);
        limiter->set_rules(rules);
        delivery->set_limits(rules);
        ASSERT_TRUE(delivery->start().ok());
    }
    void stop() {
        if (delivery) delivery->stop(Millis(2'000));
        delivery.reset();
    }

    static bool eventually(const std::function<bool()>& holds) {
        for (int i = 0; i < 4'000; ++i) {
            if (holds()) return true;
            std::this_thread::sleep_for(Millis(5));
        }
        return false;
    }
    MessagePtr make(std::string recipient, std::uint8_t priority = 5) {
        auto message = std::make_unique<Message>();
        message->id = delivery->ids().next();
        message->recipient = std::move(recipient);
        message->content = "hello";
        message->priority = priority;
        return message;
    }
    MessageId send(MessagePtr message) {
        const auto id = message->id;
        const auto answer = accept(std::move(message), nullptr);
        EXPECT_TRUE(answer.ok());
        return id;
    }
    Result<Accepted> accept(MessagePtr message, std::unique_ptr<IdempotencyRecord> idempotency) {
        std::promise<Result<Accepted>> answered;
        delivery->accept(std::move(message), std::move(idempotency),
                         [&](Result<Accepted> answer) { answered.set_value(std::move(answer)); });
        return answered.get_future().get();
    }
    Result<Accepted> send_batch(const std::vector<std::string>& recipients,
                                std::unique_ptr<IdempotencyRecord> idempotency = nullptr,
                                std::int64_t due_ms = 0) {
        auto batch = std::make_unique<Batch>();
        batch->task.total_count = static_cast<std::int64_t>(recipients.size());
        batch->task.created_ms = clock.now_ms();
        batch->provider = "sandbox";
        for (const auto& recipient : recipients) {
            batch->messages.push_back(make(recipient));
            if (due_ms == 0) continue;
            batch->messages.back()->due_ms = due_ms;
            batch->messages.back()->status = MessageStatus::scheduled;
        }
        batch->idempotency = std::move(idempotency);
        batch->make_reply = [](std::int64_t id) { return "task " + std::to_string(id); };
        std::promise<Result<Accepted>> answered;
        batch->done = [&](Result<Accepted> answer) { answered.set_value(std::move(answer)); };
        delivery->accept_batch(std::move(batch));
        return answered.get_future().get();
    }
    /// The answer of an operation that ends with a WorkDone.
    static Status answer_of(const std::function<void(WorkDone)>& ask) {
        std::promise<Status> answered;
        ask([&](Status status) { answered.set_value(std::move(status)); });
        return answered.get_future().get();
    }
    Status cancel(MessageId id, std::int64_t tenant = 1) {
        return answer_of([&](WorkDone done) { delivery->cancel(tenant, id, std::move(done)); });
    }
    static std::unique_ptr<IdempotencyRecord> key(std::string body_hash, std::string reply = "") {
        auto record = std::make_unique<IdempotencyRecord>();
        record->route = "/messages/send";
        record->key = "k1";
        record->body_hash = std::move(body_hash);
        record->reply = std::move(reply);
        record->created_ms = SystemClock().now_ms();
        return record;
    }

    table::MessageRow row(MessageId id) {
        table::MessageRow found;
        EXPECT_TRUE(store
                        ->read([&](Session& s) {
                            if (auto one = table::find_message(s, id); one) found = *one;
                        })
                        .ok());
        return found;
    }
    bool becomes(MessageId id, MessageStatus status) {
        return eventually([&] { return row(id).message.status == status; });
    }
    std::int64_t number(const std::string& sql) {
        std::int64_t found = -1;
        EXPECT_TRUE(store
                        ->read([&](Session& s) {
                            auto rows = s.query(sql);
                            if (rows.next()) found = rows.integer(0);
                        })
                        .ok());
        return found;
    }
    std::size_t arrived(MessageId id) {
        sandbox::InboxFilter filter;
        filter.message_id = id;
        return sandbox->list(filter).size();
    }
    /// Success and failed counts of the statistics and of the tasks are what the records say.
    void expect_counts_agree() {
        EXPECT_TRUE(store->write([](Session& s) { table::fold_statistics(s); }).ok());
        EXPECT_EQ(number("SELECT coalesce(sum(success_count), 0) FROM message_statistics"),
                  number("SELECT count(*) FROM message_records WHERE status = 'success'"));
        EXPECT_EQ(number("SELECT coalesce(sum(failed_count), 0) FROM message_statistics"),
                  number("SELECT count(*) FROM message_records WHERE status = 'failed'"));
        EXPECT_EQ(number("SELECT count(*) FROM message_tasks AS t WHERE"
                         " success_count <> (SELECT count(*) FROM message_records WHERE task_id = "
                         "t.id AND status = 'success')"
                         " OR failed_count <> (SELECT count(*) FROM message_records WHERE task_id "
                         "= t.id AND status = 'failed')"
                         " OR cancelled_count <>"
                         " (SELECT count(*) FROM message_records WHERE task_id = t.id AND status = "
                         "'cancelled')"
                         " OR expired_count <>"
                         " (SELECT count(*) FROM message_records WHERE task_id = t.id AND status = "
                         "'expired')"),
                  0);
    }

    SystemClock clock;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    DeliveryOptions options;
    std::vector<LimitRule> rules;
    std::unique_ptr<table::TestStore> made;
    Store* store = nullptr;
    std::unique_ptr<sandbox::Sandbox> sandbox;
    std::vector<std::unique_ptr<sandbox::SandboxChannel>> channels;
    std::unique_ptr<local::LocalQueue> queue;
    std::unique_ptr<local::LocalLimiter> limiter;
    std::unique_ptr<Delivery> delivery;
};

}  // namespace hongyan::delivery
