#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/error_table.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/unique_function.hpp"

namespace hongyan {
namespace {

TEST(text, utf8_is_checked_by_bytes) {
    EXPECT_TRUE(is_utf8("plain, 中文, 😀"));
    EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
    EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
    EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
    EXPECT_FALSE(is_utf8("abc\xE4\xB8"));       // cut short
    EXPECT_EQ(utf8_length("中文😀a"), 4U);
}

TEST(text, times_are_read_and_written_as_rfc_3339) {
    EXPECT_EQ(format_rfc3339(1'795'456'800'123), "2026-11-23T18:00:00.123Z");
    EXPECT_EQ(parse_rfc3339("2026-11-23T18:00:00.123Z"), 1'795'456'800'123);
    EXPECT_EQ(parse_rfc3339("2026-11-24T02:00:00+08:00"), 1'795'456'800'000);
    EXPECT_EQ(parse_rfc3339("2026-11-23T18:00:00.5Z"), 1'795'456'800'500);
    for (const auto* bad :
         {"", "2026-11-23", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z", "2026-11-23T18:00:00",
          "2026-11-23T18:00:00.Z", "2026-11-23T18:00:00+8:00", "garbage-in-here-anyway"}) {
        EXPECT_FALSE(parse_rfc3339(bad)) << bad;
    }
}

TEST(text, base64_of_both_alphabets_comes_back) {
    const std::string bytes("\xFB\xFF\x00zz", 5);
    EXPECT_EQ(to_base64(bytes), "+/8Aeno=");
    EXPECT_EQ(to_base64url(bytes), "-_8Aeno");
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64url(bytes)), bytes);
    EXPECT_FALSE(from_base64("a*b"));
    EXPECT_FALSE(from_base64("abcde"));
}

TEST(text, json_escapes_control_characters) {
    EXPECT_EQ(json_quoted("a\"\\\n\x01"), R"("a\"\\\n\u0001")");
}

TEST(text, the_nearest_word_is_suggested_only_when_near) {
    constexpr std::string_view words[] = {"listen", "data_dir", "log_level"};
    EXPECT_EQ(nearest_word("lisen", words), "listen");
    EXPECT_EQ(nearest_word("quite_other", words), "");
}

TEST(crypto, known_digests) {
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(id, ids_rise_even_when_the_clock_goes_back) {
    ManualClock clock(1000);
    IdSource ids(clock, 0);
    const auto first = ids.next();
    EXPECT_EQ(id_time_ms(first), 1000);
    clock.advance(Millis(-500));
    EXPECT_GT(ids.next(), first);
    EXPECT_EQ(parse_message_id(trace_id_of(first)), first);
    EXPECT_EQ(parse_message_id(std::to_string(first)), first);
    EXPECT_FALSE(parse_message_id("msg_xyz"));
    EXPECT_FALSE(parse_message_id("-4"));
}

TEST(unique_function, owns_small_and_large_captures) {
    auto owned = std::make_unique<int>(7);
    UniqueFunction<int(int)> small = [p = std::move(owned)](int add) { return *p + add; };
    UniqueFunction<int(int)> moved = std::move(small);
    EXPECT_FALSE(small);  // NOLINT: the moved-from state is what is tested
    EXPECT_EQ(moved(1), 8);
    std::array<int, 64> many{};
    many[63] = 5;
    UniqueFunction<int(int)> large = [many](int add) { return many[63] + add; };
    EXPECT_EQ(large(1), 6);
}

TEST(error_table, rows_stand_in_the_order_of_their_codes) {
    for (std::size_t i = 0; i < error_table().size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(error_table()[i].code), i);
        EXPECT_EQ(error_table()[i].number / 100, error_table()[i].http_status);
    }
}

TEST(log, recipients_are_masked) {
    EXPECT_EQ(mask_recipient("13812345678"), "138****5678");
    EXPECT_EQ(mask_recipient("fan@example.com"), "f**@example.com");
}

}  // namespace
}  // namespace hongyan
