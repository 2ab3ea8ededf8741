#include "channel/smpp/settings.hpp"

#include <gtest/gtest.h>

#include "channel/smpp/pace.hpp"
#include "channel/smpp/provider.hpp"
#include "channel/smpp/validity.hpp"

namespace hongyan::smpp {
namespace {

std::unique_ptr<Provider> make_provider() {
    ProviderList list;
    add_providers(list);
    return std::move(list.front());
}

bool has(const std::vector<Problem>& problems, std::string_view path) {
    for (const auto& one : problems) {
        if (one.path == path) return true;
    }
    return false;
}

TEST(SmppSettings, the_least_settings_are_enough) {
    const auto provider = make_provider();
    EXPECT_TRUE(provider->check_settings(R"({"host":"h","system_id":"me"})").empty());
    EXPECT_EQ(provider->name(), "smpp");
    EXPECT_NE(provider->shapes().settings.find("\"writeOnly\""), std::string::npos);
}

TEST(SmppSettings, problems_are_named_by_path) {
    const auto provider = make_provider();
    EXPECT_TRUE(has(provider->check_settings("{}"), "$.host"));
    const auto problems = provider->check_settings(
        R"({"host":"h x","system_id":"me","window":0,"id_mode":"odd","receipt_time_zone":"CST",
            "source_addr":"ABCDEFGHIJKLM"})");
    for (const auto* path :
         {"$.host", "$.window", "$.id_mode", "$.receipt_time_zone", "$.source_addr"})
        EXPECT_TRUE(has(problems, path)) << path;
    EXPECT_TRUE(has(provider->check_settings(
                        R"({"host":"h","system_id":"me","vendor_status":{"x":"rate_limited"}})"),
                    "$.vendor_status"));
    EXPECT_TRUE(has(provider->check_settings(
                        R"({"host":"h","system_id":"me","password":"123456789",
                            "strict_lengths":true})"),
                    "$.password"));
}

TEST(SmppSettings, recipients_are_numbers_meant_for_sms) {
    EXPECT_EQ(recipient_digits("+8613800138000"), "8613800138000");
    EXPECT_EQ(recipient_digits("8613800138000"), "8613800138000");
    EXPECT_EQ(recipient_digits("smpp:+49170"), "49170");
    for (const auto* bad : {"", "+", "12", "apns:123456", "+86 138", "1234567890123456", "abc"})
        EXPECT_EQ(recipient_digits(bad), std::nullopt) << bad;
}

TEST(SmppSettings, a_senders_form_gives_its_type) {
    EXPECT_EQ(address_of_sender("ACME").ton, 5);
    EXPECT_EQ(address_of_sender("10690").ton, 3);
    EXPECT_EQ(address_of_sender("8613800138000").ton, 1);
    EXPECT_EQ(address_of_sender("+49170").digits, "49170");
    EXPECT_EQ(address_of_sender("+49170").ton, 1);
}

TEST(SmppSettings, content_is_checked_with_its_options) {
    const auto provider = make_provider();
    EXPECT_TRUE(provider->check("+8613800138000", {"", "hello", ""}).empty());
    EXPECT_TRUE(has(provider->check("nobody", {"", "hello", ""}), "$.recipient"));
    EXPECT_TRUE(has(provider->check("+8613800138000", {"", "", ""}), "$.content"));
    EXPECT_TRUE(
        has(provider->check("+8613800138000", {"", "码", "", R"({"smpp":{"data_coding":3}})"}),
            "$.options.smpp.data_coding"));
    EXPECT_TRUE(has(
        provider->check("+8613800138000", {"", "x", "", R"({"smpp":{"sender":"ABCDEFGHIJKLM"}})"}),
        "$.options.smpp.sender"));
    EXPECT_TRUE(has(provider->check("+8613800138000", {"", "x", "", R"({"smpp":{"what":1}})"}),
                    "$.options.smpp.what"));
    EXPECT_TRUE(
        provider
            ->check("+8613800138000", {"", "x", "", R"({"smpp":{"flash":true},"aliyun":{"x":1}})"})
            .empty());
}

TEST(SmppStatus, codes_have_the_classes_of_the_reference) {
    using enum OutcomeClass;
    EXPECT_EQ(class_of(0x01), message_permanent);
    EXPECT_EQ(class_of(0x08), transient);
    EXPECT_EQ(class_of(0x0B), recipient_permanent);
    EXPECT_EQ(class_of(0x14), rate_limited);
    EXPECT_EQ(class_of(0x58), rate_limited);
    EXPECT_EQ(class_of(0x0E), configuration);
    EXPECT_EQ(class_of(0x15), configuration);
    EXPECT_EQ(class_of(0x42), message_permanent);
    EXPECT_EQ(class_of(0x45), transient);
    EXPECT_EQ(class_of(0x53), configuration);
    EXPECT_EQ(class_of(0x62), message_permanent);
    EXPECT_EQ(class_of(0x64), transient);
    EXPECT_EQ(class_of(0x65), recipient_permanent);
    EXPECT_EQ(class_of(0xC3), configuration);
    EXPECT_EQ(class_of(0xFE), transient);
    EXPECT_EQ(class_of(0xFF), transient);
    EXPECT_EQ(class_of(0x401), transient);
    EXPECT_EQ(class_of(0x401, {{0x401, quota}}), quota);
    EXPECT_EQ(status_text(0x58), "0x00000058 ESME_RTHROTTLED");
    EXPECT_EQ(status_text(0x401), "0x00000401");
}

TEST(SmppValidity, times_are_relative_or_absolute) {
    EXPECT_EQ(validity_text(ValidityForm::relative, 600, 0), "000000001000000R");
    EXPECT_EQ(validity_text(ValidityForm::relative, 86'400 * 33 + 61, 0), "000103000101000R");
    EXPECT_EQ(validity_text(ValidityForm::absolute, 60, 1'787'308'260'000), "260821103200000+");
    EXPECT_EQ(validity_text(ValidityForm::none, 60, 0), "");
    EXPECT_EQ(validity_text(ValidityForm::relative, 0, 0), "");
    EXPECT_EQ(validity_seconds(0, 0, 0), 0);
    EXPECT_EQ(validity_seconds(600, 70'000, 10'000), 60);
    EXPECT_EQ(validity_seconds(30, 70'000, 10'000), 30);
    EXPECT_EQ(validity_seconds(30, 1'000, 10'000), 1);
}

TEST(SmppPace, a_bucket_keeps_the_rate) {
    Pace pace({10, 1'000'000, 5'000'000});
    std::int64_t now_us = 1'000'000;
    int taken = 0;
    for (; now_us < 11'000'000; now_us += 1'000) taken += pace.take(now_us) ? 1 : 0;
    EXPECT_GE(taken, 99);
    EXPECT_LE(taken, 102);
}

TEST(SmppPace, throttling_halves_the_rate_and_pauses_then_it_recovers) {
    Pace pace({100, 1'000'000, 5'000'000});
    std::int64_t now_us = 1'000'000;
    for (; now_us < 3'000'000; now_us += 1'000) (void)pace.take(now_us);
    pace.on_throttled(now_us);
    pace.on_throttled(now_us);  // of the same burst
    EXPECT_NEAR(pace.rate(), 50, 2);
    EXPECT_FALSE(pace.take(now_us + 999'000));
    EXPECT_GE(pace.next_us(now_us), now_us + 1'000'000);
    now_us += 1'000'000;
    EXPECT_TRUE(pace.take(now_us + 20'000));
    for (int second = 0; second < 10; ++second) pace.on_accepted(now_us += 1'100'000);
    EXPECT_DOUBLE_EQ(pace.rate(), 100);
}

TEST(SmppPace, without_a_rate_there_is_one_after_throttling_and_none_in_the_end) {
    Pace pace({0, 1'000'000, 2'000'000});
    std::int64_t now_us = 1'000'000;
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(pace.take(now_us += 1'000));
    pace.on_throttled(now_us);
    EXPECT_GT(pace.rate(), 100);
    for (int second = 0; second < 12; ++second) pace.on_accepted(now_us += 1'100'000);
    EXPECT_EQ(pace.rate(), 0);
}

}  // namespace
}  // namespace hongyan::smpp
