// Adaptive: how many messages may be under way on one account at a time, found while sending and
// kept inside the operator's bounds. Additive increase, multiplicative decrease (Chiu and Jain
// 1989), with a delay signal beside the loss signal as TCP Vegas has it: while the limit is really
// used and calls are about as fast as the best of late, it grows by one for each full window of
// answers; a refusal, a lost answer, or calls twice as slow as the best of late shrink it to 70 %,
// at most once in the time that one call takes. Pure; not thread-safe, its owner locks.
#pragma once

#include <cstdint>

namespace hongyan::route {

struct AdaptiveRule {
    int min = 1;    ///< never fewer
    int max = 100;  ///< never more
    int start = 16;
    double slow_factor = 2.0;  ///< against the best of late; 0 = delay is no signal
    int slow_floor_ms = 50;    ///< calls faster than this are never called slow
};

class Adaptive {
  public:
    explicit Adaptive(AdaptiveRule rule = {});
    void set_rule(const AdaptiveRule& rule);
    [[nodiscard]] int limit() const { return static_cast<int>(limit_); }
    /// Mean of the last calls and the best of late, for people.
    [[nodiscard]] double smoothed_ms() const { return smoothed_ms_; }
    [[nodiscard]] double best_ms() const { return best_ms_; }
    /// in_flight counts the call itself. pushed_back: refused by a limit, timed out or lost.
    void record(std::int64_t now_ms, bool pushed_back, double duration_ms, int in_flight);

  private:
    void shrink(std::int64_t now_ms);

    AdaptiveRule rule_;
    double limit_;
    double smoothed_ms_ = 0;
    double best_ms_ = 0;
    std::int64_t best_since_ms_ = 0;
    std::int64_t shrunk_ms_ = -1'000'000;
};

}  // namespace hongyan::route
