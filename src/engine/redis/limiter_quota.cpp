#include "engine/redis/limiter_quota.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hongyan::redis {
namespace {

constexpr std::int64_t share_unit = 1'000;  ///< a share counts thousandths
constexpr std::int64_t share_steps = 20;    ///< and is asked for in twentieths of the limit

std::int64_t whole(double value) {
    if (!(value > 0)) return 0;
    return static_cast<std::int64_t>(std::min(value, 1e12));
}

std::int64_t us(Millis time) { return time.count() * 1000; }

}  // namespace

double fair_max(const LimitRule& rule, int nodes) {
    if (!(rule.max_value > 0)) return rule.max_value;
    const double part = rule.max_value / std::max(1, nodes);
    if (rule.type == LimitType::qps) return part;  // below 1 it is one in several seconds
    return std::max(1.0, std::floor(part));
}

Quota::Quota(LimitRule rule, Settings settings, int nodes, std::int64_t now_us)
    : rule_(std::move(rule)), settings_(std::move(settings)), nodes_(std::max(1, nodes)) {
    derive();
    // Until Redis has answered for the first time, the node goes by its fair part.
    held_ = share_now_ = fair_part();
    lease_until_us_ = now_us + us(settings_.times.degrade);
}

void Quota::derive() {
    const bool open = rule_.enabled && rule_.max_value > 0;
    if (!open) {
        kind_ = Kind::none;  // the limiter inside the process refuses or ignores it
    } else if (rule_.type == LimitType::concurrency) {
        kind_ = Kind::places;
        limit_ = whole(rule_.max_value);
    } else if (rule_.type == LimitType::qps && rule_.behavior != LimitBehavior::reject) {
        kind_ = Kind::share;
        limit_ = std::max<std::int64_t>(1, whole(rule_.max_value * share_unit));
    } else {
        kind_ = Kind::permits;
        limit_ = whole(rule_.max_value);
        span_ms_ = std::max(1, rule_.window_seconds) * 1000LL;
        if (rule_.type == LimitType::qps) {
            limit_ = std::max<std::int64_t>(1, limit_);
            // As in one process: below one per second the span grows until one fits in.
            const double seconds = std::min(1 / rule_.max_value, 366.0 * 86'400);
            span_ms_ = rule_.max_value >= 1 ? 1'000 : std::llround(std::ceil(seconds * 1000));
        }
    }
    if (kind_ != Kind::none && limit_ == 0) kind_ = Kind::none;
}

void Quota::change(LimitRule rule) {
    rule_ = std::move(rule);
    derive();
    if (kind_ == Kind::permits) held_ = std::min(held_, limit_);
    if (kind_ == Kind::share) held_ = share_now_ = std::min(share_now_, limit_);
}

std::int64_t Quota::fair_part() const {
    if (kind_ == Kind::share) return limit_ / nodes_;
    return std::max<std::int64_t>(1, limit_ / nodes_);
}

bool Quota::admits(int cost, std::int64_t inside, std::int64_t now_us) const {
    if (kind_ == Kind::none || kind_ == Kind::share) return true;
    if (now_us >= lease_until_us_) return false;
    return kind_ == Kind::places ? inside < held_ : held_ >= cost;
}

void Quota::take(int cost) {
    demand_ += kind_ == Kind::places ? 1 : cost;
    owed_ = 0;
    if (kind_ != Kind::permits) return;
    used_ += cost;
    held_ = std::max<std::int64_t>(0, held_ - cost);
}

void Quota::refuse(int cost, std::int64_t now_us, std::int64_t wall_ms) {
    const std::int64_t weight = kind_ == Kind::places ? 1 : cost;
    demand_ += weight;
    unmet_ = std::max(unmet_, weight);
    if (weight <= limit_) {
        owed_ = std::max(owed_, weight);
        constexpr Millis longest{2'000};
        owed_until_us_ =
            now_us + us(std::min(retry_after(cost, now_us), longest) + settings_.times.idle);
    }
    ++refused_;
    last_refusal_ms_ = wall_ms;
}

Millis Quota::retry_after(int cost, std::int64_t now_us) const {
    if (kind_ == Kind::places) return crowded_retry_after;
    if (cost > limit_) return closed_retry_after;
    const std::int64_t full_ms = (full_until_us_ - now_us + 999) / 1000;
    return std::max(settings_.times.refresh, Millis(full_ms));
}

std::int64_t Quota::remaining(std::int64_t inside) const {
    if (kind_ == Kind::places) return std::max<std::int64_t>(0, held_ - inside + free_);
    return std::clamp<std::int64_t>(held_ + free_, 0, limit_);
}

int Quota::window_seconds() const {
    if (kind_ == Kind::places) return 0;
    return kind_ == Kind::share ? 1 : static_cast<int>((span_ms_ + 999) / 1000);
}

/// What it needs until the next answers, and while nobody is short a reserve for a sudden burst.
std::int64_t Quota::wanted(std::int64_t inside, std::int64_t now_us) const {
    const double soon_ms = 3.0 * static_cast<double>(settings_.times.refresh.count());
    const std::int64_t reserve =
        others_hungry_ ? 0 : std::max<std::int64_t>(1, limit_ / (2 * std::max(2, nodes_)));
    std::int64_t need = static_cast<std::int64_t>(std::ceil(rate_ * soon_ms)) +
                        std::max(unmet_, now_us < owed_until_us_ ? owed_ : 0);
    if (kind_ == Kind::places) need = inside + std::min(need, inside / 2 + 1 + unmet_ * 8);
    if (kind_ == Kind::share) {
        const std::int64_t step = std::max<std::int64_t>(1, limit_ / share_steps);
        const auto per_second = static_cast<std::int64_t>(rate_ * 1000 * 1.25 * share_unit);
        need = (per_second + step - 1) / step * step;
    }
    return std::min(limit_, std::max(need, reserve));
}

bool Quota::is_due(std::int64_t inside, std::int64_t now_us) const {
    if (kind_ == Kind::none || is_asking_) return false;
    const std::int64_t age_us = now_us - asked_us_;
    if (asked_us_ == 0 || age_us >= us(settings_.times.idle)) return true;
    const bool is_short = kind_ == Kind::places ? held_ - inside <= wanted(inside, now_us) / 8
                                                : held_ < wanted(inside, now_us) / 2;
    const bool hurries = unmet_ > 0 || (kind_ != Kind::share && is_short && free_ > 0);
    if (hurries && age_us >= us(settings_.times.hurry)) return true;
    const Millis refresh = std::clamp(Millis(span_ms_ / 50), settings_.times.refresh,
                                      std::max(settings_.times.refresh, Millis(200)));
    return kind_ == Kind::permits && used_ > answered_used_ && age_us >= us(refresh);
}

const Script& Quota::script() const {
    return kind_ == Kind::permits ? permits_script() : places_script();
}

std::string Quota::key() const {
    std::string name = settings_.prefix + "limit:{" + std::to_string(rule_.id) + ":";
    name += kind_ == Kind::share ? "share" : std::string(to_text(rule_.type));
    if (kind_ == Kind::permits) name += ":" + std::to_string(span_ms_);
    return name + "}";
}

ScriptCall Quota::ask(const Question& question) {
    const auto& [inside, seed, now_us, wall_ms] = question;
    const std::string& node = settings_.node;
    const auto elapsed_ms =
        static_cast<double>(std::max<std::int64_t>(1'000, now_us - asked_us_)) / 1000;
    if (asked_us_ != 0) rate_ = (rate_ + static_cast<double>(demand_) / elapsed_ms) / 2;
    const bool hungry = unmet_ > 0 || (owed_ > 0 && now_us < owed_until_us_ && held_ < owed_);
    const std::int64_t want = std::max(wanted(inside, now_us), kind_ == Kind::places ? inside : 0);
    demand_ = unmet_ = 0;
    is_asking_ = true;
    asked_us_ = now_us;
    asked_used_ = used_;
    // What is given back is not used from here on, whether or not the answer arrives.
    held_ = std::min(held_, want);
    if (kind_ == Kind::share) share_now_ = std::min(share_now_, want);
    const auto text = [](std::int64_t number) { return std::to_string(number); };
    const std::string name = key();
    if (kind_ == Kind::permits) {
        return {{name, name + ":ledger"},
                {node, text(limit_), text(span_ms_), text(settings_.times.lease.count()),
                 text(used_), text(want), hungry ? "1" : "0", text(seed),
                 knows_us_ && needs_seed_ ? "1" : "0", text(wall_ms)}};
    }
    return {
        {name},
        {node, text(limit_), text(settings_.times.lease.count()),
         text(kind_ == Kind::places ? inside : 0), text(want), hungry ? "1" : "0", text(wall_ms)}};
}

void Quota::answered(const Value& answer, std::int64_t now_us) {
    is_asking_ = false;
    const std::int64_t held = answer.at(0).number();
    free_ = answer.at(1).number();
    others_hungry_ = answer.at(2).number() > 0;
    nodes_ = static_cast<int>(std::max<std::int64_t>(1, answer.at(3).number()));
    full_until_us_ = answer.at(4).number() == 0 ? 0 : now_us + answer.at(4).number() * 1000;
    total_ = answer.at(6).number();
    // A Redis that has forgotten this node although it knew it hears once more what passed here.
    const bool was_forgotten = answer.at(5).number() == 1 && !needs_seed_;
    needs_seed_ = was_forgotten;
    knows_us_ = true;
    answered_used_ = asked_used_;
    lease_until_us_ = asked_us_ + us(settings_.times.lease);
    if (kind_ == Kind::permits) {
        held_ = std::max<std::int64_t>(0, held - (used_ - asked_used_));
    } else {
        held_ = held;
    }
    if (kind_ == Kind::share && held > share_now_) {
        // Those who gave it back were faster until a moment ago; a paced rule has no such memory.
        const bool paced = rule_.behavior == LimitBehavior::pacing ||
                           rule_.behavior == LimitBehavior::warm_up_pacing;
        if (share_from_us_ == 0) share_from_us_ = now_us + (paced ? 0 : 1'000'000);
    }
}

void Quota::unanswered() { is_asking_ = false; }

void Quota::degrade() {
    held_ = 0;
    lease_until_us_ = 0;
    needs_seed_ = true;
    knows_us_ = false;
    share_now_ = 0;
    share_from_us_ = 0;
}

double Quota::inner_max(bool degraded, std::int64_t now_us) {
    if (degraded) return fair_max(rule_, nodes_);
    if (kind_ != Kind::share) return rule_.max_value;
    if (share_from_us_ != 0 && now_us >= share_from_us_) {
        share_now_ = held_;
        share_from_us_ = 0;
    }
    return static_cast<double>(std::min(share_now_, held_)) / share_unit;
}

}  // namespace hongyan::redis
