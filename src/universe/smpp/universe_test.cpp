// The centre inside the whole universe: its port, certificate, sample account, chaos script, inbox.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "channel/smpp/testing/account_harness.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/smpp/service.hpp"

namespace hongyan::universe::smpp {
namespace {

using hongyan::smpp::testing::AccountHarness;
using testing::RunningUniverse;

ServiceList services() {
    ServiceList list;
    add_services(list);
    return list;
}

/// The sample account's settings with those of more in their place.
std::string sample(RunningUniverse& running, const boost::json::object& more = {}) {
    for (const auto& one : running->services()) {
        if (one.name != "smpp") continue;
        auto settings = boost::json::parse(one.sample_settings).as_object();
        for (const auto& [name, value] : more) settings[name] = value;
        return boost::json::serialize(settings);
    }
    return "{}";
}

TEST(SmppUniverse, its_sample_account_sends_and_the_inbox_shows_it) {
    RunningUniverse running(services());
    AccountHarness h(sample(running));
    h.start();
    h.send("+8613800138000", std::string(200, 'x') + "€");
    ASSERT_TRUE(h.wait_sent(1) && h.wait_receipts(2));
    EXPECT_EQ(h.count(OutcomeClass::accepted), 1u);
    EXPECT_EQ(h.receipts()[1].status, MessageStatus::delivered);
    InboxFilter filter;
    filter.service = "smpp";
    const auto entries = running->inbox().find(filter);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].arrival.content, std::string(200, 'x') + "€");
    EXPECT_EQ(entries[0].arrival.recipient, "8613800138000");
    EXPECT_EQ(entries[0].arrival.provider_message_id, h.receipts()[1].provider_message_id);
}

TEST(SmppUniverse, its_certificate_serves_tls_on_the_same_port) {
    RunningUniverse running(services());
    AccountHarness h(sample(running, {{"tls", true}, {"ca_file", running->ca_file()}}));
    const auto result = h.test();
    EXPECT_TRUE(result.ok) << result.detail;
}

TEST(SmppUniverse, the_chaos_script_and_changed_settings_reach_it) {
    RunningUniverse running(services());
    ASSERT_TRUE(running
                    ->set_chaos("[[chaos.rule]]\nservice = \"smpp\"\ntimes = 2\n"
                                "action = \"rate_limited\"\n")
                    .ok());
    AccountHarness h(sample(running, {{"throttle_pause_seconds", 0.05}}));
    h.start();
    for (std::size_t i = 1; i <= 4; ++i) {
        h.send("8613800138000", "x");
        ASSERT_TRUE(h.wait_sent(i));
    }
    EXPECT_EQ(h.count(OutcomeClass::rate_limited), 2u);
    EXPECT_EQ(h.count(OutcomeClass::accepted), 2u);
    ASSERT_TRUE(running->change_setting("smpp", "password", "other").ok());
    AccountHarness stale(sample(running, {{"password", "secret"}}));
    EXPECT_FALSE(stale.test().ok);
    AccountHarness fresh(sample(running));
    EXPECT_TRUE(fresh.test().ok);
}

}  // namespace
}  // namespace hongyan::universe::smpp
