// Limits of connections by the recipients' domain, as the server sees them.
#include <map>
#include <set>

#include "channel/mail/testing/scripted_server.hpp"

namespace hongyan::mail {
namespace {

using testing::Line;
using testing::Mailer;
using testing::ScriptedServer;
using Class = OutcomeClass;

/// What the server saw: mails under way and taken, by domain and connection.
struct Seen {
    std::mutex mutex;
    std::condition_variable moved;
    std::map<std::string, std::set<int>> under_way;  ///< connections, by domain
    std::map<std::string, std::size_t> most;         ///< connections at the same time
    std::map<std::string, std::map<int, int>> taken;
    std::map<std::string, int> all;

    void begins(const std::string& domain, int number) {
        const std::lock_guard lock(mutex);
        under_way[domain].insert(number);
        most[domain] = std::max(most[domain], under_way[domain].size());
        moved.notify_all();
    }
    void ends(const std::string& domain, int number) {
        const std::lock_guard lock(mutex);
        under_way[domain].erase(number);
        ++taken[domain][number];
        ++all[domain];
        moved.notify_all();
    }
    /// False after ten seconds.
    bool wait(const std::function<bool()>& there) {
        std::unique_lock lock(mutex);
        return moved.wait_for(lock, std::chrono::seconds(10), there);
    }
};

/// Serves a connection command by command; before_answer is called with the domain of each mail
/// that has come whole.
void serve(Line& line, int number, Seen& seen, const std::string& offers,
           const std::function<void(const std::string&)>& before_answer) {
    const bool pipelining = offers == "PIPELINING";
    line.greet(offers);
    for (int mails = 0; mails < 1000; ++mails) {
        const auto from = line.hear();
        if (!from.starts_with("MAIL")) {
            if (!from.empty()) line.say("221 Bye\r\n");
            return;
        }
        if (!pipelining) line.say("250 Ok\r\n");
        const auto to = line.hear();
        const auto at = to.find('@') + 1;
        const auto domain = to.substr(at, to.find('>') - at);
        if (!pipelining) line.say("250 Ok\r\n");
        (void)line.hear();
        line.say(pipelining ? "250 Ok\r\n250 Ok\r\n354 go\r\n" : "354 go\r\n");
        seen.begins(domain, number);
        (void)line.take_content();
        before_answer(domain);
        seen.ends(domain, number);
        line.say("250 2.0.0 Ok\r\n");
    }
}

boost::json::array limits(std::string_view domain, int connections, int messages) {
    return {{{"domain", domain},
             {"max_connections", connections},
             {"messages_per_connection", messages}}};
}

TEST(smtp_domains, a_domain_has_no_more_connections_than_it_may_and_is_in_nobodys_way) {
    Seen seen;
    ScriptedServer server([&](Line& line, int number) {
        serve(line, number, seen, "PIPELINING", [&](const std::string& domain) {
            // The narrow domain is slow: it answers when all the others have theirs.
            if (domain == "narrow.example") {
                EXPECT_TRUE(seen.wait([&] { return seen.all["wide.example"] == 12; }));
            }
        });
    });
    Mailer mailer(server.port(),
                  {{"max_connections", 6}, {"domains", limits("narrow.example", 2, 0)}});
    mailer.send(9, 10'000, "text\n", "narrow.example");
    mailer.send(12, 10'000, "text\n", "wide.example");
    for (const auto& each : mailer.wait(21)) EXPECT_EQ(each.kind, Class::accepted) << each.detail;
    EXPECT_EQ(seen.most["narrow.example"], 2U);
    EXPECT_EQ(seen.all["narrow.example"], 9);
    mailer.stop(Millis(5000));
}

TEST(smtp_domains, the_star_counts_each_domain_by_itself) {
    Seen seen;
    ScriptedServer server([&](Line& line, int number) {
        serve(line, number, seen, "PIPELINING", [&](const std::string&) {
            // Nobody is answered before each of the three has a connection.
            EXPECT_TRUE(seen.wait([&] { return seen.most.size() == 3; }));
        });
    });
    Mailer mailer(server.port(), {{"max_connections", 8}, {"domains", limits("*", 1, 0)}});
    for (const char* domain : {"a.example", "b.example", "c.example"})
        mailer.send(5, 10'000, "text\n", domain);
    for (const auto& each : mailer.wait(15)) EXPECT_EQ(each.kind, Class::accepted) << each.detail;
    for (const char* domain : {"a.example", "b.example", "c.example"}) {
        EXPECT_EQ(seen.most[domain], 1U) << domain;
        EXPECT_EQ(seen.all[domain], 5) << domain;
    }
    EXPECT_LE(server.connections(), 8);
}

TEST(smtp_domains, a_connection_is_replaced_after_so_many_mails_to_one_domain) {
    for (const char* offers : {"PIPELINING", "SIZE"}) {
        Seen seen;
        std::atomic<int> quits = 0;
        ScriptedServer server([&](Line& line, int number) {
            serve(line, number, seen, offers, [](const std::string&) {});
            ++quits;
            seen.moved.notify_all();
        });
        Mailer mailer(server.port(), {{"domains", limits("few.example", 0, 3)}});
        mailer.send(8, 10'000, "text\n", "few.example");
        for (const auto& each : mailer.wait(8)) EXPECT_EQ(each.kind, Class::accepted);
        EXPECT_EQ(seen.taken["few.example"], (std::map<int, int>{{0, 3}, {1, 3}, {2, 2}}))
            << offers;
        mailer.stop(Millis(5000));
        EXPECT_TRUE(seen.wait([&] { return quits == 3; }));
    }
}

TEST(smtp_domains, mails_aside_end_at_their_deadline_and_when_the_account_closes) {
    Seen seen;
    std::atomic<bool> open = false;
    ScriptedServer server([&](Line& line, int number) {
        serve(line, number, seen, "SIZE",
              [&](const std::string&) { (void)seen.wait([&] { return open.load(); }); });
    });
    Mailer mailer(server.port(),
                  {{"max_connections", 4}, {"domains", limits("narrow.example", 1, 0)}});
    mailer.send(1, 9'000, "text\n", "narrow.example");
    ASSERT_TRUE(seen.wait([&] { return seen.most["narrow.example"] == 1; }));
    mailer.send(1, 150, "text\n", "narrow.example");
    EXPECT_EQ(mailer.wait(1)[0].code, "deadline");
    mailer.send(2, 9'000, "text\n", "narrow.example");
    mailer.stop(Millis(0));
    const auto outcomes = mailer.wait(4);
    EXPECT_EQ(std::count_if(outcomes.begin(), outcomes.end(),
                            [](const Outcome& o) { return o.kind == Class::unknown; }),
              1)
        << "the one whose answer never came";
    open = true;
    seen.moved.notify_all();
}

TEST(smtp_address, a_tenants_account_connects_to_no_private_address) {
    std::atomic<int> calls = 0;
    ScriptedServer server([&](Line& line, int) {
        ++calls;
        line.greet("");
    });
    const NetworkList nothing;
    Mailer mailer(server.port(), {}, &nothing);
    const auto outcome = mailer.outcome();
    EXPECT_EQ(outcome.kind, Class::configuration);
    EXPECT_EQ(outcome.code, "address");
    EXPECT_NE(outcome.detail.find("outbound.allow_networks"), std::string::npos);
    EXPECT_EQ(calls, 0);
    const auto loopback = NetworkList::parse({"127.0.0.0/8"});
    ASSERT_TRUE(loopback);
    Mailer allowed(server.port(), {}, &*loopback);
    (void)allowed.outcome();
    EXPECT_EQ(calls, 1) << "the operator's list opens it";
}

TEST(smtp_domains, wrong_limits_are_named) {
    ProviderList providers;
    add_providers(providers);
    const auto paths = [&](boost::json::value domains) {
        boost::json::object settings{{"host", "mx.example"}, {"mail", {{"from", "a@b.example"}}}};
        settings["domains"] = std::move(domains);
        std::vector<std::string> found;
        for (const auto& each : providers.front()->check_settings(boost::json::serialize(settings)))
            found.push_back(each.path);
        return found;
    };
    using Paths = std::vector<std::string>;
    EXPECT_EQ(paths(limits("*", 2, 20)), Paths());
    EXPECT_EQ(paths(limits("例子.中国", 2, 20)), Paths());
    EXPECT_EQ(paths(limits("a b", 1, 1)), Paths{"$.domains[0].domain"});
    EXPECT_EQ(paths(limits("a.example", -1, 1)), Paths{"$.domains[0].max_connections"});
    EXPECT_EQ(paths(limits("a.example", 1, -1)), Paths{"$.domains[0].messages_per_connection"});
    EXPECT_EQ(paths({{{"max_connections", 1}}}), Paths{"$.domains[0].domain"});
    boost::json::array twice = limits("a.example", 1, 1);
    twice.push_back(limits("A.example", 2, 2)[0]);
    EXPECT_EQ(paths(twice), Paths{"$.domains"});
}

}  // namespace
}  // namespace hongyan::mail
