#include "universe/core/chaos.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hongyan::universe {
namespace {

constexpr std::int64_t second = 1'000'000;

ChaosScript one_rule(ChaosRule rule, std::uint64_t seed = 1) {
    ChaosScript script;
    script.seed = seed;
    script.rules.push_back(std::move(rule));
    return script;
}

Fate draw(Chaos& chaos, std::string_view recipient = "", std::int64_t at_us = 0,
          std::string_view service = "aliyun") {
    const std::string_view names[] = {recipient};
    return chaos.draw({service, names, "/v1"}, at_us);
}

std::vector<double> sample(const Spread& spread, int count = 20'000) {
    std::vector<double> all;
    for (int i = 0; i < count; ++i) {
        Dice dice(7, 0, static_cast<std::uint64_t>(i));
        all.push_back(static_cast<double>(draw_pause(spread, dice).count()));
    }
    std::ranges::sort(all);
    return all;
}

double mean(const std::vector<double>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

TEST(dice, gives_the_same_numbers_for_the_same_seed_and_others_for_another) {
    Dice a(1, 2, 3);
    Dice b(1, 2, 3);
    Dice c(2, 2, 3);
    const double first = a.next();
    EXPECT_EQ(first, b.next());
    EXPECT_NE(first, c.next());
    EXPECT_NE(first, a.next());
}

TEST(dice, is_even_over_streams_and_indexes) {
    double sum = 0;
    int low = 0;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const double value = Dice(1, i % 7, i / 7).next();
        ASSERT_GE(value, 0.0);
        ASSERT_LT(value, 1.0);
        sum += value;
        low += value < 0.1 ? 1 : 0;
    }
    EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
    EXPECT_NEAR(low, 10'000, 300);
}

TEST(spread, draws_each_distribution_as_it_is_defined) {
    using Kind = Spread::Kind;
    EXPECT_EQ(sample({Kind::fixed, 120, 0, 60'000}).front(), 120);
    const auto uniform = sample({Kind::uniform, 100, 300, 60'000});
    EXPECT_GE(uniform.front(), 100);
    EXPECT_LE(uniform.back(), 300);
    EXPECT_NEAR(mean(uniform), 200, 2);
    EXPECT_NEAR(mean(sample({Kind::exponential, 200, 0, 60'000})), 200, 6);
    const auto lognormal = sample({Kind::lognormal, 100, 1, 60'000});
    EXPECT_NEAR(lognormal[lognormal.size() / 2], 100, 4);
    EXPECT_NEAR(lognormal[lognormal.size() * 84 / 100], 100 * std::exp(1.0), 15);
    const auto pareto = sample({Kind::pareto, 50, 2, 60'000});
    EXPECT_GE(pareto.front(), 50);
    EXPECT_NEAR(pareto[pareto.size() / 2], 50 * std::sqrt(2.0), 3);
    EXPECT_EQ(sample({Kind::pareto, 50, 0.1, 1'000}).back(), 1'000);  // cut
}

TEST(chaos, hits_as_often_as_its_percent_says) {
    Chaos chaos(one_rule({{.percent = 10}, {}, "server_error"}), 0);
    int hits = 0;
    for (int i = 0; i < 20'000; ++i) hits += draw(chaos).fault == "server_error" ? 1 : 0;
    EXPECT_NEAR(hits, 2'000, 150);
    EXPECT_EQ(chaos.hits().at(0), static_cast<std::uint64_t>(hits));
}

TEST(chaos, draws_the_same_again_with_the_same_seed) {
    const auto run = [](std::uint64_t seed) {
        Chaos chaos(one_rule({{.percent = 50}, {}, "hang"}, seed), 0);
        std::string all;
        for (int i = 0; i < 64; ++i) all += draw(chaos).hang ? '1' : '0';
        return all;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

TEST(chaos, holds_for_its_service_recipient_and_path_only) {
    ChaosScope scope;
    scope.service = "aliyun";
    scope.recipient = "138*";
    scope.path = "/v?";
    Chaos chaos(one_rule({scope, {}, "quota"}), 0);
    EXPECT_EQ(draw(chaos, "13800138000").fault, "quota");
    EXPECT_EQ(draw(chaos, "13900138000").fault, "");
    EXPECT_EQ(draw(chaos, "13800138000", 0, "twilio").fault, "");
    const std::string_view names[] = {"x", "13800138000"};
    EXPECT_EQ(chaos.draw({"aliyun", names, "/v1"}, 0).fault, "quota");
    EXPECT_EQ(chaos.draw({"aliyun", names, "/v12"}, 0).fault, "");
    EXPECT_EQ(chaos.draw({"aliyun", {}, "/v1"}, 0).fault, "");
}

TEST(chaos, keeps_to_its_window_and_its_times) {
    ChaosScope outage;
    outage.from_seconds = 10;
    outage.for_seconds = 30;
    Chaos chaos(one_rule({outage, {}, "cut_before"}), 5 * second);
    EXPECT_FALSE(draw(chaos, "", 14 * second).cut_before);
    EXPECT_TRUE(draw(chaos, "", 15 * second).cut_before);
    EXPECT_TRUE(draw(chaos, "", 44 * second).cut_before);
    EXPECT_FALSE(draw(chaos, "", 45 * second).cut_before);
    ChaosScope first;
    first.times = 2;
    Chaos twice(one_rule({first, {}, "cut_after"}), 0);
    EXPECT_TRUE(draw(twice).cut_after);
    EXPECT_TRUE(draw(twice).cut_after);
    EXPECT_FALSE(draw(twice).cut_after);
    EXPECT_EQ(twice.hits().at(0), 2U);
}

TEST(chaos, adds_latencies_until_the_first_action) {
    ChaosScript script;
    script.rules.push_back({{}, {Spread::Kind::fixed, 100, 0, 60'000}, ""});
    script.rules.push_back({{}, {Spread::Kind::fixed, 50, 0, 60'000}, "status", 502, 7});
    script.rules.push_back({{}, {Spread::Kind::fixed, 999, 0, 60'000}, "hang"});
    Chaos chaos(script, 0);
    const Fate fate = draw(chaos);
    EXPECT_EQ(fate.latency.count(), 150);
    EXPECT_EQ(fate.fault, "status");
    EXPECT_EQ(fate.status, 502);
    EXPECT_EQ(fate.retry_after_seconds, 7);
    EXPECT_FALSE(fate.hang);
}

TEST(chaos, lets_ok_shield_from_later_rules) {
    ChaosScript script;
    script.rules.push_back({{.recipient = "vip*"}, {}, "ok"});
    script.rules.push_back({{}, {}, "hang"});
    Chaos chaos(script, 0);
    EXPECT_FALSE(draw(chaos, "vip1").hang);
    EXPECT_TRUE(draw(chaos, "other").hang);
}

TEST(chaos, follows_steering_words_before_every_rule) {
    Chaos chaos(one_rule({{}, {}, "server_error"}), 0);
    EXPECT_EQ(draw(chaos, "fail-rate-limited@example.com").fault, "rate_limited");
    EXPECT_EQ(draw(chaos, "a-fail-server-error-7").fault, "server_error");
    EXPECT_TRUE(draw(chaos, "fail-hang").hang);
    EXPECT_TRUE(draw(chaos, "fail-cut-before").cut_before);
    EXPECT_TRUE(draw(chaos, "x+fail-cut-after").cut_after);
    EXPECT_TRUE(draw(chaos, "fail-half-answer").half_answer);
    const Fate slow = draw(chaos, "slow-250@example.com");
    EXPECT_EQ(slow.latency.count(), 250);
    EXPECT_EQ(slow.fault, "");
    EXPECT_EQ(draw(chaos, "slow-99999999999").latency.count(), 3'600'000);
    EXPECT_EQ(draw(chaos, "fail-").fault, "server_error");  // no word: the rule
    EXPECT_EQ(draw(chaos, "slow-").fault, "server_error");
}

TEST(chaos, draws_receipts_from_all_rules_that_hit) {
    ChaosScript script;
    ReceiptRule late;
    late.delay = {Spread::Kind::fixed, 500, 0, 60'000};
    ReceiptRule twice;
    twice.copies = 3;
    twice.forged = true;
    script.receipts = {late, twice};
    Chaos chaos(script, 0);
    const auto fate = chaos.draw_receipt({"aliyun", {}, ""}, 0);
    EXPECT_EQ(fate.delay.count(), 500);
    EXPECT_EQ(fate.copies, 3);
    EXPECT_TRUE(fate.forged);
    EXPECT_FALSE(fate.lost);
    const std::string_view lost[] = {"receipt-lost@example.com"};
    EXPECT_TRUE(chaos.draw_receipt({"aliyun", lost, ""}, 0).lost);
}

TEST(chaos, spreads_receipts_out_of_order) {
    ChaosScript script;
    ReceiptRule rule;
    rule.out_of_order = true;
    script.receipts = {rule};
    Chaos chaos(script, 0);
    int swapped = 0;
    Millis last{0};
    for (int i = 0; i < 100; ++i) {
        const auto delay = chaos.draw_receipt({"aliyun", {}, ""}, 0).delay;
        EXPECT_LE(delay.count(), 1'000);
        swapped += delay < last ? 1 : 0;
        last = delay;
    }
    EXPECT_GT(swapped, 30);
}

TEST(glob, fits_stars_and_marks) {
    EXPECT_TRUE(fits_glob("*", ""));
    EXPECT_TRUE(fits_glob("1?8*0", "1380"));
    EXPECT_FALSE(fits_glob("138", "1380"));
    EXPECT_TRUE(fits_glob("*@example.com", "a@b@example.com"));
    EXPECT_FALSE(fits_glob("?", ""));
    EXPECT_TRUE(fits_glob("a*b*c", "aXbXbXc"));
}

}  // namespace
}  // namespace hongyan::universe
