// Quota: what one node holds of one rule's limit, and when and what it asks Redis. Pure: no clock,
// no network; SharedLimiter calls it under the resource's lock, the property test drives it with
// the real scripts. A quota is one of three:
//   permits  plain qps and window rules: each request uses up permits that Redis has given ahead.
//            Redis counts a permit from the moment it is given until the rule's span after its use
//            was reported, so no window of any offset holds more than the limit;
//   places   concurrency: how many requests may be inside this node;
//   share    shaped qps rules (warm_up, pacing): this node's part of the rate, in thousandths,
//   which
//            the limiter inside the process shapes.
// What a node holds ends with its lease, which each answer renews; the node counts it from before
// it asked, Redis from after, so that Redis never gives away what a node still uses.
#pragma once

#include <cstdint>
#include <string>

#include "contract/limiter.hpp"
#include "engine/redis/client.hpp"

namespace hongyan::redis {

struct QuotaTimes {
    Millis lease{3'000};    ///< what a silent node holds is lost after so long
    Millis idle{250};       ///< a node that needs nothing asks this often, and then gives back
    Millis refresh{20};     ///< a node in use reports this often
    Millis hurry{10};       ///< and one that runs short asks this often
    Millis degrade{1'000};  ///< without an answer for so long each node goes by its part
};

class Quota {
  public:
    enum class Kind : std::uint8_t { permits, places, share, none };

    struct Settings {
        std::string node;  ///< of this start of this node: what another one used is not its own
        std::string prefix = "hongyan:";
        QuotaTimes times = {};
    };
    Quota(LimitRule rule, Settings settings, int nodes, std::int64_t now_us);
    /// A changed row whose key() is the same.
    void change(LimitRule rule);

    // What a request asks; `inside` counts requests of the resource in this node.
    [[nodiscard]] bool admits(int cost, std::int64_t inside, std::int64_t now_us) const;
    void take(int cost);
    void refuse(int cost, std::int64_t now_us, std::int64_t wall_ms);
    [[nodiscard]] Millis retry_after(int cost, std::int64_t now_us) const;
    [[nodiscard]] std::int64_t remaining(std::int64_t inside) const;

    // The exchange with Redis: one question at a time.
    [[nodiscard]] bool is_due(std::int64_t inside, std::int64_t now_us) const;
    struct Question {
        std::int64_t inside = 0;
        std::int64_t seed = 0;  ///< what this node let pass in the span that ends now, for a Redis
                                ///< that knows nothing of it
        std::int64_t now_us = 0;
        std::int64_t wall_ms = 0;  ///< 0 = Redis goes by its own clock; tests give theirs
    };
    [[nodiscard]] ScriptCall ask(const Question& question);
    [[nodiscard]] const Script& script() const;
    void answered(const Value& answer, std::int64_t now_us);
    void unanswered();
    [[nodiscard]] bool needs_seed() const { return needs_seed_; }

    /// From here on the node goes by its part alone; what it held it may not use any more.
    void degrade();
    [[nodiscard]] bool holds(std::int64_t now_us) const {
        return kind_ == Kind::none || now_us < lease_until_us_;
    }

    /// max_value for the limiter inside the process: the whole, this node's share, or when degraded
    /// its fair part.
    [[nodiscard]] double inner_max(bool degraded, std::int64_t now_us);

    [[nodiscard]] const LimitRule& rule() const { return rule_; }
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::int64_t limit() const { return limit_; }
    [[nodiscard]] int window_seconds() const;
    [[nodiscard]] int nodes() const { return nodes_; }
    [[nodiscard]] std::int64_t refused() const { return refused_; }
    [[nodiscard]] std::int64_t last_refusal_ms() const { return last_refusal_ms_; }
    /// What all nodes together used, as Redis last said; for places how many are held.
    [[nodiscard]] std::int64_t total() const { return total_; }
    [[nodiscard]] std::int64_t held() const { return held_; }
    [[nodiscard]] std::string key() const;

  private:
    void derive();
    [[nodiscard]] std::int64_t fair_part() const;
    [[nodiscard]] std::int64_t wanted(std::int64_t inside, std::int64_t now_us) const;

    LimitRule rule_;
    Settings settings_;
    Kind kind_ = Kind::none;
    std::int64_t limit_ = 0;    ///< in permits, places, or thousandths of a request per second
    std::int64_t span_ms_ = 0;  ///< of permits

    std::int64_t held_ = 0;  ///< permits left to use, places, or the share
    std::int64_t used_ = 0;  ///< permits used since the start of this object
    std::int64_t lease_until_us_ = 0;
    std::int64_t asked_us_ = 0;
    std::int64_t asked_used_ = 0;     ///< used_ when it was asked last
    std::int64_t answered_used_ = 0;  ///< used_ as far as Redis surely knows
    bool is_asking_ = false;
    bool needs_seed_ = true;
    bool knows_us_ = false;

    std::int64_t demand_ = 0;  ///< cost asked for since the last question
    std::int64_t unmet_ = 0;   ///< the largest cost refused since then
    std::int64_t owed_ = 0;    ///< what the one who was told to come back will ask for
    std::int64_t owed_until_us_ = 0;
    double rate_ = 0;  ///< demand per millisecond
    bool others_hungry_ = false;
    int nodes_ = 1;
    std::int64_t free_ = 0;
    std::int64_t total_ = 0;
    std::int64_t full_until_us_ = 0;
    std::int64_t share_now_ = 0;  ///< the share in force; a larger one waits
    std::int64_t share_from_us_ = 0;

    std::int64_t refused_ = 0;
    std::int64_t last_refusal_ms_ = 0;
};

/// The part of a limit that each of so many nodes may use alone; at least one.
[[nodiscard]] double fair_max(const LimitRule& rule, int nodes);

[[nodiscard]] const Script& permits_script();
[[nodiscard]] const Script& places_script();

}  // namespace hongyan::redis
