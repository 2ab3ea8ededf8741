// Chaos: draws the faults of the universe's script. A ChaosScript is plain data (chaos_file.hpp
// reads it from TOML); Chaos adds the counters that a run needs. The n-th draw of a rule depends on
// the seed, the rule and n alone, so that a run with the same order of requests is the same again.
// Pure but for its counters; safe from every thread, never blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "universe/core/world.hpp"

namespace hongyan::universe {

/// A sequence of numbers from 0 to below 1, fixed by what it is made of.
class Dice {
  public:
    Dice(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);
    [[nodiscard]] double next();

  private:
    std::uint64_t state_;
};

/// A distribution of pauses in milliseconds.
struct Spread {
    enum class Kind : std::uint8_t { none, fixed, uniform, exponential, lognormal, pareto };
    Kind kind = Kind::none;
    double first = 0;   ///< fixed: ms; uniform: low_ms; exponential: mean_ms; lognormal: median_ms;
                        ///< pareto: min_ms
    double second = 0;  ///< uniform: high_ms; lognormal: sigma; pareto: alpha
    double max_ms = 60'000;  ///< what is longer is cut to this
};
/// A pause of that distribution; 0 for Kind::none.
[[nodiscard]] Millis draw_pause(const Spread& spread, Dice& dice);

/// When and for whom a rule holds.
struct ChaosScope {
    std::string service = "*";
    std::string recipient = {};  ///< glob with '*' and '?'; "" = all
    std::string path = {};       ///< glob of an HTTP request's path; "" = all
    double percent = 100;
    double from_seconds = 0;  ///< after the script began
    double for_seconds = -1;  ///< < 0: without end
    std::int64_t times = -1;  ///< only the first so many hits; < 0: all
};

/// The words of [[chaos.rule]] action; see docs/sandbox.md.
[[nodiscard]] std::span<const std::string_view> chaos_actions();

struct ChaosRule {
    ChaosScope scope;
    Spread latency;
    std::string action;  ///< one of chaos_actions(); "" only adds latency, and later rules go on
    int status = 503;
    std::int64_t retry_after_seconds = -1;
};

struct ReceiptRule {
    ChaosScope scope;
    Spread delay;
    bool lost = false;
    bool early = false;
    int copies = 1;
    bool forged = false;
    bool fails = false;
    bool out_of_order = false;
};

struct ChaosScript {
    std::uint64_t seed = 1;
    std::vector<ChaosRule> rules;
    std::vector<ReceiptRule> receipts;
};

/// What a draw is about.
struct ChaosSubject {
    std::string_view service;
    std::span<const std::string_view> recipients;  ///< all that the request names; may be empty
    std::string_view path;
};

class Chaos {
  public:
    /// started_us: steady time from which from_seconds counts.
    Chaos(ChaosScript script, std::int64_t started_us);
    /// The first rule with an action that hits decides; the latencies of all rules that hit up to
    /// it add up. A steering word in a recipient goes before every rule.
    [[nodiscard]] Fate draw(const ChaosSubject& subject, std::int64_t steady_us);
    /// All rules that hit add up.
    [[nodiscard]] ReceiptFate draw_receipt(const ChaosSubject& subject, std::int64_t steady_us);
    /// True if some rule or steering word could look at the recipients of a request that holds
    /// text.
    [[nodiscard]] bool wants_recipients(std::string_view text) const;
    [[nodiscard]] const ChaosScript& script() const { return script_; }
    /// How often each rule, and then each receipt rule, hit.
    [[nodiscard]] std::vector<std::uint64_t> hits() const;

  private:
    struct Counter {
        std::atomic<std::uint64_t> draws{0};
        std::atomic<std::uint64_t> hits{0};
    };
    [[nodiscard]] bool strikes(const ChaosScope& scope, std::size_t index,
                               const ChaosSubject& subject, double seconds, Dice& dice);

    const ChaosScript script_;
    const std::int64_t started_us_;
    bool any_recipient_rule_ = false;
    std::unique_ptr<Counter[]> counters_;  ///< rules, then receipt rules
};

/// The fate that a steering word in the recipient asks for: "fail-hang", "slow-250".
[[nodiscard]] bool steered(std::string_view recipient, Fate& fate);
[[nodiscard]] bool steered_receipt(std::string_view recipient, ReceiptFate& fate);
/// True if text fits the pattern, in which '*' is any text and '?' one byte; case counts.
[[nodiscard]] bool fits_glob(std::string_view pattern, std::string_view text);

}  // namespace hongyan::universe
