#include "kit/http_account.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "contract/testing/fake_outbound.hpp"

namespace hongyan::kit {
namespace {

constexpr const char* skewed_date =
    "Fri, 15 Jan 2027 09:00:00 GMT";  // one hour ahead of ManualClock

/// A protocol whose answers say their class by the body: "token", "configuration", ... else
/// accepted.
class TestProtocol final : public HttpProtocol {
  public:
    explicit TestProtocol(bool with_token) : with_token_(with_token) {}

    Result<OutboundRequest> request(const Message& message, const SendContext& context) override {
        if (message.content == "bad") return make_error(ErrorCode::bad_request, "content is bad");
        OutboundRequest request;
        request.url = "http://test/send";
        request.headers = {{"token", context.token}, {"now", std::to_string(context.now_ms)}};
        request.body = message.content;
        return request;
    }
    Outcome judge(const Message&, const OutboundReply& reply) override {
        Outcome outcome;
        outcome.kind = from_text<OutcomeClass>(outcome_class_names, reply.body)
                           .value_or(OutcomeClass::accepted);
        outcome.detail = reply.body;
        return outcome;
    }
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override {
        if (!with_token_) return std::nullopt;
        OutboundRequest request;
        request.url = "http://test/token";
        request.headers = {{"now", std::to_string(now_ms)}};
        return request;
    }
    Result<Token> read_token(const OutboundReply& reply) override {
        if (reply.status == 401) return make_error(ErrorCode::config_invalid, "bad secret");
        if (reply.status != 200) return make_error(ErrorCode::outbound_failed, "token server down");
        return Token{reply.body, Millis(1'000'000)};
    }

    std::optional<OutboundRequest> query_request(const Message& message,
                                                 const SendContext& context) override {
        if (message.content != "ask") return std::nullopt;
        OutboundRequest request;
        request.url = "http://test/query";
        request.headers = {{"token", context.token}};
        return request;
    }
    std::optional<Outcome> judge_query(const Message&, const OutboundReply& reply) override {
        if (reply.body != "found") return std::nullopt;
        Outcome outcome;
        outcome.code = "asked";
        return outcome;
    }

  private:
    const bool with_token_;
};

class HttpAccountTest : public ::testing::Test {
  protected:
    void open(bool with_token) {
        account_ = make_http_account(std::make_unique<TestProtocol>(with_token),
                                     {outbound_, clock_, log_});
        const auto started = account_->start(
            [this](std::vector<Sent> sent) { take(std::move(sent)); }, ReceiptSink());
        ASSERT_TRUE(started);
    }
    void take(std::vector<Sent> sent) {
        const std::lock_guard lock(mutex_);
        for (Sent& one : sent) {
            EXPECT_NE(one.message, nullptr);
            outcomes_.push_back(std::move(one.outcome));
        }
        changed_.notify_all();
    }
    void send(std::string content = "hello", std::int64_t life_ms = 10'000,
              std::int64_t unknown_since_ms = 0) {
        std::vector<MessagePtr> batch;
        batch.push_back(std::make_unique<Message>());
        batch.back()->unknown_since_ms = unknown_since_ms;
        batch.back()->content = std::move(content);
        account_->send(std::move(batch), clock_.now_ms() + life_ms);
    }
    Outcome outcome(std::size_t at = 0) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return outcomes_.size() > at; });
        EXPECT_GT(outcomes_.size(), at) << "nothing came";
        return outcomes_.size() > at ? outcomes_[at] : Outcome();
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return outcomes_.size();
    }
    std::size_t calls_of(std::string_view url) {
        std::size_t found = 0;
        for (const auto& request : outbound_.requests()) found += request.url == url ? 1 : 0;
        return found;
    }
    std::string sent_token(std::size_t at) {
        return FakeOutbound::header_of(outbound_.requests().at(at), "token");
    }

    ManualClock clock_;
    Log log_{LogLevel::error};
    FakeOutbound outbound_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Outcome> outcomes_;
    std::unique_ptr<Account> account_;
};

TEST_F(HttpAccountTest, a_message_is_sent_within_its_deadline) {
    open(false);
    send("hello", 2'000);
    EXPECT_EQ(outcome().kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome().started_ms, clock_.now_ms());
    ASSERT_EQ(outbound_.count(), 1U);
    EXPECT_EQ(outbound_.requests()[0].timeout, Millis(2'000));
    EXPECT_EQ(outbound_.requests()[0].connect_timeout, Millis(2'000));
}

TEST_F(HttpAccountTest, a_message_past_its_deadline_is_not_sent) {
    open(false);
    send("hello", 0);
    EXPECT_EQ(outcome().kind, OutcomeClass::transient);
    EXPECT_EQ(outbound_.count(), 0U);
}

TEST_F(HttpAccountTest, a_request_that_cannot_be_built_is_permanent) {
    open(false);
    send("bad");
    EXPECT_EQ(outcome().kind, OutcomeClass::message_permanent);
    EXPECT_EQ(outcome().detail, "content is bad");
}

TEST_F(HttpAccountTest, not_sent_refused_and_lost_are_told_apart) {
    open(false);
    outbound_.reply_end(CallEnd::not_sent);
    outbound_.reply_end(CallEnd::refused);
    outbound_.reply_end(CallEnd::lost, "reset by peer");
    for (int i = 0; i < 3; ++i) send();
    EXPECT_EQ(outcome(0).kind, OutcomeClass::transient);
    EXPECT_EQ(outcome(1).kind, OutcomeClass::configuration);
    EXPECT_EQ(outcome(2).kind, OutcomeClass::unknown);
    EXPECT_EQ(outcome(2).detail, "reset by peer");
}

TEST_F(HttpAccountTest, a_provider_is_asked_once_what_became_of_a_lost_message) {
    open(false);
    outbound_.reply_end(CallEnd::lost);
    outbound_.reply(200, "found");
    send("ask");
    EXPECT_EQ(outcome(0).kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome(0).code, "asked");
    outbound_.reply_end(CallEnd::lost, "reset by peer");
    outbound_.reply(200, "nothing of that name");
    send("ask");
    EXPECT_EQ(outcome(1).kind, OutcomeClass::unknown);
    EXPECT_EQ(outcome(1).detail, "reset by peer");
    outbound_.reply_end(CallEnd::lost);
    outbound_.reply_end(CallEnd::lost);
    send("ask");
    EXPECT_EQ(outcome(2).kind, OutcomeClass::unknown);
    EXPECT_EQ(calls_of("http://test/query"), 3U);
    EXPECT_EQ(outbound_.count(), 6U);
    outbound_.reply_end(CallEnd::lost);
    send("ask", 3'000);
    EXPECT_EQ(outcome(3).kind, OutcomeClass::unknown);
    EXPECT_EQ(outbound_.count(), 7U) << "there was no time for a question";
}

TEST_F(HttpAccountTest, a_provider_is_asked_before_a_repeat_that_could_be_one_too_many) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "found");
    send("ask", 10'000, clock_.now_ms() - 1'000);
    EXPECT_EQ(outcome(0).kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome(0).started_ms, clock_.now_ms());
    EXPECT_EQ(calls_of("http://test/send"), 0U);
    EXPECT_EQ(sent_token(1), "token-1");
    outbound_.reply(200, "nothing of that name");
    outbound_.reply_end(CallEnd::lost);
    send("ask", 10'000, clock_.now_ms() - 1'000);
    EXPECT_EQ(outcome(1).kind, OutcomeClass::unknown);
    EXPECT_EQ(calls_of("http://test/send"), 1U);
    EXPECT_EQ(calls_of("http://test/query"), 2U) << "once for each attempt";
}

TEST_F(HttpAccountTest, a_stop_while_the_provider_is_asked_reports_what_was_known) {
    open(false);
    outbound_.reply_end(CallEnd::lost);
    outbound_.hold();
    send("ask");
    ASSERT_TRUE(outbound_.answer());  // the send is lost, the question stays open
    EXPECT_EQ(calls_of("http://test/query"), 1U);
    account_->stop(Millis(1));
    EXPECT_EQ(outcome(0).kind, OutcomeClass::unknown);
    outbound_.answer_all();
    EXPECT_EQ(count(), 1U);
}

TEST_F(HttpAccountTest, many_messages_wait_for_one_token) {
    open(true);
    outbound_.hold();
    for (int i = 0; i < 50; ++i) send();
    EXPECT_EQ(outbound_.open_calls(), 1U);
    outbound_.answer(FakeOutbound::answer_of(200, "token-1"));
    EXPECT_EQ(outbound_.open_calls(), 50U);
    outbound_.answer_all();
    EXPECT_EQ(count(), 50U);
    EXPECT_EQ(calls_of("http://test/token"), 1U);
    EXPECT_EQ(sent_token(1), "token-1");
}

TEST_F(HttpAccountTest, a_token_is_renewed_early_in_the_background) {
    open(true);
    outbound_.reply(200, "token-1");
    send();
    clock_.advance(Millis(790'000));
    outbound_.reply(200, "ok");
    send();
    EXPECT_EQ(calls_of("http://test/token"), 1U);
    clock_.advance(Millis(20'000));
    outbound_.reply(200, "ok");  // the message still goes with the old one
    outbound_.reply(200, "token-2");
    send();
    EXPECT_EQ(calls_of("http://test/token"), 2U);
    EXPECT_EQ(sent_token(3), "token-1");
    send();
    EXPECT_EQ(sent_token(5), "token-2");
    EXPECT_EQ(count(), 4U);
}

TEST_F(HttpAccountTest, an_expired_token_is_renewed_once_and_the_message_sent_again) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "token");  // expired
    outbound_.reply(200, "token-2");
    outbound_.reply(200, "ok");
    send();
    EXPECT_EQ(outcome().kind, OutcomeClass::accepted);
    EXPECT_EQ(sent_token(3), "token-2");
    EXPECT_EQ(count(), 1U);
}

TEST_F(HttpAccountTest, a_second_refusal_of_the_token_is_configuration) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "token");
    outbound_.reply(200, "token-2");
    outbound_.reply(200, "token");
    send();
    EXPECT_EQ(outcome().kind, OutcomeClass::configuration);
    EXPECT_EQ(outbound_.count(), 4U);
}

TEST_F(HttpAccountTest, many_refusals_of_one_token_make_one_fetch) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "ok");
    send();
    outbound_.hold();
    for (int i = 0; i < 20; ++i) send();
    for (int i = 0; i < 20; ++i) outbound_.answer(FakeOutbound::answer_of(200, "token"));
    EXPECT_EQ(outbound_.open_calls(), 1U);
    outbound_.answer(FakeOutbound::answer_of(200, "token-2"));
    outbound_.answer_all();
    EXPECT_EQ(calls_of("http://test/token"), 2U);
    EXPECT_EQ(count(), 21U);
}

TEST_F(HttpAccountTest, a_late_refusal_of_an_old_token_leaves_the_new_one) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "ok");
    send();
    outbound_.hold();
    send();
    send();
    outbound_.answer(FakeOutbound::answer_of(200, "token"));
    // Open now: the second message with token-1, then the fetch.
    EXPECT_EQ(outbound_.open_calls(), 2U);
    outbound_.answer(FakeOutbound::answer_of(200, "ok"));
    outbound_.answer(FakeOutbound::answer_of(200, "token-2"));
    outbound_.answer_all();
    EXPECT_EQ(count(), 3U);
    EXPECT_EQ(calls_of("http://test/token"), 2U);
}

TEST_F(HttpAccountTest, refused_credentials_end_all_that_wait_and_pause) {
    open(true);
    outbound_.hold();
    for (int i = 0; i < 5; ++i) send();
    outbound_.answer(FakeOutbound::answer_of(401, ""));
    EXPECT_EQ(count(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(outcome(i).kind, OutcomeClass::configuration);
    send();
    EXPECT_EQ(outcome(5).kind, OutcomeClass::configuration);
    EXPECT_EQ(outcome(5).detail, "bad secret");
    EXPECT_EQ(calls_of("http://test/token"), 1U);
    clock_.advance(Millis(1'001));
    outbound_.answer_all();
    outbound_.reply(401, "");
    send();
    EXPECT_EQ(calls_of("http://test/token"), 2U);
    clock_.advance(Millis(1'001));  // the pause has grown to two seconds
    send();
    EXPECT_EQ(calls_of("http://test/token"), 2U);
}

TEST_F(HttpAccountTest, a_token_server_that_is_down_is_transient_and_says_when) {
    open(true);
    outbound_.reply(500, "");
    send();
    EXPECT_EQ(outcome().kind, OutcomeClass::transient);
    EXPECT_EQ(outcome().retry_after_ms, 1'000);
    clock_.advance(Millis(2'000));
    outbound_.reply_end(CallEnd::lost);
    send();
    EXPECT_EQ(outcome(1).kind, OutcomeClass::transient);
    EXPECT_EQ(outcome(1).retry_after_ms, 2'000);
}

TEST_F(HttpAccountTest, who_waits_for_a_token_waits_until_its_deadline_only) {
    open(true);
    outbound_.hold();
    send("a", 3'000);
    send("b", 600'000);
    clock_.advance(Millis(3'001));
    EXPECT_EQ(outcome().kind, OutcomeClass::transient);
    EXPECT_EQ(count(), 1U);
    outbound_.answer_all();
    EXPECT_EQ(outcome(1).kind, OutcomeClass::accepted);
}

TEST_F(HttpAccountTest, the_providers_clock_is_learned_from_a_refusal) {
    open(false);
    outbound_.reply(200, "configuration", {{"date", skewed_date}});
    outbound_.reply(200, "ok");
    send();
    EXPECT_EQ(outcome().kind, OutcomeClass::accepted);
    ASSERT_EQ(outbound_.count(), 2U);
    const auto now = [this](std::size_t at) {
        return FakeOutbound::header_of(outbound_.requests().at(at), "now");
    };
    EXPECT_EQ(now(0), std::to_string(clock_.now_ms()));
    EXPECT_EQ(now(1), std::to_string(clock_.now_ms() + 3'600'000));
    outbound_.reply(200, "configuration", {{"date", skewed_date}});
    send();  // goes with the corrected clock, so its refusal is no matter of time
    EXPECT_EQ(outcome(1).kind, OutcomeClass::configuration);
    EXPECT_EQ(outbound_.count(), 3U);
}

TEST_F(HttpAccountTest, a_date_that_agrees_or_is_absurd_changes_nothing) {
    open(false);
    outbound_.reply(200, "configuration", {{"date", "Fri, 15 Jan 2027 08:00:20 GMT"}});
    send();
    outbound_.reply(200, "configuration", {{"date", "Fri, 15 Jan 2038 08:00:20 GMT"}});
    send();
    EXPECT_EQ(count(), 2U);
    EXPECT_EQ(outbound_.count(), 2U);
}

TEST_F(HttpAccountTest, stop_reports_the_rest_truthfully) {
    open(true);
    outbound_.reply(200, "token-1");
    outbound_.reply(200, "ok");
    send();
    outbound_.hold();
    send();
    clock_.advance(Millis(999'000));
    send();  // waits for a new token
    account_->stop(Millis(1));
    ASSERT_EQ(count(), 3U);
    std::vector<OutcomeClass> kinds{outcome(1).kind, outcome(2).kind};
    std::sort(kinds.begin(), kinds.end());
    EXPECT_EQ(kinds[0], OutcomeClass::transient);
    EXPECT_EQ(kinds[1], OutcomeClass::unknown);
    send();
    EXPECT_EQ(outcome(3).kind, OutcomeClass::transient);
    account_.reset();
    outbound_.answer_all();  // late answers find nobody
    EXPECT_EQ(count(), 4U);
}

TEST_F(HttpAccountTest, stop_waits_for_what_is_under_way) {
    open(false);
    outbound_.hold();
    send();
    std::thread later([this] { outbound_.answer_all(); });
    account_->stop(Millis(10'000));
    later.join();
    EXPECT_EQ(outcome().kind, OutcomeClass::accepted);
}

TEST_F(HttpAccountTest, a_detail_is_cut_and_never_holds_the_token) {
    open(true);
    outbound_.reply(200, "secret-token-1");
    outbound_.reply(200, "said secret-token-1 " + std::string(1'000, 'x'));
    send();
    EXPECT_EQ(outcome().detail.size(), 500U);
    EXPECT_EQ(outcome().detail.substr(0, 9), "said *** ");
}

TEST_F(HttpAccountTest, a_test_fetches_a_token) {
    open(true);
    outbound_.reply(401, "");
    AccountTest found;
    account_->test([&](AccountTest test) { found = std::move(test); });
    EXPECT_FALSE(found.ok);
    EXPECT_NE(found.detail.find("bad secret"), std::string::npos);
    outbound_.reply(200, "token-1");
    account_->test([&](AccountTest test) { found = std::move(test); });
    EXPECT_TRUE(found.ok);
    EXPECT_NE(found.detail, "");
}

TEST_F(HttpAccountTest, messages_of_many_threads_each_come_back_once) {
    open(true);
    std::atomic<int> turn{0};
    outbound_.on_call([&](const OutboundRequest& request) {
        if (request.url == "http://test/token") {
            return FakeOutbound::answer_of(200, "token-" + std::to_string(turn++));
        }
        return FakeOutbound::answer_of(200, turn % 7 == 3 ? "token" : "ok");
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int j = 0; j < 500; ++j) send();
        });
    }
    for (auto& thread : threads) thread.join();
    account_->stop(Millis(5'000));
    EXPECT_EQ(count(), 2'000U);
}

}  // namespace
}  // namespace hongyan::kit
