#include "channel/smpp/receipt.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/text.hpp"
#include "channel/smpp/receipt_book.hpp"

namespace hongyan::smpp {
namespace {

ShortMessage of_text(std::string text, std::uint8_t esm_class = 0x04) {
    ShortMessage m;
    m.esm_class = esm_class;
    m.text = std::move(text);
    return m;
}

ReceiptFacts facts_of(const ShortMessage& m, const ReceiptRules& rules = {}) {
    const auto facts = read_receipt(m, rules);
    EXPECT_TRUE(facts.has_value());
    return facts.value_or(ReceiptFacts{});
}

TEST(SmppReceipt, the_text_of_the_specification_is_read) {
    const auto facts = facts_of(
        of_text("id:0001715004 sub:001 dlvrd:001 submit date:2608211030 done date:2608211031 "
                "stat:DELIVRD err:000 text:Code: 1234"));
    EXPECT_EQ(facts.id, "1715004");
    EXPECT_EQ(facts.state, DeliveryState::delivered);
    EXPECT_EQ(facts.error, "000");
    EXPECT_EQ(format_rfc3339(facts.done_ms), "2026-08-21T10:31:00.000Z");
}

TEST(SmppReceipt, dialects_are_read_leniently) {
    const auto swapped = facts_of(
        of_text("STAT:UNDELIV ERR:04A ID:ab-12 DONE DATE:260821103145 Text: id:7 stat:DELIVRD"));
    EXPECT_EQ(swapped.id, "ab-12");
    EXPECT_EQ(swapped.state, DeliveryState::undeliverable);
    EXPECT_EQ(swapped.error, "04A");
    EXPECT_EQ(format_rfc3339(swapped.done_ms), "2026-08-21T10:31:45.000Z");

    const auto brief = facts_of(of_text("id:77 stat:EXPIRED"));
    EXPECT_EQ(brief.state, DeliveryState::expired);
    EXPECT_EQ(brief.done_ms, 0);

    const auto long_dates = facts_of(of_text(
        "id:5 sub:001 dlvrd:000 submit date:20260821103000 done date:20260821103145 stat:REJECTD "
        "err:abc"));
    EXPECT_EQ(long_dates.state, DeliveryState::rejected);
    EXPECT_EQ(format_rfc3339(long_dates.done_ms), "2026-08-21T10:31:45.000Z");

    const auto underscores =
        facts_of(of_text("id: 9 submit_date: x done_date:2608211031 stat: ACCEPTED"));
    EXPECT_EQ(underscores.id, "9");
    EXPECT_EQ(underscores.state, DeliveryState::accepted);
    EXPECT_NE(underscores.done_ms, 0);

    const auto empty_fields =
        facts_of(of_text("id:3 sub: dlvrd: submit date: done date: stat:DELIVRD err: text:"));
    EXPECT_EQ(empty_fields.id, "3");
    EXPECT_EQ(empty_fields.state, DeliveryState::delivered);
    EXPECT_EQ(empty_fields.error, "");
}

TEST(SmppReceipt, twelve_digits_without_a_sane_month_are_a_long_year) {
    EXPECT_EQ(format_rfc3339(read_receipt_date("202608211031", 0)), "2026-08-21T10:31:00.000Z");
    EXPECT_EQ(read_receipt_date("2613211031", 0), 0);
    EXPECT_EQ(read_receipt_date("260821103", 0), 0);
    EXPECT_EQ(read_receipt_date("26082110x1", 0), 0);
}

TEST(SmppReceipt, dates_are_of_the_configured_zone) {
    EXPECT_EQ(format_rfc3339(read_receipt_date("2608210031", 480)), "2026-08-20T16:31:00.000Z");
    EXPECT_EQ(read_zone("+08:00"), 480);
    EXPECT_EQ(read_zone("-0330"), -210);
    EXPECT_EQ(read_zone("Z"), 0);
    EXPECT_EQ(read_zone("Asia/Shanghai"), std::nullopt);
    EXPECT_EQ(read_zone("+25:00"), std::nullopt);
}

TEST(SmppReceipt, tlvs_come_before_the_text) {
    auto m = of_text("id:99 stat:ENROUTE");
    m.tlvs = {{tag::receipted_message_id, std::string("1A2B3C\0", 7)},
              {tag::message_state, "\x05"},
              {tag::network_error_code, std::string("\x03\x00\x22", 3)}};
    const auto facts = facts_of(m);
    EXPECT_EQ(facts.id, "1a2b3c");
    EXPECT_EQ(facts.state, DeliveryState::undeliverable);
    EXPECT_EQ(facts.network_error, "3/34");
    m.text.clear();
    m.tlvs[0].value = "1A2B3C";
    EXPECT_EQ(facts_of(m).id, "1a2b3c");
}

TEST(SmppReceipt, hexadecimal_and_decimal_ids_become_one) {
    const ReceiptRules hex_answer{IdMode::resp_hex_dlr_dec, 0};
    EXPECT_EQ(normal_answer_id("1A2B3C", IdMode::resp_hex_dlr_dec), "1715004");
    auto m = of_text("id:0001715004 stat:DELIVRD");
    EXPECT_EQ(facts_of(m, hex_answer).id, "1715004");
    // The TLV bears the answer's form, or that of the text.
    m.tlvs = {{tag::receipted_message_id, "1A2B3C"}, {tag::message_state, "\x02"}};
    EXPECT_EQ(facts_of(m, hex_answer).id, "1715004");
    m.tlvs[0].value = "0001715004";
    EXPECT_EQ(facts_of(m, hex_answer).id, "1715004");

    const ReceiptRules hex_receipt{IdMode::resp_dec_dlr_hex, 0};
    EXPECT_EQ(normal_answer_id("0001715004", IdMode::resp_dec_dlr_hex), "1715004");
    EXPECT_EQ(facts_of(of_text("id:001a2b3c stat:DELIVRD"), hex_receipt).id, "1715004");

    EXPECT_EQ(normal_answer_id("00AbC-9", IdMode::as_is), "abc-9");
    EXPECT_EQ(normal_answer_id("0000", IdMode::as_is), "0");
    EXPECT_EQ(normal_answer_id("ffffffffffffffffffffffff", IdMode::resp_hex_dlr_dec),
              "79228162514264337593543950335");
    EXPECT_EQ(normal_answer_id("not-hex", IdMode::resp_hex_dlr_dec), "not-hex");
}

TEST(SmppReceipt, a_message_from_a_person_is_none) {
    EXPECT_FALSE(read_receipt(of_text("STOP", 0), {}));
    EXPECT_FALSE(read_receipt(of_text("my id: is 7", 0), {}));
    EXPECT_TRUE(read_receipt(of_text("id:7 stat:DELIVRD", 0), {}));
}

TEST(SmppReceipt, ucs2_receipts_are_read) {
    std::string wide;
    for (const char c : std::string("id:7 stat:DELIVRD")) wide += {'\0', c};
    auto m = of_text(wide);
    m.data_coding = 8;
    EXPECT_EQ(facts_of(m).id, "7");
}

TEST(SmppReceipt, states_become_statuses) {
    using enum DeliveryState;
    EXPECT_EQ(status_of(delivered, false), MessageStatus::delivered);
    for (const auto state : {expired, deleted, undeliverable, rejected, skipped})
        EXPECT_EQ(status_of(state, false), MessageStatus::failed);
    for (const auto state : {scheduled, enroute, accepted, unknown})
        EXPECT_EQ(status_of(state, false), MessageStatus::success);
    EXPECT_EQ(status_of(accepted, true), MessageStatus::delivered);
}

TEST(SmppReceipt, noise_does_no_harm) {
    std::mt19937 random(7);
    const std::string seed =
        "id:12 sub:001 dlvrd:001 submit date:2608211030 done date:2608211031 "
        "stat:DELIVRD err:000 text:Code";
    for (int round = 0; round < 100'000; ++round) {
        std::string text = seed;
        for (unsigned i = 0; i < 1 + random() % 8; ++i)
            text[random() % text.size()] = static_cast<char>(random());
        auto m = of_text(text.substr(random() % 20, random() % text.size()));
        m.data_coding = random() % 3 == 0 ? 8 : 0;
        (void)read_receipt(m, {IdMode::resp_dec_dlr_hex, 480});
    }
}

TEST(SmppReceiptBook, a_message_is_delivered_when_all_its_segments_are) {
    ReceiptBook book;
    book.add(42, {"a", "b", "c"}, false);
    const auto word = [&book](const char* id, DeliveryState state) {
        return book.read({id, state, "", "", 0}, false);
    };
    EXPECT_EQ(word("b", DeliveryState::delivered).status, MessageStatus::success);
    EXPECT_EQ(word("a", DeliveryState::delivered).status, MessageStatus::success);
    EXPECT_EQ(word("c", DeliveryState::enroute).status, MessageStatus::success);
    const auto last = word("c", DeliveryState::delivered);
    EXPECT_EQ(last.status, MessageStatus::delivered);
    EXPECT_EQ(last.provider_message_id, "a");
    EXPECT_EQ(last.message_id, 42);
    EXPECT_EQ(word("c", DeliveryState::delivered).status, MessageStatus::delivered);
}

TEST(SmppReceiptBook, one_failed_segment_fails_the_message) {
    ReceiptBook book;
    book.add(42, {"a", "b"}, false);
    EXPECT_EQ(book.read({"a", DeliveryState::delivered, "", "", 0}, false).status,
              MessageStatus::success);
    const auto failed = book.read({"b", DeliveryState::rejected, "045", "", 0}, false);
    EXPECT_EQ(failed.status, MessageStatus::failed);
    EXPECT_EQ(failed.provider_message_id, "a");
    EXPECT_EQ(failed.code, "REJECTD");
}

TEST(SmppReceiptBook, segments_of_an_incomplete_message_only_inform) {
    ReceiptBook book;
    book.add(42, {"a", ""}, true);
    EXPECT_EQ(book.read({"a", DeliveryState::delivered, "", "", 0}, false).status,
              MessageStatus::success);
}

TEST(SmppReceiptBook, the_oldest_ids_are_forgotten) {
    ReceiptBook book(2);
    for (const char* id : {"a", "b", "c"}) book.add(1, {id}, false);
    EXPECT_FALSE(book.knows("a"));
    EXPECT_TRUE(book.knows("c"));
    const auto unknown = book.read({"a", DeliveryState::delivered, "", "", 0}, false);
    EXPECT_EQ(unknown.message_id, 0);
    EXPECT_EQ(unknown.status, MessageStatus::delivered);
}

}  // namespace
}  // namespace hongyan::smpp
