#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/text.hpp"
#include "shape/json_reader.hpp"
#include "shape/sample_test.hpp"

namespace hongyan::shape {
namespace {

using sample::Everything;

TEST(write, leaves_out_empty_optionals_and_writes_nullable_ones_as_null) {
    EXPECT_EQ(write(sample::Entry{"x", std::nullopt}), R"({"recipient":"x"})");
    Everything all;
    all.id = 9007199254740993;
    EXPECT_EQ(
        write(all),
        R"({"text":"","flag":false,"small":0,"tiny":0,"wide":0,"real":0,"narrow":0,"kind":"sms",)"
        R"("other_kind":null,"id":"9007199254740993","numbers":[],"words":[],"counts":{},"labels":{},)"
        R"("free":{},"any":null})");
}

TEST(write, omit_empty_leaves_out_zero_and_empty_lists) {
    EXPECT_EQ(write(sample::Tree{"a", {}}), R"({"name":"a"})");
    EXPECT_EQ(write(sample::Tree{"a", {{"b", {}}}}), R"({"name":"a","children":[{"name":"b"}]})");
}

TEST(write, times_are_rfc_3339_and_raw_json_is_verbatim) {
    sample::Send send;
    send.channel = "sms";
    send.send_at_ms = 1'764'000'000'123;
    send.metadata = R"({"a" : 1})";
    EXPECT_EQ(write(send), R"({"channel":"sms","priority":5,"send_at":")" +
                               format_rfc3339(1'764'000'000'123) +
                               R"(","metadata":{"a" : 1},"recipient":""})");
}

TEST(write, text_that_is_not_utf8_stays_a_valid_document) {
    const std::string out = write(sample::Entry{"a\xff\xe9\xb8\xbf\xe9", std::nullopt});
    EXPECT_EQ(out, "{\"recipient\":\"a\xEF\xBF\xBD\xe9\xb8\xbf\xEF\xBF\xBD\"}");
    EXPECT_TRUE(parse_json(out).ok());
}

TEST(write, numbers_that_are_not_finite_are_null) {
    Everything all;
    all.real = std::numeric_limits<double>::infinity();
    all.maybe = std::numeric_limits<double>::quiet_NaN();
    const std::string out = write(all);
    EXPECT_NE(out.find(R"("real":null)"), out.npos);
    EXPECT_NE(out.find(R"("maybe":null)"), out.npos);
}

TEST(write, append_adds_to_what_is_there) {
    std::string out = "[";
    append(out, sample::Entry{"x", std::nullopt});
    EXPECT_EQ(out, R"([{"recipient":"x"})");
}

/// Random values, with the nasty ones more often than chance would have them.
class Maker {
  public:
    explicit Maker(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return random_() % n; }
    std::int64_t integer() {
        switch (below(4)) {
            case 0:
                return std::numeric_limits<std::int64_t>::min();
            case 1:
                return std::numeric_limits<std::int64_t>::max();
            case 2:
                return static_cast<std::int64_t>(below(100)) - 50;
            default:
                return static_cast<std::int64_t>(std::uint64_t{random_()} << 32 | random_());
        }
    }
    double real() {
        return std::ldexp(static_cast<double>(integer()), static_cast<int>(below(600)) - 300);
    }
    std::string text() {
        constexpr std::array<std::string_view, 8> pieces{"a",    "\"", "\\", "\n",
                                                         "\x01", "雁", "😀",  "/~"};
        std::string out;
        for (std::size_t n = below(6); n > 0; --n) out += pieces[below(pieces.size())];
        return out;
    }
    boost::json::value any(int depth) {
        switch (below(depth > 0 ? 7 : 5)) {
            case 0:
                return nullptr;
            case 1:
                return below(2) == 0;
            case 2:
                return integer();
            case 3:
                return real();
            case 4:
                return boost::json::string(text());
            case 5:
                return free(depth - 1);
            default:
                return boost::json::array{any(depth - 1), any(depth - 1)};
        }
    }
    JsonObject free(int depth) {
        JsonObject out;
        for (std::size_t n = below(3); n > 0; --n) out[text()] = any(depth);
        return out;
    }
    Everything everything() {
        Everything all;
        all.text = text();
        all.flag = below(2) == 0;
        all.small = static_cast<std::int32_t>(integer());
        all.tiny = static_cast<std::uint8_t>(below(256));
        all.wide = integer();
        all.real = real();
        all.narrow = static_cast<float>(below(1000)) / 7;
        all.kind = static_cast<sample::Kind>(below(3));
        if (below(2) == 0) all.other_kind = static_cast<sample::Kind>(below(3));
        all.id = integer();
        all.at_ms = static_cast<std::int64_t>(below(4'000'000'000)) * 1000 + 7;
        if (below(2) == 0) all.maybe = real();
        if (below(2) == 0) all.entry = sample::Entry{"r" + text(), free(1)};
        for (std::size_t n = below(4); n > 0; --n) all.numbers.push_back(integer());
        for (std::size_t n = below(4); n > 0; --n) all.words.push_back(text());
        for (std::size_t n = below(4); n > 0; --n) all.counts[text()] = integer();
        for (std::size_t n = below(4); n > 0; --n) all.labels[text()] = text();
        all.free = free(3);
        all.any = any(3);
        return all;
    }

  private:
    std::mt19937 random_;
};

TEST(write, what_is_written_reads_back_the_same) {
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        const std::string text = write(Maker(seed).everything());
        const auto back = read<Everything>(text);
        ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.error().detail << "\n" << text;
        ASSERT_EQ(write(*back), text) << "seed " << seed;
    }
}

TEST(write, mutated_documents_are_read_or_refused_and_never_harm) {
    std::mt19937 random(20261124);
    for (std::uint32_t seed = 0; seed < 3000; ++seed) {
        std::string text = write(Maker(seed % 50).everything());
        for (std::size_t n = 1 + random() % 4; n > 0; --n) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[at] = static_cast<char>(random());
                    break;
                case 1:
                    text.erase(at, 1 + random() % 8);
                    break;
                case 2:
                    text.insert(at, 1, "{}[]\",:\\/0-e\xff"[random() % 13]);
                    break;
                default:
                    text.insert(at, text.substr(random() % text.size(), 12));
            }
            if (text.empty()) text = "{}";
        }
        const auto back = read<Everything>(text);
        if (back.ok()) {
            ASSERT_TRUE(parse_json(write(*back)).ok()) << text;
        } else {
            ASSERT_FALSE(back.error().problems.empty()) << text;
            for (const auto& problem : back.error().problems)
                ASSERT_TRUE(is_utf8(problem.detail + problem.path)) << text;
        }
    }
}

}  // namespace
}  // namespace hongyan::shape
