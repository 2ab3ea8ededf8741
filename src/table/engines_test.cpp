// Tables that no other suite asks on both engines: webhooks, tokens, counts by destination,
// accounts and who may not be written to, keys, idempotency.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "table/accounts.hpp"
#include "table/destinations.hpp"
#include "table/keys.hpp"
#include "table/messages.hpp"
#include "table/receipts.hpp"
#include "table/rules.hpp"
#include "table/templates.hpp"
#include "table/testing/test_store.hpp"
#include "table/tokens.hpp"
#include "table/webhooks.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;
constexpr std::int64_t day_ms = 86'400'000;

class EnginesTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override { made = GetParam().make(start_ms); }
    void write(const std::function<void(Session&)>& work) {
        const auto status = made->store().write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    static IdempotencyRecord record(const std::string& key, const std::string& reply,
                                    std::int64_t at_ms = start_ms) {
        IdempotencyRecord r;
        r.route = "/api/messages/send";
        r.key = key;
        r.body_hash = sha256(key);
        r.reply = reply;
        r.created_ms = at_ms;
        return r;
    }
    std::unique_ptr<TestStore> made;
};

INSTANTIATE_TEST_SUITE_P(engines, EnginesTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(EnginesTest, webhook_events_wait_are_delivered_and_come_again) {
    write([](Session& s) {
        const std::string url = "https://example.com/hook";
        insert_event(s, 1, url, 11, "message.delivered", "{\"a\":1}", start_ms);
        insert_event(s, 1, url, 12, "message.failed", "{}", start_ms + 5);
        insert_event(s, 2, url, 13, "message.failed", "{}", start_ms);
        EXPECT_EQ(all_endpoints(s).size(), 2U);
        EXPECT_EQ(list_endpoints(s, 1, 0, 10).size(), 1U);
        auto due = due_endpoints(s, start_ms, 0, 10);
        ASSERT_EQ(due.size(), 2U);
        EXPECT_EQ(due_endpoints(s, start_ms, due.front().id, 10).size(), 1U);
        EXPECT_EQ(count_due_events(s, start_ms + 5, 2), 2);
        auto events = due_events(s, due.front().id, start_ms, 10);
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(events.front().body, "{\"a\":1}");
        auto event = events.front();
        event.status = "delivered";
        event.attempts = 1;
        event.last_status = 204;
        event.finished_ms = start_ms + 9;
        update_event(s, event);
        auto endpoint = *find_endpoint(s, due.front().id);
        endpoint.secret = std::string("\0sealed\xFF", 8);
        endpoint.last_success_ms = start_ms;
        update_endpoint(s, endpoint);
        EXPECT_EQ(find_endpoint(s, endpoint.id)->secret, endpoint.secret);
        EXPECT_EQ(list_events(s, endpoint.id, "delivered", 0, 10).front().last_status, 204);
        EXPECT_EQ(list_events(s, endpoint.id, "", 0, 1).front().message_id, 12);
        postpone_events(s, endpoint.id, never_ms);
        EXPECT_TRUE(due_events(s, endpoint.id, start_ms + day_ms, 10).empty());
        EXPECT_EQ(replay_events(s, endpoint.id, start_ms, start_ms + 1, true, start_ms + day_ms),
                  0);
        EXPECT_EQ(replay_events(s, endpoint.id, start_ms, start_ms + 1, false, start_ms + day_ms),
                  1);
        const auto counts = count_events(s, endpoint.id);
        EXPECT_EQ(counts.waiting, 2);
        EXPECT_EQ(counts.delivered, 0);
        EXPECT_EQ(message_events(s, 11).front().finished_ms, 0);
        EXPECT_EQ(delete_events(s, start_ms + day_ms, 10), 0);
    });
}

TEST_P(EnginesTest, the_last_token_of_a_message_counts_and_old_ones_go) {
    write([](Session& s) {
        keep_token(s, {5, 1, "first", start_ms});
        keep_token(s, {5, 2, "other", start_ms + 1});
        keep_token(s, {5, 1, "second", start_ms + 2});
        EXPECT_EQ(find_token(s, 5)->token, "second");
        EXPECT_FALSE(find_token(s, 6));
        EXPECT_EQ(delete_tokens(s, start_ms + 2, 10), 1);
        EXPECT_EQ(delete_tokens(s, start_ms + 2, 10), 0);
    });
}

TEST_P(EnginesTest, counts_by_destination_add_up_and_end) {
    for (int node = 0; node < 3; ++node)
        write([](Session& s) { add_destination_count(s, {"86|sms", 1, 2.5, start_ms + 10}); });
    write([](Session& s) {
        const auto all = list_destination_counts(s, start_ms, 10);
        ASSERT_EQ(all.size(), 1U);
        EXPECT_DOUBLE_EQ(all.front().count, 7.5);
        EXPECT_EQ(delete_destination_counts(s, start_ms + 10, 10), 1);
        EXPECT_TRUE(list_destination_counts(s, start_ms, 10).empty());
    });
}

TEST_P(EnginesTest, accounts_and_suppressions_come_in_the_same_order) {
    write([](Session& s) {
        AccountRecord a;
        a.provider = "webhook";
        a.created_ms = start_ms;
        for (const auto& [channel, name] :
             {std::pair(ChannelKind::sms, "Zulu"), std::pair(ChannelKind::email, "alpha")}) {
            a.channel = channel;
            a.name = name;
            a.callback_key = name;
            a.secrets = std::string("\x01\0\xFE", 3);
            EXPECT_GT(insert_account(s, a), 0);
        }
        const auto all = list_accounts(s, 1, std::nullopt);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all.front().name, "alpha");
        EXPECT_EQ(all.front().secrets, a.secrets);
        EXPECT_EQ(list_accounts(s, 1, ChannelKind::sms).size(), 1U);
        for (const auto* recipient : {"b@example.com", "B@example.com", "_x", "中文", "a"})
            suppress(s, {1, ChannelKind::email, recipient, "bounced", 0, start_ms});
        suppress(s, {1, ChannelKind::email, "a", "again", 7, start_ms});
        std::vector<std::string> found;
        std::string after;
        for (int page = 0; page < 9; ++page) {
            const auto some = list_suppressions(s, 1, std::nullopt, after, 2);
            if (some.empty()) break;
            for (const auto& one : some) found.push_back(one.recipient);
            after = "email/" + found.back();
        }
        EXPECT_EQ(found,
                  (std::vector<std::string>{"B@example.com", "_x", "a", "b@example.com", "中文"}));
        EXPECT_EQ(find_suppression(s, 1, ChannelKind::email, "a")->reason, "bounced");
        EXPECT_TRUE(delete_suppression(s, 1, ChannelKind::email, "a"));
        EXPECT_EQ(rule_versions(s).suppressed, 4);
        OutcomeRuleRow rule;
        rule.fail_over = true;
        rule.attempts = 9;
        EXPECT_TRUE(update_outcome_rule(s, rule));
        EXPECT_EQ(list_outcome_rules(s).size(), 8U);
    });
}

TEST_P(EnginesTest, what_is_longer_than_an_entry_of_an_index_is_stored_too) {
    // Random, so that no compression makes it short.
    const auto text = to_hex(random_bytes(2'048));
    write([&](Session& s) {
        for (const auto& recipient : {text, text + "x"}) {
            suppress(s, {1, ChannelKind::app, recipient, "gone", 0, start_ms});
            suppress(s, {1, ChannelKind::app, recipient, "again", 0, start_ms});
        }
        EXPECT_EQ(find_suppression(s, 1, ChannelKind::app, text)->reason, "gone");
        EXPECT_TRUE(delete_suppression(s, 1, ChannelKind::app, text));
        EXPECT_FALSE(find_suppression(s, 1, ChannelKind::app, text));
        EXPECT_EQ(list_suppressions(s, 1, std::nullopt, "", 10).size(), 1U);
        EXPECT_TRUE(note_callback(s, 1, text, start_ms));
        EXPECT_FALSE(note_callback(s, 1, text, start_ms));
        EXPECT_TRUE(note_callback(s, 1, text + "x", start_ms));
        insert_event(s, 1, "https://example.com/" + text.substr(0, 2'028), 1, "t", "{}", start_ms);
        EXPECT_EQ(all_endpoints(s).size(), 1U);
        const auto long_key = record(std::string(255, '~'), "r");
        const auto* one = &long_key;
        EXPECT_TRUE(claim_idempotency(s, {&one, 1}, day_ms).front());
    });
}

TEST_P(EnginesTest, a_key_ends_at_the_earlier_moment_and_remembers_its_last_use) {
    write([](Session& s) {
        KeyRecord key;
        key.name = "shop";
        key.hash = sha256("shop");
        key.scopes = "send";
        key.created_ms = start_ms;
        key.created_by = "administrator";
        EXPECT_TRUE(insert_first_key(s, key));
        key.hash = sha256("second");
        EXPECT_FALSE(insert_first_key(s, key));
        const auto id = all_keys(s).front().id;
        expire_key(s, id, start_ms + 20);
        expire_key(s, id, start_ms + 30);
        expire_key(s, id, start_ms + 10);
        note_key_use(s, id, start_ms + 5);
        note_key_use(s, id, start_ms + 3);
        const auto found = *find_key(s, 1, id);
        EXPECT_EQ(found.expires_ms, start_ms + 10);
        EXPECT_EQ(found.last_used_ms, start_ms + 5);
        EXPECT_EQ(found.created_by, "administrator");
        EXPECT_EQ(found.tenant, "default");
        EXPECT_TRUE(revoke_key(s, 0, id, start_ms));
        EXPECT_TRUE(insert_first_key(s, key)) << "one that is void is none";
    });
}

TEST_P(EnginesTest, an_idempotency_key_is_claimed_once_until_it_has_expired) {
    write([](Session& s) {
        const auto a = record("a", "1");
        const auto b = record("b'\\\"{}", "{\"id\":\"2\\n\"}");
        const std::vector<const IdempotencyRecord*> both{&b, &a};
        EXPECT_EQ(claim_idempotency(s, both, day_ms), (std::vector<bool>{true, true}));
        const auto found = *find_idempotency(s, 1, b.route, b.key);
        EXPECT_EQ(found.reply, b.reply);
        EXPECT_EQ(found.body_hash, b.body_hash);
        const auto later = record("a", "3", start_ms + day_ms);
        const auto c = record("c", "4");
        const std::vector<const IdempotencyRecord*> more{&later, &c};
        EXPECT_EQ(claim_idempotency(s, more, day_ms), (std::vector<bool>{false, true}));
        const auto expired = record("a", "5", start_ms + day_ms + 1);
        const std::vector<const IdempotencyRecord*> one{&expired};
        EXPECT_EQ(claim_idempotency(s, one, day_ms), (std::vector<bool>{true}));
        EXPECT_EQ(claim_idempotency(s, one, day_ms), (std::vector<bool>{false}));
        EXPECT_EQ(find_idempotency(s, 1, a.route, "a")->reply, "5");
    });
}

TEST_P(EnginesTest, a_template_keeps_the_design_of_the_visual_editor) {
    write([](Session& s) {
        TemplateRecord t;
        t.name = "designed";
        t.channel = ChannelKind::email;
        t.content = "x";
        t.variables = "[]";
        t.status = "active";
        t.design = R"({"blocks":[]})";
        t.id = insert_template(s, t);
        EXPECT_EQ(find_template(s, 1, t.id)->design, t.design);
        t.version = 2;
        t.design = "";
        EXPECT_TRUE(update_template(s, t));
        EXPECT_EQ(list_versions(s, t).back().design, R"({"blocks":[]})");
    });
}

TEST_P(EnginesTest, a_version_keeps_its_author_and_comment_and_an_old_one_has_none) {
    write([](Session& s) {
        TemplateRecord t;
        t.name = "written";
        t.content = "x";
        t.saved_by = {"市场部", 7};
        t.comment = "the first";
        t.id = insert_template(s, t);
        s.run(
            "UPDATE template_versions SET created_by = NULL, created_by_key = NULL, comment = "
            "NULL WHERE template_id = $1",
            t.id);
        t.version = 2;
        t.content = "y";
        t.comment = "短一点 🙂";
        EXPECT_TRUE(update_template(s, t));
        const auto versions = list_versions(s, t);
        ASSERT_EQ(versions.size(), 2U);
        EXPECT_EQ(versions[0].saved_by.name, "市场部");
        EXPECT_EQ(versions[0].saved_by.key_id, 7);
        EXPECT_EQ(versions[0].comment, "短一点 🙂");
        EXPECT_EQ(versions[1].saved_by.name, "");
        EXPECT_EQ(versions[1].comment, "");
    });
}

TEST_P(EnginesTest, dead_letters_are_grouped_by_reason) {
    write([](Session& s) {
        for (int i = 0; i < 7; ++i) {
            Message m;
            m.id = first_id_at(start_ms) + i;
            m.recipient = "r";
            m.content = "c";
            m.template_id = i % 2;
            insert_message(s, m, "sandbox");
            Outcome o;
            o.id = m.id;
            o.status = MessageStatus::failed;
            o.attempts = 1;
            o.finished_ms = start_ms + i;
            o.reason = i < 5 ? "550" : "quota";
            EXPECT_TRUE(settle(s, o));
        }
        const auto found = dead_groups(s, 1, 100);
        ASSERT_EQ(found.groups.size(), 4U);
        EXPECT_EQ(found.groups.front().reason, "550");
        EXPECT_EQ(found.groups.front().count, 3);
        EXPECT_TRUE(dead_groups(s, 1, 3).capped);
    });
}

TEST_P(EnginesTest, a_receipt_that_waits_for_a_message_that_is_there_is_matched) {
    write([](Session& s) {
        Message m;
        m.id = first_id_at(start_ms);
        m.recipient = "r";
        m.content = "c";
        insert_message(s, m, "");
        EXPECT_TRUE(mark_processing(s, m.id, 1, 3, "smpp"));
        Outcome o;
        o.id = m.id;
        o.attempts = 1;
        o.finished_ms = start_ms;
        o.provider_message_id = "P-1";
        EXPECT_TRUE(settle(s, o));
        ReceiptRecord r;
        r.account_id = 3;
        r.provider_message_id = "P-1";
        r.received_ms = start_ms + 5;
        EXPECT_TRUE(insert_receipt(s, r));
        r.provider_message_id = "P-2";
        EXPECT_TRUE(insert_receipt(s, r));
        EXPECT_TRUE(match_parked(s, start_ms + 6, 10).empty());
        const auto found = match_parked(s, start_ms, 10);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front().message_id, m.id);
        EXPECT_EQ(claim_parked(s, 3, "P-1", m.id).size(), 1U);
        EXPECT_TRUE(match_parked(s, start_ms, 10).empty());
    });
}

/// Two nodes on one database.
class TwoNodes : public testing::Test {
  protected:
    void SetUp() override {
        postgres::PostgresOptions options;
        options.url = made.database().url();
        auto opened = postgres::PostgresStore::open(options, log);
        ASSERT_TRUE(opened.ok());
        other = std::move(*opened);
    }
    PostgresTestStore made{start_ms};
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<postgres::PostgresStore> other;
};

TEST_F(TwoNodes, make_one_first_key_and_one_first_value) {
    std::atomic<int> keys{0};
    std::array<std::int64_t, 2> values{};
    std::vector<std::thread> nodes;
    for (std::size_t n = 0; n < 2; ++n) {
        nodes.emplace_back([&, n] {
            Store& store = n == 0 ? made.store() : static_cast<Store&>(*other);
            bool first = false;
            const auto status = store.write([&](Session& s) {
                KeyRecord key;
                key.name = "administrator";
                key.hash = sha256("key " + std::to_string(n));
                key.scopes = "admin";
                first = insert_first_key(s, key);
                values[n] = put_first_system_value(s, "first", static_cast<int>(n) + 10);
            });
            EXPECT_TRUE(status.ok());
            keys += first;
        });
    }
    for (auto& node : nodes) node.join();
    EXPECT_EQ(keys, 1);
    EXPECT_EQ(values[0], values[1]);
}

TEST_F(TwoNodes, a_key_claimed_at_the_same_moment_waits_for_the_other_and_finds_its_answer) {
    IdempotencyRecord mine;
    mine.route = "r";
    mine.key = "k";
    mine.body_hash = sha256("x");
    mine.created_ms = start_ms;
    mine.reply = "mine";
    IdempotencyRecord theirs = mine;
    theirs.reply = "theirs";
    std::promise<void> claimed;
    std::promise<void> may_commit;
    std::thread node([&] {
        const auto status = other->write([&](Session& s) {
            const auto* one = &theirs;
            EXPECT_TRUE(claim_idempotency(s, {&one, 1}, day_ms).front());
            claimed.set_value();
            may_commit.get_future().wait();
        });
        EXPECT_TRUE(status.ok());
    });
    claimed.get_future().wait();
    std::thread opener([&] {
        // The claim is seen waiting for the other's transaction before that may end.
        std::string waiting = "0";
        for (int looks = 0; looks < 2'000 && waiting == "0"; ++looks) {
            waiting = made.database().ask_here(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'");
        }
        EXPECT_NE(waiting, "0");
        may_commit.set_value();
    });
    const auto status = made.store().write([&](Session& s) {
        const auto* one = &mine;
        EXPECT_FALSE(claim_idempotency(s, {&one, 1}, day_ms).front());
        EXPECT_EQ(find_idempotency(s, 1, "r", "k")->reply, "theirs");
    });
    EXPECT_TRUE(status.ok());
    opener.join();
    node.join();
}

}  // namespace
}  // namespace hongyan::table
