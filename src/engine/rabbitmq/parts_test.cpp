// The parts that need no broker: the URL, the body of a carrier, leases, the outbox.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/rabbitmq/leases.hpp"
#include "engine/rabbitmq/options.hpp"
#include "engine/rabbitmq/outbox.hpp"
#include "engine/rabbitmq/wire.hpp"

namespace hongyan::rabbitmq {
namespace {

using Ids = std::vector<MessageId>;
using Tags = std::vector<std::uint64_t>;

Job job(MessageId id, int priority = 5, std::int64_t tenant = 1) {
    Job made;
    made.id = id;
    made.tenant_id = tenant;
    made.ready_ms = 1'800'000'000'000 + id;
    made.priority = static_cast<std::uint8_t>(priority);
    return made;
}

std::vector<Job> jobs(MessageId first, int count, int priority = 5) {
    std::vector<Job> made;
    for (int i = 0; i < count; ++i) made.push_back(job(first + i, priority));
    return made;
}

Ids ids_of(const std::vector<Job>& of) {
    Ids ids;
    for (const Job& one : of) ids.push_back(one.id);
    return ids;
}

TEST(rabbitmq_url, all_parts_are_read) {
    auto read = parse(
        "amqps://us%40er:p%3Aw@h1,h2:5679,[::1]:7/a%2Fb?prefix=x&heartbeat=5&prefetch=9&held=10"
        "&outbox=11&cacertfile=/c.pem&certfile=/d.pem&keyfile=/e.pem&verify=none&queues=q1,q2,q3,"
        "q4");
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_TRUE(read->tls);
    EXPECT_EQ(read->user, "us@er");
    EXPECT_EQ(read->password, "p:w");
    ASSERT_EQ(read->hosts.size(), 3U);
    EXPECT_EQ(read->hosts[0].port, 5671);
    EXPECT_EQ(read->hosts[1].port, 5679);
    EXPECT_EQ(read->hosts[2].name, "::1");
    EXPECT_EQ(read->hosts[2].port, 7);
    EXPECT_EQ(read->vhost, "a/b");
    EXPECT_EQ(read->heartbeat_seconds, 5);
    EXPECT_EQ(read->prefetch, 9);
    EXPECT_EQ(read->held_max, 10);
    EXPECT_EQ(read->outbox_max, 11U);
    EXPECT_FALSE(read->verify);
    EXPECT_EQ(read->bands()[3].queue, "q4");
    EXPECT_EQ(read->bands()[3].lowest, 0);
    EXPECT_EQ(read->dead_queue(), "x.dead");
    EXPECT_EQ(read->shown().find("p:w"), std::string::npos);
}

TEST(rabbitmq_url, the_shortest_has_defaults) {
    const auto read = parse("amqp://localhost");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->hosts[0].port, 5672);
    EXPECT_EQ(read->vhost, "/");
    EXPECT_EQ(read->user, "guest");
    const auto bands = read->bands();
    ASSERT_EQ(bands.size(), 4U);
    int expected = priority_levels - 1;
    for (const auto& band : bands) {
        EXPECT_EQ(band.highest, expected);
        expected = band.lowest - 1;
    }
    EXPECT_EQ(expected, -1) << "the bands cover every priority once";
    EXPECT_EQ(bands[0].queue, "hongyan.urgent");
}

TEST(rabbitmq_url, what_is_wrong_is_named) {
    const std::map<std::string, std::string> bad{
        {"http://h", "queue"},
        {"amqp://", "queue.host"},
        {"amqp://h:0", "queue.port"},
        {"amqp://h:x", "queue.port"},
        {"amqp://u%4@h", "queue.user"},
        {"amqp://u:@h", "queue.password"},
        {"amqp://h/%00", "queue.vhost"},
        {"amqp://h?prefetch=0", "queue.prefetch"},
        {"amqp://h?heartbeat=601", "queue.heartbeat"},
        {"amqp://h?queues=a,b", "queue.queues"},
        {"amqp://h?verify=maybe", "queue.verify"},
        {"amqp://h?certfile=x", "queue.certfile"},
        {"amqp://h?colour=red", "queue.colour"},
    };
    for (const auto& [url, path] : bad) {
        const auto read = parse(url);
        ASSERT_FALSE(read.ok()) << url;
        EXPECT_EQ(read.error().code, ErrorCode::config_invalid);
        ASSERT_FALSE(read.error().problems.empty());
        EXPECT_EQ(read.error().problems[0].path, path) << url;
    }
}

TEST(rabbitmq_wire, jobs_come_back_as_they_were) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<Job> sent(random() % (most_jobs + 1));
        for (Job& one : sent) {
            one.id = static_cast<MessageId>(random() >> (1 + random() % 60));
            one.tenant_id = static_cast<std::int64_t>(random() >> (1 + random() % 60));
            one.ready_ms = static_cast<std::int64_t>(random()) >> (random() % 60);
            one.priority = static_cast<std::uint8_t>(random() % priority_levels);
            one.channel = static_cast<ChannelKind>(random() % channel_names.size());
            one.again = random() % 3 == 0;
        }
        const auto published = static_cast<std::int64_t>(random() >> 20);
        const auto read = decode(encode(published, sent));
        ASSERT_TRUE(read.ok()) << read.error().detail;
        EXPECT_EQ(read->published_ms, published);
        ASSERT_EQ(read->jobs.size(), sent.size());
        for (std::size_t i = 0; i < sent.size(); ++i) {
            ASSERT_EQ(read->jobs[i].id, sent[i].id);
            ASSERT_EQ(read->jobs[i].tenant_id, sent[i].tenant_id);
            ASSERT_EQ(read->jobs[i].ready_ms, sent[i].ready_ms);
            ASSERT_EQ(read->jobs[i].priority, sent[i].priority);
            ASSERT_EQ(read->jobs[i].channel, sent[i].channel);
            ASSERT_EQ(read->jobs[i].again, sent[i].again);
        }
    }
}

TEST(rabbitmq_wire, neighbours_cost_few_bytes) {
    auto group = jobs(first_id_at(1'800'000'000'000), 256);
    for (Job& one : group) one.ready_ms = 1'800'000'000'000;
    EXPECT_LT(encode(1'800'000'000'000, group).size(), 256 * 8U);
}

TEST(rabbitmq_wire, damage_is_an_error_and_never_more) {
    std::mt19937 random(3);
    const auto whole = encode(1'800'000'000'000, jobs(5, 40));
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode(std::string_view(whole).substr(0, length)).ok()) << length;
    EXPECT_FALSE(decode(whole + "x").ok());
    EXPECT_FALSE(decode(R"({"message_id": 5, "priority": 3})").ok());
    EXPECT_FALSE(decode(std::string(longest_body + 1, 'H')).ok());
    for (int round = 0; round < 20'000; ++round) {
        auto damaged = whole;
        for (auto n = 1 + random() % 4; n > 0; --n)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        const auto read = decode(damaged);
        if (!read) continue;
        for (const Job& one : read->jobs) ASSERT_LT(one.priority, priority_levels);
    }
}

// A later release may say more of a job; this one reads what it knows.
TEST(rabbitmq_wire, flags_that_are_not_known_mean_nothing) {
    auto body = encode(1'800'000'000'000, std::vector{job(5, 7)});
    const auto place = body.size() - 2;  // the priority; the channel follows
    ASSERT_EQ(body[place], 7);
    body[place] = 7 | 32 | 64;
    const auto read = decode(body);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->jobs.at(0).priority, 7);
    EXPECT_FALSE(read->jobs.at(0).again);
    body[place] = 7 | 16 | 32;
    EXPECT_TRUE(decode(body)->jobs.at(0).again);
}

class LeasesTest : public testing::Test {
  protected:
    std::vector<Job> receive(std::uint64_t tag, const std::vector<Job>& of, std::size_t band = 0,
                             std::int64_t now_us = 0) {
        return leases.receive(tag, band, of, now_us, duplicates);
    }
    void done(const Ids& ids) { (void)leases.done(ids); }
    Ids lend(std::vector<Job> of) {  // gives those that may be in other hands, too
        leases.lend(of);
        Ids again;
        for (const Job& one : of)
            if (one.again) again.push_back(one.id);
        return again;
    }
    Tags tags() {
        Tags all;
        for (const auto& ack : leases.take_acks()) all.push_back(ack.tag);
        return all;
    }
    Leases leases;
    std::uint64_t duplicates = 0;
};

TEST_F(LeasesTest, a_carrier_is_acknowledged_when_all_of_its_jobs_are_done) {
    EXPECT_EQ(receive(1, jobs(1, 3)).size(), 3U);
    EXPECT_EQ(receive(2, jobs(10, 1)).size(), 1U);
    lend(jobs(1, 3));
    lend(jobs(10, 1));
    EXPECT_FALSE(leases.done(Ids{1, 2}));
    EXPECT_TRUE(leases.done(Ids{10}));
    EXPECT_EQ(tags(), Tags{2});
    EXPECT_TRUE(leases.done(Ids{3, 3}));
    EXPECT_EQ(tags(), Tags{1});
    EXPECT_TRUE(tags().empty());
    EXPECT_EQ(leases.size(), 0);
}

TEST_F(LeasesTest, an_empty_carrier_is_acknowledged_at_once) {
    EXPECT_TRUE(receive(4, {}).empty());
    EXPECT_EQ(tags(), Tags{4});
}

TEST_F(LeasesTest, a_job_that_comes_twice_counts_with_the_newer_carrier) {
    receive(1, jobs(1, 2));
    EXPECT_EQ(ids_of(receive(2, jobs(2, 2))), Ids{3}) << "2 is here already";
    EXPECT_EQ(duplicates, 1U);
    lend(jobs(1, 3));
    done({1});
    EXPECT_EQ(tags(), Tags{1});
    done({3});
    EXPECT_TRUE(tags().empty());
    done({2});
    EXPECT_EQ(tags(), Tags{2});
    // Twice within one carrier.
    EXPECT_EQ(receive(3, {job(7), job(7)}).size(), 1U);
    lend(jobs(7, 1));
    done({7});
    EXPECT_EQ(tags(), Tags{3});
}

TEST_F(LeasesTest, done_ends_loans_only) {
    receive(1, jobs(1, 1));
    done({1});
    EXPECT_EQ(leases.size(), 1) << "it waits";
    lend(jobs(1, 1));
    std::vector<Job> here;
    EXPECT_TRUE(leases.publish(jobs(1, 1), here).empty());
    EXPECT_EQ(ids_of(here), Ids{1});
    done({1});
    EXPECT_EQ(leases.size(), 1) << "it was published again";
    here.clear();
    EXPECT_TRUE(leases.publish(jobs(1, 1), here).empty());
    EXPECT_TRUE(here.empty()) << "it waits here already";
    EXPECT_EQ(leases.publish(jobs(1, 3), here).size(), 2U) << "the others are for the broker";
    EXPECT_EQ(ids_of(leases.absent(jobs(1, 3))), (Ids{2, 3}));
}

TEST_F(LeasesTest, after_a_lost_connection_only_the_new_tags_count) {
    receive(1, jobs(1, 2));
    lend(jobs(1, 1));
    leases.disconnect();
    done({1});
    EXPECT_TRUE(tags().empty());
    EXPECT_EQ(ids_of(receive(1, jobs(1, 2))), Ids{1}) << "1 was done; it comes again, 2 is held";
    lend(jobs(1, 2));
    done({1, 2});
    EXPECT_EQ(tags(), Tags{1});
}

TEST_F(LeasesTest, what_may_be_in_other_hands_says_so) {
    auto carried = jobs(1, 2);
    carried[1].again = true;
    receive(1, carried);
    receive(2, jobs(10, 4));
    EXPECT_EQ(lend({carried[0], job(2), job(10)}), Ids{2}) << "as it came";
    std::vector<Job> here;
    EXPECT_TRUE(leases.publish(std::vector{job(10)}, here).empty());
    EXPECT_EQ(lend(here), Ids{}) << "a retry on the node that has it";
    leases.disconnect();
    EXPECT_EQ(lend({job(11)}), Ids{11}) << "it waited here when the connection was lost";
    here.clear();
    EXPECT_TRUE(leases.publish(std::vector{job(10)}, here).empty());
    EXPECT_EQ(lend(here), Ids{10}) << "and so did what was on loan";
    receive(1, {job(20)});
    EXPECT_EQ(lend({job(20)}), Ids{}) << "of the new connection";
    receive(2, jobs(30, 1));
    auto copy = job(30);
    copy.again = true;
    receive(3, {copy});
    EXPECT_EQ(lend({job(30)}), Ids{30}) << "a second copy came before the first was lent";
}

TEST_F(LeasesTest, what_keeps_others_from_coming_is_let_go) {
    receive(1, jobs(1, 2), 0, 1'000);
    receive(2, jobs(10, 2), 0, 2'000);
    receive(3, jobs(20, 2), 1, 3'000);
    EXPECT_FALSE(leases.is_full(3));
    EXPECT_TRUE(leases.is_full(2));
    EXPECT_EQ(leases.let_go({2, false, 0, 100}), 0U) << "nobody is hungry";
    EXPECT_EQ(leases.let_go({3, true, 0, 100}), 0U) << "the window is not full";
    EXPECT_EQ(leases.let_go({2, true, 0, 6}), 0U) << "too many are held";
    EXPECT_EQ(leases.let_go({2, true, 0, 100}), 4U);
    EXPECT_EQ(tags(), (Tags{1, 2}));
    EXPECT_EQ(leases.size_let_go(), 4);
    EXPECT_EQ(leases.let_go({9, false, 3'001, 0}), 2U) << "held for too long";
    EXPECT_EQ(tags(), Tags{3});
    lend(jobs(1, 30));
    leases.disconnect();
    done({1, 2, 10, 11, 20, 21});
    EXPECT_TRUE(tags().empty()) << "acknowledged once only";
    EXPECT_EQ(leases.size_let_go(), 0);
    EXPECT_EQ(leases.size(), 0);
}

class OutboxTest : public testing::Test {
  protected:
    const std::vector<Band> bands = Options().bands();
    Outbox outbox{bands, 100'000};
    std::uint64_t tag = 0;
    Ids send(std::size_t max, bool one_priority = false) {
        auto load = outbox.next({max, one_priority, 1'000});
        if (!load) return {};
        auto ids = ids_of(load->jobs);
        ++tag;
        outbox.sent(tag, std::move(*load), static_cast<std::int64_t>(tag));
        return ids;
    }
};

TEST_F(OutboxTest, urgent_first_and_bands_apart) {
    outbox.put(std::vector{job(1, 0), job(2, 6), job(3, 10), job(4, 8), job(5, 9), job(6, 6)}, 1);
    EXPECT_EQ(outbox.depth().by_priority[6], 2);
    EXPECT_EQ(send(99), (Ids{3, 5}));
    EXPECT_EQ(send(2), (Ids{4, 2}));
    EXPECT_EQ(send(99), Ids{6});
    EXPECT_EQ(send(99), Ids{1});
    EXPECT_TRUE(send(99).empty());
    outbox.put(std::vector{job(7, 6), job(8, 7), job(9, 6)}, 1);
    EXPECT_EQ(send(99, true), Ids{8}) << "one priority at a time";
    EXPECT_EQ(send(99, true), (Ids{7, 9}));
}

TEST_F(OutboxTest, confirms_come_in_any_order_and_several_at_a_time) {
    outbox.put(jobs(1, 60), 5);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(send(10).size(), 10U);
    EXPECT_EQ(outbox.ack(4, false), 10U);
    EXPECT_EQ(outbox.ack(4, false), 0U);
    EXPECT_EQ(outbox.oldest_sent_us(), 1);
    EXPECT_EQ(outbox.ack(2, true), 20U);
    EXPECT_EQ(outbox.oldest_sent_us(), 3);
    EXPECT_EQ(outbox.nack(3, false), 10U);
    EXPECT_EQ(outbox.waiting(), 10U);
    EXPECT_EQ(outbox.carriers(), 2U);
    EXPECT_EQ(outbox.nack(6, true), 20U);
    EXPECT_EQ(outbox.ack(0, true), 0U);
    EXPECT_EQ(send(99).size(), 30U);
    EXPECT_EQ(outbox.ack(0, true), 30U) << "tag 0 with multiple means all";
    EXPECT_TRUE(outbox.empty());
    EXPECT_FALSE(outbox.oldest_ms());
}

TEST_F(OutboxTest, a_lost_connection_sends_all_that_is_open_again_in_order) {
    outbox.put(jobs(1, 20), 5);
    outbox.put(jobs(21, 20), 9);
    send(15);
    send(15);
    send(5);
    EXPECT_EQ(outbox.ack(2, false), 15U);
    EXPECT_EQ(outbox.reset(), 20U);
    EXPECT_EQ(outbox.oldest_ms(), 5);
    tag = 0;
    Ids expected;
    for (MessageId id = 1; id <= 15; ++id) expected.push_back(id);
    for (MessageId id = 31; id <= 40; ++id) expected.push_back(id);
    EXPECT_EQ(send(99), expected);
}

TEST_F(OutboxTest, what_the_broker_may_have_already_says_so) {
    const auto again_in_next = [&] {
        Ids again;
        auto load = outbox.next({10, false, 1'000});
        for (const Job& one : load->jobs)
            if (one.again) again.push_back(one.id);
        outbox.sent(++tag, std::move(*load), 1);
        return again;
    };
    const Ids none;
    outbox.put(jobs(1, 10), 1);
    EXPECT_EQ(again_in_next(), none);
    EXPECT_EQ(outbox.returned(tag), 10U) << "no queue took it";
    EXPECT_EQ(again_in_next(), none);
    EXPECT_EQ(outbox.nack(tag, false), 10U);
    EXPECT_EQ(again_in_next().size(), 10U) << "some of its replicas may have it";
    EXPECT_EQ(outbox.ack(tag, false), 10U);
    outbox.put(jobs(11, 10), 1);
    EXPECT_EQ(again_in_next(), none);
    outbox.put(jobs(21, 5), 1);
    EXPECT_EQ(outbox.reset(), 10U);
    tag = 0;
    EXPECT_EQ(again_in_next().size(), 10U) << "its confirm may be what was lost";
    EXPECT_EQ(again_in_next(), none) << "these were never sent";
    auto load = outbox.next({10, false, 1'000});
    EXPECT_FALSE(load);
}

TEST_F(OutboxTest, a_band_that_is_not_confirmed_leaves_room_for_the_others) {
    outbox.put(jobs(1, 30, 9), 1);
    outbox.put(jobs(101, 10, 0), 1);
    const auto one = [&] {
        auto load = outbox.next({5, false, 2});
        if (!load) return Ids{};
        const auto ids = ids_of(load->jobs);
        outbox.sent(++tag, std::move(*load), 1);
        return ids;
    };
    EXPECT_EQ(one().front(), 1);
    EXPECT_EQ(one().front(), 6);
    EXPECT_EQ(one().front(), 101);
    EXPECT_EQ(one().front(), 106);
    EXPECT_TRUE(one().empty());
    EXPECT_EQ(outbox.nack(1, false), 5U);
    EXPECT_EQ(one().front(), 1);
    EXPECT_EQ(outbox.ack(2, true), 5U);
    EXPECT_EQ(one().front(), 11);
}

TEST_F(OutboxTest, it_is_bounded_and_says_what_it_did_not_take) {
    Outbox small(bands, 10);
    EXPECT_EQ(small.put(jobs(1, 8), 1), 0U);
    EXPECT_EQ(small.put(jobs(9, 8), 1), 6U);
    EXPECT_EQ(small.waiting(), 10U);
}

// Whatever the broker says in whatever order, no job is lost and none is in it twice.
TEST_F(OutboxTest, random_confirms_lose_nothing) {
    std::mt19937 random(11);
    MessageId next = 1;
    std::map<std::uint64_t, Ids> open;
    std::set<MessageId> confirmed;
    std::uint64_t refused = 0;
    const auto end_of = [&](std::uint64_t last, bool multiple, bool ok) {
        Ids ids;
        for (auto at = multiple ? open.begin() : open.find(last);
             at != open.end() && at->first <= last; at = open.erase(at))
            ids.insert(ids.end(), at->second.begin(), at->second.end());
        const auto count = ok ? outbox.ack(last, multiple) : outbox.nack(last, multiple);
        ASSERT_EQ(count, ids.size());
        if (!ok) refused += ids.size();
        for (const auto id : ids) {
            if (ok) {
                ASSERT_TRUE(confirmed.insert(id).second) << id;
            }
        }
    };
    for (int step = 0; step < 20'000; ++step) {
        const auto what = random() % 10;
        if (what < 3) {
            const int count = static_cast<int>(random() % 40);
            outbox.put(jobs(next, count, static_cast<int>(random() % 11)), step);
            next += count;
        } else if (what < 7) {
            const auto ids = send(1 + random() % 30);
            if (!ids.empty()) open[tag] = ids;
        } else if (!open.empty()) {
            auto at = open.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random() % open.size()));
            end_of(at->first, random() % 2 == 0, random() % 4 != 0);
        }
        if (random() % 500 == 0) {
            outbox.reset();
            open.clear();
            tag = 0;
        }
    }
    while (true) {
        const auto ids = send(500);
        if (ids.empty()) break;
        open[tag] = ids;
    }
    if (!open.empty()) end_of(open.rbegin()->first, true, true);
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(confirmed.size(), static_cast<std::size_t>(next - 1));
    EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace hongyan::rabbitmq
