#include "channel/sandbox/sandbox.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "channel/sandbox/ledger.hpp"
#include "channel/sandbox/sandbox_channel.hpp"
#include "channel/sandbox/steering.hpp"

namespace hongyan::sandbox {
namespace {

struct sandbox_fixture : testing::Test {
    ManualClock clock;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    SandboxOptions options;
    std::filesystem::path folder;
    std::unique_ptr<Sandbox> box;
    std::unique_ptr<SandboxChannel> channel;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Sent> answers;

    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "hongyan-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        open();
    }
    void TearDown() override {
        channel.reset();
        box.reset();
        std::filesystem::remove_all(folder);
    }
    void open() {
        channel.reset();
        auto opened = Sandbox::open(options, clock, log);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        box = std::move(*opened);
        channel = std::make_unique<SandboxChannel>(ChannelKind::app, *box);
        ASSERT_TRUE(channel
                        ->start([this](std::vector<Sent> sent) {
                            const std::lock_guard lock(mutex);
                            for (Sent& one : sent) answers.push_back(std::move(one));
                            changed.notify_all();
                        })
                        .ok());
    }
    static MessagePtr message(MessageId id, const std::string& recipient = "device",
                              std::int64_t tenant = 1) {
        auto made = std::make_unique<Message>();
        made->id = id;
        made->attempts = 1;
        made->tenant_id = tenant;
        made->channel = ChannelKind::app;
        made->recipient = recipient;
        made->subject = "subject " + std::to_string(id);
        made->content = "content " + std::to_string(id);
        return made;
    }
    void send(MessagePtr one, std::int64_t deadline_ms = 0) {
        std::vector<MessagePtr> batch;
        batch.push_back(std::move(one));
        channel->send(std::move(batch), deadline_ms);
    }
    void send_many(MessageId first, int count) {
        std::vector<MessagePtr> batch;
        for (int i = 0; i < count; ++i) batch.push_back(message(first + i));
        channel->send(std::move(batch), 0);
    }
    bool wait_for_answers(std::size_t count) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(20),
                                [&] { return answers.size() >= count; });
    }
    std::size_t answered() {
        const std::lock_guard lock(mutex);
        return answers.size();
    }
    Outcome outcome_of(const std::string& recipient, int attempts = 0) {
        answers.clear();
        auto one = message(1, recipient);
        one->attempts = attempts + 1;
        send(std::move(one));
        HY_ASSERT(answers.size() == 1);
        return answers[0].outcome;
    }
};
using sandbox_channel = sandbox_fixture;
using sandbox_inbox = sandbox_fixture;
using sandbox_ledger = sandbox_fixture;

TEST_F(sandbox_channel, answers_inside_send_and_keeps_what_arrived) {
    send(message(7));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].message->id, 7);
    EXPECT_EQ(answers[0].message->content, "content 7") << "the message comes back whole";
    EXPECT_EQ(answers[0].outcome.kind, OutcomeClass::accepted);
    EXPECT_EQ(answers[0].outcome.provider, "sandbox");
    EXPECT_EQ(answers[0].outcome.started_ms, clock.now_ms());
    const auto items = box->list({});
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].sequence, 1U);
    EXPECT_EQ(items[0].message_id, 7);
    EXPECT_EQ(items[0].recipient, "device");
    EXPECT_EQ(items[0].subject, "subject 7");
    EXPECT_EQ(items[0].content, "content 7");
    EXPECT_EQ(items[0].html, "");
    EXPECT_EQ(items[0].attempt, 1);
    EXPECT_EQ(items[0].received_ms, clock.now_ms());
}

TEST_F(sandbox_channel, words_in_the_recipient_steer_the_outcome) {
    EXPECT_EQ(outcome_of("x-fail-transient").kind, OutcomeClass::transient);
    EXPECT_EQ(outcome_of("fail-permanent@example.com").kind, OutcomeClass::recipient_permanent);
    EXPECT_GT(outcome_of("fail-rate-limited").retry_after_ms, 0);
    EXPECT_EQ(outcome_of("fail-rate-limited", 9).kind, OutcomeClass::rate_limited);
    EXPECT_EQ(box->arrivals(), 0U) << "none of these arrived";
    const Outcome lost = outcome_of("fail-unknown");
    EXPECT_EQ(lost.kind, OutcomeClass::unknown);
    EXPECT_NE(lost.detail, "");
    EXPECT_EQ(box->arrivals(), 1U) << "this one did, only the answer was lost";
    EXPECT_EQ(outcome_of("fail-transient-2", 0).kind, OutcomeClass::transient);
    EXPECT_EQ(outcome_of("fail-transient-2", 1).kind, OutcomeClass::transient);
    EXPECT_EQ(outcome_of("fail-transient-2", 2).kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome_of("some-name").kind, OutcomeClass::accepted);
    EXPECT_EQ(steering_of("slow-99999999999999999999")->delay_ms, 600'000);
    EXPECT_FALSE(steering_of("slow-").has_value());
}

TEST_F(sandbox_channel, chance_follows_seed_message_and_attempt) {
    options.failure_percent = 25;
    options.failure_class = OutcomeClass::quota;
    int failed = 0;
    int again = 0;
    for (MessageId id = 1; id <= 10'000; ++id) {
        auto one = message(id << 20);
        const OutcomeClass first = decide(*one, options);
        EXPECT_EQ(decide(*one, options), first);
        failed += first == OutcomeClass::quota;
        one->attempts = 2;
        again += first == OutcomeClass::quota && decide(*one, options) == OutcomeClass::quota;
    }
    EXPECT_NEAR(failed, 2500, 200);
    EXPECT_NEAR(again, 625, 100) << "the next attempt is a new throw";
}

TEST_F(sandbox_channel, latency_answers_later_from_its_own_thread) {
    options.latency_ms = 100;
    open();
    send_many(1, 3);
    EXPECT_EQ(answered(), 0U);
    EXPECT_EQ(box->arrivals(), 0U);
    clock.advance(Millis(100));
    ASSERT_TRUE(wait_for_answers(3));
    EXPECT_EQ(answers[0].outcome.kind, OutcomeClass::accepted);
    EXPECT_EQ(answers[0].outcome.duration_us, 100'000);
    EXPECT_EQ(box->arrivals(), 3U);
}

TEST_F(sandbox_channel, slow_recipients_do_not_hold_up_the_others) {
    std::vector<MessagePtr> batch;
    batch.push_back(message(1, "slow-200"));
    batch.push_back(message(2));
    batch.push_back(message(3, "slow-100"));
    channel->send(std::move(batch), 0);
    EXPECT_EQ(answered(), 1U);
    clock.advance(Millis(100));
    ASSERT_TRUE(wait_for_answers(2));
    clock.advance(Millis(100));
    ASSERT_TRUE(wait_for_answers(3));
    EXPECT_EQ(answers[0].message->id, 2);
    EXPECT_EQ(answers[1].message->id, 3);
    EXPECT_EQ(answers[2].message->id, 1);
}

TEST_F(sandbox_channel, an_answer_after_the_deadline_is_unknown) {
    send(message(1, "slow-5000"), clock.now_ms() + 300);
    clock.advance(Millis(300));
    ASSERT_TRUE(wait_for_answers(1));
    EXPECT_EQ(answers[0].outcome.kind, OutcomeClass::unknown);
    EXPECT_EQ(box->arrivals(), 1U);
}

TEST_F(sandbox_channel, a_stop_reports_the_rest_truthfully) {
    send(message(1, "slow-5000"));
    channel->stop(Millis(1));
    ASSERT_EQ(answered(), 1U);
    EXPECT_EQ(answers[0].outcome.kind, OutcomeClass::transient);
    EXPECT_EQ(box->arrivals(), 0U);
    send(message(2, "slow-5000"));
    EXPECT_EQ(answered(), 2U) << "none is lost after the stop either";
}

TEST_F(sandbox_channel, thousands_in_flight_come_back_once_each) {
    options.latency_ms = 10;
    open();
    std::vector<std::thread> senders;
    for (int t = 0; t < 3; ++t) {
        senders.emplace_back([this, t] {
            for (int i = 0; i < 20; ++i) send_many(1 + t * 2000 + i * 100, 100);
        });
    }
    for (auto& sender : senders) sender.join();
    clock.advance(Millis(10));
    ASSERT_TRUE(wait_for_answers(6000));
    std::vector<MessageId> ids;
    for (const Sent& sent : answers) ids.push_back(sent.message->id);
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::unique(ids.begin(), ids.end()) - ids.begin(), 6000);
    EXPECT_EQ(box->arrivals(), 6000U);
}

TEST_F(sandbox_channel, describes_itself) {
    EXPECT_EQ(channel->provider(), "sandbox");
    EXPECT_FALSE(channel->wants_intent());
    EXPECT_NE(channel->shapes().recipient.find("\"pattern\""), std::string::npos);
    EXPECT_EQ(channel->receipt({}).error().code, ErrorCode::not_found);
    EXPECT_EQ(channel->limits().max_content, 4096U);
}

TEST_F(sandbox_inbox, lists_newest_first_by_all_filters) {
    for (int i = 1; i <= 6; ++i) send(message(i, i % 2 == 0 ? "even" : "odd", i % 3));
    const auto ids = [this](const InboxFilter& filter) {
        std::vector<MessageId> found;
        for (const InboxItem& item : box->list(filter)) found.push_back(item.message_id);
        return found;
    };
    using Ids = std::vector<MessageId>;
    InboxFilter filter;
    EXPECT_EQ(ids(filter), (Ids{6, 5, 4, 3, 2, 1}));
    filter.limit = 2;
    EXPECT_EQ(ids(filter), (Ids{6, 5}));
    filter.before_sequence = 5;
    EXPECT_EQ(ids(filter), (Ids{4, 3}));
    filter.before_sequence = 1;
    EXPECT_EQ(ids(filter), Ids{});
    filter = {};
    filter.tenant_id = 1;
    EXPECT_EQ(ids(filter), (Ids{4, 1}));
    filter.recipient = "even";
    EXPECT_EQ(ids(filter), Ids{4});
    filter = {};
    filter.message_id = 3;
    EXPECT_EQ(ids(filter), Ids{3});
    filter.channel = ChannelKind::sms;
    EXPECT_EQ(ids(filter), Ids{});
}

TEST_F(sandbox_inbox, clears_one_tenant_or_all) {
    for (int i = 1; i <= 6; ++i) send(message(i, "device", i % 2));
    EXPECT_EQ(box->clear(1), 3U);
    EXPECT_EQ(box->clear(1), 0U);
    EXPECT_EQ(box->list({}).size(), 3U);
    EXPECT_EQ(box->clear(std::nullopt), 3U);
    EXPECT_TRUE(box->list({}).empty());
    send(message(7));
    EXPECT_EQ(box->list({}).at(0).sequence, 7U);
}

TEST_F(sandbox_inbox, keeps_the_newest_within_its_bounds) {
    options.inbox_messages = 10;
    options.inbox_bytes = 4096;
    open();
    MessageId id = 0;
    for (int round = 0; round < 300; ++round) {
        auto one = message(++id);
        one->content = std::string(static_cast<std::size_t>(round * 37 % 900),
                                   static_cast<char>('a' + round % 26));
        const std::string content = one->content;
        send(std::move(one));
        const auto items = box->list({});
        ASSERT_GE(items.size(), std::min<std::size_t>(3, static_cast<std::size_t>(id)));
        ASSERT_LE(items.size(), 10U);
        ASSERT_EQ(items[0].content, content);
        for (std::size_t i = 0; i < items.size(); ++i) {
            ASSERT_EQ(items[i].message_id, id - static_cast<MessageId>(i));
            ASSERT_EQ(items[i].subject, "subject " + std::to_string(items[i].message_id));
        }
    }
    auto huge = message(++id);
    huge->content = std::string(10'000, 'x');
    send(std::move(huge));
    const auto items = box->list({});
    ASSERT_EQ(items.size(), 1U);
    EXPECT_LT(items[0].content.size(), 4096U);
}

TEST_F(sandbox_ledger, holds_every_arrival_and_goes_on_after_a_restart) {
    options.ledger_path = folder / "sandbox.ledger";
    open();
    send_many(100, 5);
    send(message(200, "fail-transient"));
    send(message(300, "device", 9));
    open();
    send(message(400));
    const auto contents = read_ledger(options.ledger_path);
    ASSERT_TRUE(contents.ok());
    EXPECT_EQ(contents->damaged_bytes, 0U);
    ASSERT_EQ(contents->records.size(), 7U);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(contents->records[i].sequence, i + 1);
    const LedgerRecord& record = contents->records[5];
    EXPECT_EQ(record.message_id, 300);
    EXPECT_EQ(record.tenant_id, 9);
    EXPECT_EQ(record.attempt, 1);
    EXPECT_EQ(record.received_ms, clock.now_ms());
    EXPECT_EQ(std::filesystem::file_size(options.ledger_path), 7U * 32);
}

TEST_F(sandbox_ledger, cuts_off_a_torn_end_and_counts_damage) {
    options.ledger_path = folder / "sandbox.ledger";
    open();
    send_many(1, 4);
    std::ofstream(options.ledger_path, std::ios::app) << "torn";
    EXPECT_EQ(read_ledger(options.ledger_path)->damaged_bytes, 4U);
    open();
    send(message(5));
    auto contents = read_ledger(options.ledger_path);
    EXPECT_EQ(contents->damaged_bytes, 0U);
    EXPECT_EQ(contents->records.back().sequence, 5U);
    std::fstream(options.ledger_path, std::ios::in | std::ios::out).seekp(33).put('!');
    contents = read_ledger(options.ledger_path);
    EXPECT_EQ(contents->damaged_bytes, 32U);
    EXPECT_EQ(contents->records.size(), 4U);
}

TEST_F(sandbox_ledger, is_renamed_when_full_and_keeps_counting) {
    options.ledger_path = folder / "sandbox.ledger";
    options.ledger_mib = 1;
    open();
    constexpr int per_file = 1024 * 1024 / 32;
    for (int i = 0; i < per_file; i += 256) send_many(1 + i, 256);
    EXPECT_FALSE(std::filesystem::exists(options.ledger_path.string() + ".1"));
    send(message(per_file + 1));
    EXPECT_TRUE(std::filesystem::exists(options.ledger_path.string() + ".1"));
    const auto contents = read_ledger(options.ledger_path);
    ASSERT_EQ(contents->records.size(), per_file + 1U);
    EXPECT_EQ(contents->records.back().message_id, per_file + 1);
    std::filesystem::remove(options.ledger_path);
    open();
    send(message(1));
    EXPECT_EQ(box->arrivals(), per_file + 1U) << "the older file's end counts";
}

TEST_F(sandbox_ledger, survives_a_kill) {
    options.ledger_path = folder / "sandbox.ledger";
    const pid_t child = ::fork();
    if (child == 0) {
        open();
        send_many(1, 100);
        ::kill(::getpid(), SIGKILL);
        ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(read_ledger(options.ledger_path)->records.size(), 100U);
}

TEST_F(sandbox_ledger, what_it_cannot_note_has_not_arrived) {
    options.ledger_path = folder / "sandbox.ledger";
    open();
    send_many(1, 2);
    answers.clear();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{80, before.rlim_max};  // room for half a record more
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    send_many(3, 2);
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].outcome.kind, OutcomeClass::transient);
    EXPECT_EQ(box->list({}).size(), 2U);
    send(message(5));
    const auto contents = read_ledger(options.ledger_path);
    EXPECT_EQ(contents->damaged_bytes, 0U);
    ASSERT_EQ(contents->records.size(), 3U);
    EXPECT_EQ(contents->records[2].sequence, 3U);
}

TEST_F(sandbox_ledger, says_where_it_cannot_be_written) {
    options.ledger_path = folder / "missing" / "sandbox.ledger";
    EXPECT_EQ(Sandbox::open(options, clock, log).error().code, ErrorCode::io_failed);
}

}  // namespace
}  // namespace hongyan::sandbox
