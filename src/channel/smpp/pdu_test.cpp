#include "channel/smpp/pdu.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/text.hpp"
#include "channel/smpp/alphabet.hpp"
#include "channel/smpp/split.hpp"

namespace hongyan::smpp {
namespace {

std::string from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

ShortMessage to_shanghai() {
    ShortMessage m;
    m.source = {5, 0, "ACME"};
    m.destination = {1, 1, "8613800138000"};
    m.registered_delivery = 1;
    return m;
}

std::string submit(std::uint32_t sequence, const ShortMessage& m) {
    std::string out;
    append_message(out, Command::submit_sm, sequence, m);
    return to_hex(out);
}

constexpr std::string_view receipt_pdu =
    "000000b20000000500000000000000070001013836313338303031333830303000050041434d4500040000000000"
    "0000007069643a30303031373135303034207375623a30303120646c7672643a303031207375626d697420646174"
    "653a3236303832313130333020646f6e6520646174653a3236303832313130333120737461743a44454c49565244"
    "206572723a30303020746578743a436f64653a2031323334001e0007314132423343000427000102";

TEST(SmppPdu, a_bind_has_the_bytes_that_other_implementations_write) {
    std::string out;
    append_bind(out, Command::bind_transceiver, 1, {"smppclient1", "password", "", 0, 0, ""});
    EXPECT_EQ(
        to_hex(out),
        "0000002a000000090000000000000001736d7070636c69656e74310070617373776f7264000034000000");
}

TEST(SmppPdu, a_gsm_text_with_an_extension_character_has_the_known_bytes) {
    auto m = to_shanghai();
    m.text = split_text("Code: 1234 @ €5", {}, 1)->segments[0].text;
    EXPECT_EQ(to_hex(m.text), "436f64653a20313233342000201b6535");
    EXPECT_EQ(
        submit(2, m),
        "0000004200000004000000000000000200050041434d450001013836313338303031333830303000000000"
        "00000100000010436f64653a20313233342000201b6535");
}

TEST(SmppPdu, a_chinese_text_goes_as_ucs2) {
    auto m = to_shanghai();
    const auto split = split_text("验证码", {}, 1);
    m.text = split->segments[0].text;
    m.data_coding = split->data_coding;
    EXPECT_EQ(
        submit(3, m),
        "0000003800000004000000000000000300050041434d450001013836313338303031333830303000000000"
        "000001000800069a8c8bc17801");
}

TEST(SmppPdu, a_user_data_header_stands_before_the_text) {
    auto m = to_shanghai();
    m.esm_class = 0x40;
    m.text = from_hex("0500032a0201") + "part one";
    EXPECT_EQ(submit(4, m),
              "0000004000000004000000000000000400050041434d45000101383631333830303133"
              "38303030004000000000010000000e0500032a020170617274206f6e65");
}

TEST(SmppPdu, a_payload_leaves_short_message_empty) {
    auto m = to_shanghai();
    m.tlvs = {{tag::message_payload, "long text"}};
    EXPECT_EQ(
        submit(5, m),
        "0000003f00000004000000000000000500050041434d450001013836313338303031333830303000000000"
        "000001000000000424"
        "00096c6f6e672074657874");
}

TEST(SmppPdu, answers_and_link_checks_have_the_known_bytes) {
    const auto bare = [](std::uint32_t command, std::uint32_t status, std::uint32_t sequence) {
        std::string out;
        append_bare(out, command, status, sequence);
        return to_hex(out);
    };
    EXPECT_EQ(bare(0x15, 0, 9), "00000010000000150000000000000009");
    EXPECT_EQ(bare(0x80000015, 0, 9), "00000010800000150000000000000009");
    EXPECT_EQ(bare(6, 0, 10), "0000001000000006000000000000000a");
    EXPECT_EQ(bare(0x80000006, 0, 10), "0000001080000006000000000000000a");
    EXPECT_EQ(bare(0x80000000, 3, 11), "0000001080000000000000030000000b");
    std::string out;
    append_deliver_answer(out, 0x80000005, 0, 7);
    EXPECT_EQ(to_hex(out), "0000001180000005000000000000000700");
}

TEST(SmppPdu, responses_are_read) {
    const auto bytes = from_hex("0000001780000004000000000000000231413242334300");
    const auto frame = first_frame(bytes);
    ASSERT_EQ(frame.state, FrameState::complete);
    EXPECT_TRUE(frame.header.is_response_to(Command::submit_sm));
    EXPECT_EQ(frame.header.sequence, 2u);
    EXPECT_EQ(read_leading_text(frame.body), "1A2B3C");

    const auto throttled = first_frame(from_hex("00000010800000040000005800000003"));
    ASSERT_EQ(throttled.state, FrameState::complete);
    EXPECT_EQ(throttled.header.status, 0x58u);
    EXPECT_EQ(read_leading_text(""), std::nullopt);

    const auto bind = from_hex("0000001a800000090000000000000001534d5343000210000134");
    const auto bound = first_frame(bind);
    EXPECT_EQ(read_leading_text(bound.body), "SMSC");
}

TEST(SmppPdu, a_receipt_is_read_with_its_tlvs) {
    const auto bytes = from_hex(receipt_pdu);
    const auto frame = first_frame(bytes);
    ASSERT_EQ(frame.state, FrameState::complete);
    const auto m = read_deliver(frame.body);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->source.digits, "8613800138000");
    EXPECT_EQ(m->destination.digits, "ACME");
    EXPECT_EQ(m->esm_class, 4);
    EXPECT_TRUE(m->text.starts_with("id:0001715004 "));
    ASSERT_NE(m->find(tag::receipted_message_id), nullptr);
    EXPECT_EQ(tlv_text(*m->find(tag::receipted_message_id)), "1A2B3C");
    EXPECT_EQ(*m->find(tag::message_state), "\x02");
    EXPECT_EQ(m->find(0x1401), nullptr);
}

TEST(SmppPdu, what_is_read_is_what_was_written) {
    auto m = to_shanghai();
    m.service_type = "WAP";
    m.validity_period = "000000001000000R";
    m.data_coding = 8;
    m.text = std::string("\0\x01\xFF", 3);
    m.tlvs = {{0x1401, "vendor"}, {tag::message_state, "\x02"}};
    std::string bytes;
    append_message(bytes, Command::deliver_sm, 77, m);
    const auto read = read_deliver(first_frame(bytes).body);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->service_type, "WAP");
    EXPECT_EQ(read->validity_period, m.validity_period);
    EXPECT_EQ(read->text, m.text);
    ASSERT_EQ(read->tlvs.size(), 2u);
    EXPECT_EQ(read->tlvs[0].tag, 0x1401);
    EXPECT_EQ(read->tlvs[0].value, "vendor");
}

TEST(SmppPdu, every_truncation_of_a_receipt_is_refused_or_incomplete) {
    const auto whole = from_hex(receipt_pdu);
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(first_frame(std::string_view(whole).substr(0, length)).state,
                  FrameState::incomplete);
    const auto body = std::string_view(whole).substr(header_size);
    // Cut where a TLV ends, what remains is whole.
    const auto is_boundary = [&](std::size_t n) {
        return n == body.size() || n == body.size() - 5 || n == body.size() - 5 - 11;
    };
    for (std::size_t length = 0; length <= body.size(); ++length)
        EXPECT_EQ(read_deliver(body.substr(0, length)).ok(), is_boundary(length)) << length;
}

TEST(SmppPdu, impossible_lengths_are_seen_from_four_bytes) {
    for (const auto* hex : {"00000000", "0000000f", "00010001", "ffffffff", "47455420"})
        EXPECT_EQ(first_frame(from_hex(hex)).state, FrameState::bad_length) << hex;
    EXPECT_EQ(first_frame(from_hex("00010000")).state, FrameState::incomplete);
    EXPECT_EQ(first_frame("").state, FrameState::incomplete);
}

TEST(SmppPdu, two_hundred_thousand_random_pdus_do_no_harm) {
    std::mt19937 random(20260821);
    const auto seed = from_hex(receipt_pdu);
    std::size_t good = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string bytes;
        if (round % 2 == 0) {  // a real one with a few bytes changed
            bytes = seed;
            for (unsigned i = 0; i < 1 + random() % 6; ++i)
                bytes[16 + random() % (bytes.size() - 16)] = static_cast<char>(random());
            bytes.resize(16 + random() % (bytes.size() - 15));
        } else {
            bytes.resize(random() % 200);
            for (auto& byte : bytes) byte = static_cast<char>(random());
        }
        const auto frame = first_frame(bytes);
        if (frame.state == FrameState::complete) {
            ASSERT_LE(frame.header.length, bytes.size());
        }
        const auto body = std::string_view(bytes).substr(std::min<std::size_t>(16, bytes.size()));
        const auto deliver = read_deliver(body);
        if (deliver) {
            ++good;
            ASSERT_LE(deliver->content().size(), body.size());
        }
        (void)read_data(body);
        (void)read_leading_text(body);
    }
    EXPECT_GT(good, 0u);
}

}  // namespace
}  // namespace hongyan::smpp
