// Two accounts with one login at one centre, which hands receipts to either; and where accounts may
// lead at all.
#include <gtest/gtest.h>

#include "channel/smpp/testing/account_harness.hpp"
#include "channel/smpp/testing/scripted_centre.hpp"

namespace hongyan::smpp {
namespace {

using testing::AccountHarness;
using testing::ScriptedCentre;

constexpr const char* phone = "+8613800138000";

TEST(SmppShared, a_receipt_on_the_other_accounts_session_names_the_message) {
    ScriptedCentre centre;
    AccountHarness sends(centre.settings());
    AccountHarness hears(centre.settings(), sends.shared_provider(), nullptr);
    EXPECT_EQ(sends.account().receipt_scope(), hears.account().receipt_scope());
    EXPECT_FALSE(sends.account().receipt_scope().empty());
    sends.start();
    auto one = centre.accept();
    ASSERT_TRUE(one.let_in());
    hears.start();
    auto other = centre.accept();
    ASSERT_TRUE(other.let_in());
    const auto id = sends.send(phone, "x");
    const auto submit = one.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    one.answer(*submit, 0, "A1");
    ASSERT_TRUE(sends.wait_sent(1));
    other.deliver(1, "id:A1 stat:DELIVRD");
    ASSERT_TRUE(hears.wait_receipts(1));
    EXPECT_EQ(hears.receipts()[0].message_id, id);
    EXPECT_EQ(hears.receipts()[0].status, MessageStatus::delivered);
    EXPECT_TRUE(sends.receipts().empty());
}

TEST(SmppShared, segments_may_be_confirmed_on_both_sessions) {
    ScriptedCentre centre;
    AccountHarness sends(centre.settings());
    AccountHarness hears(centre.settings(), sends.shared_provider(), nullptr);
    sends.start();
    auto one = centre.accept();
    ASSERT_TRUE(one.let_in());
    hears.start();
    auto other = centre.accept();
    ASSERT_TRUE(other.let_in());
    const auto id = sends.send(phone, std::string(153 * 2, 'a'));
    const auto first = one.read(Command::submit_sm);
    const auto second = one.read(Command::submit_sm);
    ASSERT_TRUE(first && second);
    // Before the answers: it must wait for them on the other session, too.
    other.deliver(1, "id:S2 stat:DELIVRD");
    one.answer(*first, 0, "S1");
    one.answer(*second, 0, "S2");
    ASSERT_TRUE(hears.wait_receipts(1));
    EXPECT_EQ(hears.receipts()[0].status, MessageStatus::success) << "one segment of two";
    EXPECT_EQ(hears.receipts()[0].message_id, id);
    one.deliver(1, "id:S1 stat:DELIVRD");
    ASSERT_TRUE(sends.wait_receipts(1));
    EXPECT_EQ(sends.receipts()[0].status, MessageStatus::delivered);
    EXPECT_EQ(sends.receipts()[0].provider_message_id, "s1");
}

TEST(SmppShared, other_centres_and_names_are_others) {
    ScriptedCentre centre;
    ScriptedCentre elsewhere;
    AccountHarness one(centre.settings());
    AccountHarness there(elsewhere.settings(), one.shared_provider(), nullptr);
    EXPECT_NE(one.account().receipt_scope(), there.account().receipt_scope());
}

TEST(SmppAddress, a_tenants_account_connects_to_no_private_address) {
    ScriptedCentre centre;
    const NetworkList nothing;
    AccountHarness h(centre.settings(), AccountHarness::own_provider(), &nothing);
    h.start();
    const auto id = h.send(phone, "x", {}, Millis(2'000));
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::transient);
    EXPECT_NE(h.outcome(id).detail.find("outbound.allow_networks"), std::string::npos)
        << h.outcome(id).detail;
    EXPECT_FALSE(h.test().ok);
    EXPECT_FALSE(centre.accept(100).ok()) << "it was called";
}

TEST(SmppAddress, the_operators_list_opens_it) {
    ScriptedCentre centre;
    const auto loopback = NetworkList::parse({"127.0.0.0/8"});
    ASSERT_TRUE(loopback);
    AccountHarness h(centre.settings(), AccountHarness::own_provider(), &*loopback);
    h.start();
    EXPECT_TRUE(centre.accept().let_in());
}

}  // namespace
}  // namespace hongyan::smpp
