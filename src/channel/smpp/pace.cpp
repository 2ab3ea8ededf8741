#include "channel/smpp/pace.hpp"

#include <algorithm>

namespace hongyan::smpp {
namespace {
constexpr std::int64_t second_us = 1'000'000;
/// Never slower than this unless configured: where one message a minute was refused for its rate,
/// half of what was sent says nothing. The pauses still grow.
constexpr double slowest = 5;
/// Tokens that gather in idle times: a tenth of a second's worth, so that no burst breaks the rate
/// within the second in which centres count.
double burst(double rate) { return std::max(1.0, rate / 10); }
}  // namespace

Pace::Pace(const PaceRules& rules)
    : rules_(rules),
      rate_(rules.per_second),
      ceiling_(rules.per_second),
      pause_us_(rules.pause_us) {}

bool Pace::take(std::int64_t now_us) {
    if (now_us < paused_until_us_) return false;
    if (rate_ > 0) {
        refill(now_us);
        if (tokens_ < 1) return false;
        tokens_ -= 1;
    }
    measure(now_us);
    sent_this_second_ += 1;
    return true;
}

std::int64_t Pace::next_us(std::int64_t now_us) const {
    const std::int64_t start = std::max(now_us, paused_until_us_);
    if (rate_ <= 0) return start;
    const double held = tokens_ + rate_ * static_cast<double>(start - refilled_us_) /
                                      static_cast<double>(second_us);
    if (held >= 1) return start;
    return start + static_cast<std::int64_t>((1 - held) / rate_ * second_us) + 1;
}

void Pace::on_throttled(std::int64_t now_us) {
    if (now_us < paused_until_us_) return;
    measure(now_us);
    const double sent = std::max({sent_this_second_, sent_last_second_, 1.0});
    const double before = rate_ > 0 ? std::min(rate_, sent) : sent;
    if (rules_.per_second <= 0) ceiling_ = std::max({ceiling_, 2 * sent, 2 * slowest});
    const double floor = rules_.per_second > 0 ? std::min(slowest, rules_.per_second) : slowest;
    rate_ = std::max(floor, before / 2);
    tokens_ = std::min(tokens_, 1.0);
    paused_until_us_ = now_us + pause_us_;
    refilled_us_ = paused_until_us_;
    raised_us_ = paused_until_us_;
    pause_us_ = std::min(pause_us_ * 2, rules_.pause_max_us);
}

void Pace::on_accepted(std::int64_t now_us) {
    if (ceiling_ <= 0 || rate_ <= 0 || now_us < paused_until_us_) return;
    if (now_us - raised_us_ < second_us) return;
    raised_us_ = now_us;
    pause_us_ = rules_.pause_us;
    if (rate_ < ceiling_) refill(now_us);
    rate_ = std::min(ceiling_, rate_ + std::max(1.0, ceiling_ / 10));
    // Where no rate was configured, twice what the centre once refused is as good as none.
    if (rules_.per_second <= 0 && rate_ >= ceiling_) rate_ = ceiling_ = 0;
}

std::int64_t Pace::paused_until_us(std::int64_t now_us) const {
    return now_us < paused_until_us_ ? paused_until_us_ : 0;
}

void Pace::refill(std::int64_t now_us) {
    if (now_us <= refilled_us_) return;
    const double seconds =
        static_cast<double>(now_us - refilled_us_) / static_cast<double>(second_us);
    tokens_ = std::min(burst(rate_), tokens_ + rate_ * seconds);
    refilled_us_ = now_us;
}

void Pace::measure(std::int64_t now_us) {
    if (now_us - second_began_us_ < second_us) return;
    sent_last_second_ = now_us - second_began_us_ < 2 * second_us ? sent_this_second_ : 0;
    sent_this_second_ = 0;
    second_began_us_ = now_us;
}

}  // namespace hongyan::smpp
