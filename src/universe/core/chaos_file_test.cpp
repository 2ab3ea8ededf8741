#include "universe/core/chaos_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace hongyan::universe {
namespace {

const KnownServices known{{"aliyun", {"access_key_id", "frequency_per_minute"}},
                          {"smpp", {"system_id"}}};

Result<UniverseFile> parse(std::string_view text) {
    return parse_universe_file(text, "u.toml", known);
}

/// The whole message of a text that must be refused.
std::string refusal(std::string_view text) {
    const auto file = parse(text);
    return file ? "accepted" : file.error().detail;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST(universe_file, reads_rules_receipts_and_settings) {
    const auto file = parse(R"(
[chaos]
seed = 42
[[chaos.rule]]
service = "aliyun"
percent = 12.5
recipient = "138*"
latency_ms = {distribution = "lognormal", median_ms = 80, sigma = 0.7, max_ms = 2000}
action = "rate_limited"
retry_after_seconds = 2
from_seconds = 10
for_seconds = 30
times = 5
[[chaos.rule]]
latency_ms = 25
[[chaos.receipt]]
service = "smpp"
delay_ms = {distribution = "uniform", low_ms = 10, high_ms = 20}
copies = 2
out_of_order = true
[services.aliyun]
access_key_id = "id"
frequency_per_minute = 3
)");
    ASSERT_TRUE(file.ok()) << file.error().detail;
    const auto& rule = file->chaos.rules.at(0);
    EXPECT_EQ(file->chaos.seed, 42U);
    EXPECT_EQ(rule.scope.percent, 12.5);
    EXPECT_EQ(rule.scope.times, 5);
    EXPECT_EQ(rule.scope.for_seconds, 30);
    EXPECT_EQ(rule.latency.kind, Spread::Kind::lognormal);
    EXPECT_EQ(rule.latency.max_ms, 2'000);
    EXPECT_EQ(rule.retry_after_seconds, 2);
    EXPECT_EQ(file->chaos.rules.at(1).latency.first, 25);
    EXPECT_EQ(file->chaos.receipts.at(0).copies, 2);
    EXPECT_TRUE(file->chaos.receipts.at(0).out_of_order);
    EXPECT_EQ(file->settings.at("aliyun").at("frequency_per_minute"), "3");
}

TEST(universe_file, accepts_an_empty_text) {
    const auto file = parse("");
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file->chaos.rules.empty());
}

TEST(universe_file, names_file_place_table_and_what_would_be_right) {
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"rate_limted\"\n"),
                    "u.toml:2:10: chaos.rule[0].action is \"rate_limted\"; did you mean "
                    "\"rate_limited\"?"))
        << refusal("[[chaos.rule]]\naction = \"rate_limted\"\n");
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"ok\"\nservce = \"aliyun\"\n"),
                    "chaos.rule[0].servce is unknown; did you mean \"service\"?"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"ok\"\nservice = \"alyun\"\n"),
                    "did you mean \"aliyun\"?"));
    EXPECT_TRUE(has(refusal("[services.aliyun]\naccess_key = 1\n"), "is no setting"));
    EXPECT_TRUE(has(refusal("[services.smp]\n"), "did you mean \"smpp\"?"));
    EXPECT_TRUE(has(refusal("[chaso]\n"), "did you mean \"chaos\"?"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]\n"), "this is not TOML"));
}

TEST(universe_file, refuses_values_of_the_wrong_kind_or_range) {
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"ok\"\npercent = 101\n"), "from 0 to 100"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"ok\"\npercent = \"1\"\n"), "number"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = \"ok\"\npercent = nan\n"), "number"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\naction = 1\n"), "must be a text"));
    EXPECT_TRUE(has(refusal("[[chaos.rule]]\n"), "does nothing"));
    EXPECT_TRUE(has(refusal("[[chaos.receipt]]\nlost = 1\n"), "true or false"));
    EXPECT_TRUE(has(refusal("[[chaos.receipt]]\ncopies = 0\n"), "from 1 to 100"));
    EXPECT_TRUE(has(refusal("chaos = 1\n"), "must be a table"));
    EXPECT_TRUE(has(refusal("[chaos]\nrule = 1\n"), "[[chaos.rule]]"));
    EXPECT_TRUE(has(refusal("[services.aliyun]\naccess_key_id = [1]\n"), "must be a text"));
}

TEST(universe_file, refuses_distributions_without_their_numbers) {
    const std::string start = "[[chaos.rule]]\nlatency_ms = ";
    EXPECT_TRUE(has(refusal(start + "{distribution = \"uniform\", low_ms = 5}\n"),
                    "needs low_ms and high_ms"));
    EXPECT_TRUE(
        has(refusal(start + "{distribution = \"uniform\", low_ms = 5, high_ms = 1}\n"), "from 5"));
    EXPECT_TRUE(has(refusal(start + "{distribution = \"normal\", ms = 5}\n"), "lognormal"));
    EXPECT_TRUE(has(refusal(start + "{mean_ms = 5}\n"), "is unknown"));
    EXPECT_TRUE(has(refusal(start + "\"fast\"\n"), "milliseconds"));
    EXPECT_TRUE(has(refusal(start + "-1\n"), "milliseconds"));
}

TEST(universe_file, reports_every_problem_at_once) {
    const auto file = parse("[[chaos.rule]]\naction = \"x\"\npercent = 200\ntimes = -1\n");
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().problems.size(), 3U);
    EXPECT_EQ(file.error().code, ErrorCode::config_invalid);
}

TEST(universe_file, says_which_file_cannot_be_read) {
    const auto file = read_universe_file("/nowhere/u.toml", known);
    ASSERT_FALSE(file.ok());
    EXPECT_TRUE(has(file.error().detail, "/nowhere/u.toml"));
}

}  // namespace
}  // namespace hongyan::universe
