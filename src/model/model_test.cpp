#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "model/enums.hpp"
#include "model/histogram.hpp"
#include "model/timing.hpp"

namespace hongyan {
namespace {

TEST(Timing, durations_come_back_in_their_steps) {
    const Timing back = unpack_timing(pack({123'456, 98'765, 1'234'567}));
    EXPECT_EQ(back.queue_ms, 123'456);
    EXPECT_EQ(back.process_us, 98'760);
    EXPECT_EQ(back.send_us, 1'234'500);
    const Timing zero = unpack_timing(empty_timing);
    EXPECT_EQ(zero.queue_ms + zero.process_us + zero.send_us, 0);
}

TEST(Timing, what_is_out_of_range_is_cut_and_never_touches_its_neighbours) {
    constexpr auto huge = std::numeric_limits<std::int64_t>::max();
    for (int which = 0; which < 3; ++which) {
        Timing timing;
        (which == 0 ? timing.queue_ms : which == 1 ? timing.process_us : timing.send_us) = huge;
        const Timing back = unpack_timing(pack(timing));
        EXPECT_EQ(back.queue_ms, which == 0 ? 268'435'455 : 0);
        EXPECT_EQ(back.process_us, which == 1 ? 655'350 : 0);
        EXPECT_EQ(back.send_us, which == 2 ? 65'535'750 : 0);
    }
    EXPECT_EQ(pack({-1, -1, -1}), empty_timing);
    EXPECT_GT(pack({huge, huge, huge}), 0);
}

TEST(Histogram, every_duration_is_within_nine_percent_of_its_buckets_middle) {
    for (std::int64_t ms = 1; ms < 1'036'800'000; ms += 1 + ms / 97) {
        const double middle = Histogram::middle_of(Histogram::bucket_of(ms));
        ASSERT_LE(std::abs(middle - static_cast<double>(ms)), 0.09 * static_cast<double>(ms)) << ms;
    }
    EXPECT_EQ(Histogram::bucket_of(-5), 0U);
    EXPECT_EQ(Histogram::bucket_of(std::numeric_limits<std::int64_t>::max()),
              Histogram::buckets - 1);
}

TEST(Histogram, quantiles_of_random_values_are_at_most_nine_percent_off) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> spread(5, 2);
    Histogram histogram;
    std::vector<std::int64_t> values;
    for (int i = 0; i < 10'000; ++i) {
        values.push_back(1 + static_cast<std::int64_t>(spread(random)));
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.01, 0.5, 0.9, 0.95, 0.99, 1.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(q * 10'000)) - 1;
        const auto truth = static_cast<double>(values[rank]);
        EXPECT_NEAR(histogram.quantile(q), truth, 0.09 * truth) << q;
    }
    EXPECT_EQ(Histogram().quantile(0.95), 0);
}

TEST(Histogram, a_blob_gives_the_same_counts_back_and_a_strange_one_adds_nothing) {
    Histogram one;
    one.add(0);
    one.add(3, 4'000'000'000);
    one.add(1'000'000, 2);
    Histogram two;
    two.add_blob(one.to_blob());
    EXPECT_EQ(two.total(), 4'000'000'003);
    EXPECT_EQ(two.to_blob(), one.to_blob());
    two.add_blob("abc");
    two.add_blob(std::string(5 * (Histogram::buckets + 1), 'x'));
    EXPECT_EQ(two.to_blob(), one.to_blob());
    EXPECT_EQ(Histogram().to_blob(), "");
}

TEST(Status, exactly_the_listed_changes_are_legal) {
    using enum MessageStatus;
    const std::set<MessageStatus> to_send{processing, success,   retrying, failed,
                                          expired,    cancelled, unknown};
    for (std::size_t i = 0; i < message_status_names.size(); ++i) {
        for (std::size_t j = 0; j < message_status_names.size(); ++j) {
            const auto from = static_cast<MessageStatus>(i);
            const auto to = static_cast<MessageStatus>(j);
            bool legal = false;
            if (from == pending) legal = to_send.contains(to);
            if (from == scheduled) legal = to == pending || to_send.contains(to);
            if (from == retrying) legal = to == delivered || to_send.contains(to);
            if (from == processing) legal = to != cancelled && to_send.contains(to);
            if (from == success) legal = to == delivered || to == failed;
            if (from == unknown)
                legal = to == delivered || to == success || to == failed || to == pending ||
                        to == cancelled;
            if (from == failed) legal = to == pending;
            EXPECT_EQ(may_change(from, to), legal) << to_text(from) << " to " << to_text(to);
        }
        const auto status = static_cast<MessageStatus>(i);
        EXPECT_EQ(is_final(status), i >= static_cast<std::size_t>(success)) << to_text(status);
        EXPECT_EQ(is_counted(status), status == success || status == delivered || status == failed);
        EXPECT_EQ(from_text<MessageStatus>(message_status_names, to_text(status)), status);
    }
    EXPECT_FALSE(from_text<MessageStatus>(message_status_names, "Pending"));
}

}  // namespace
}  // namespace hongyan
