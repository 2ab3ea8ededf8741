#include "api/engine_metrics.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cstdlib>
#include <string>

namespace hongyan::api {
namespace {

struct TellingQueue final : Queue {
    void publish(std::span<const Job>) override {}
    std::vector<Job> take(std::size_t, ChannelMask, Millis) override { return {}; }
    void wake() override {}
    [[nodiscard]] QueueDepth depth() const override {
        QueueDepth depth;
        depth.in_broker = 31;
        return depth;
    }
    [[nodiscard]] QueueHealth health() const override { return {true, true, "memory"}; }
    [[nodiscard]] QueueStats stats() const override {
        return {101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111};
    }
    [[nodiscard]] QueueMarks marks() const override {
        QueueMarks marks;
        marks.confirmed_before_ms = 7'500;
        marks.held = 32;
        marks.held_let_go = 33;
        return marks;
    }
};

struct TellingCoordination final : Coordination {
    [[nodiscard]] Lock& lock() override { std::abort(); }
    [[nodiscard]] Limiter& limiter() override { std::abort(); }
    [[nodiscard]] LiveTrace& trace() override { std::abort(); }
    [[nodiscard]] CoordinationHealth health() const override {
        return {false, "away", "cut", 203, 204, 1'500, true, true, {210, 201, 202}, 205};
    }
};

std::string text_of(const Queue* queue, const Coordination* coordination) {
    return prometheus::TextSerializer().Serialize(engine_metrics(queue, coordination, 10'000));
}

TEST(engine_metrics, every_count_has_a_row) {
    const TellingQueue queue;
    const TellingCoordination coordination;
    const auto text = text_of(&queue, &coordination);
    for (const char* row : {
             "hongyan_queue_connected 1\n",
             "hongyan_queue_blocked 1\n",
             "hongyan_queue_in_broker 31\n",
             "hongyan_queue_held 32\n",
             "hongyan_queue_held_let_go 33\n",
             "hongyan_queue_unconfirmed_age_seconds 2.5\n",
             "hongyan_queue_published_total 101\n",
             "hongyan_queue_carriers_total 102\n",
             "hongyan_queue_confirmed_total 103\n",
             "hongyan_queue_republished_total 104\n",
             "hongyan_queue_dropped_total 105\n",
             "hongyan_queue_received_total 106\n",
             "hongyan_queue_redelivered_total 107\n",
             "hongyan_queue_duplicates_total 108\n",
             "hongyan_queue_let_go_total 109\n",
             "hongyan_queue_rejected_total 110\n",
             "hongyan_queue_connects_total 111\n",
             "hongyan_coordination_connected 0\n",
             "hongyan_coordination_connects_total 203\n",
             "hongyan_coordination_failures_total 204\n",
             "hongyan_coordination_round_trip_seconds 0.0015\n",
             "hongyan_coordination_limits_degraded 1\n",
             "hongyan_coordination_locks_fallen_back 1\n",
             "hongyan_coordination_nodes 205\n",
             "hongyan_coordination_trace_written_total 201\n",
             "hongyan_coordination_trace_dropped_total 202\n",
         })
        EXPECT_NE(("\n" + text).find("\n" + std::string(row)), std::string::npos) << row << text;
}

TEST(engine_metrics, what_is_in_the_process_has_none) {
    const TellingQueue queue;
    EXPECT_EQ(text_of(nullptr, nullptr), "");
    EXPECT_EQ(text_of(&queue, nullptr).find("hongyan_coordination"), std::string::npos);
    const TellingCoordination coordination;
    EXPECT_EQ(text_of(nullptr, &coordination).find("hongyan_queue"), std::string::npos);
}

}  // namespace
}  // namespace hongyan::api
