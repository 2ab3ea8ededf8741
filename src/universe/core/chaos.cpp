#include "universe/core/chaos.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/text.hpp"

namespace hongyan::universe {
namespace {

constexpr std::array<std::string_view, 13> actions{
    "ok",     "rate_limited",  "server_error", "token_expired", "quota",     "invalid_recipient",
    "status", "error_in_body", "hang",         "cut_before",    "cut_after", "half_answer",
    "goaway"};
constexpr std::string_view fail_mark = "fail-";
constexpr std::string_view slow_mark = "slow-";
constexpr std::string_view receipt_mark = "receipt-";
constexpr Millis longest_pause{3'600'000};
/// An out-of-order receipt waits up to so many times as long, and up to this at least.
constexpr int disorder_factor = 10;
constexpr Millis least_disorder{1'000};

std::uint64_t mixed(std::uint64_t x) {  // the finalizer of splitmix64
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// Standard normal by Box and Muller; both draws are always used, so that the sequence is fixed.
double normal(Dice& dice) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - dice.next()));
    return radius * std::cos(2.0 * 3.14159265358979323846 * dice.next());
}

double drawn_ms(const Spread& spread, Dice& dice) {
    switch (spread.kind) {
        case Spread::Kind::none:
            return 0;
        case Spread::Kind::fixed:
            return spread.first;
        case Spread::Kind::uniform:
            return spread.first + (spread.second - spread.first) * dice.next();
        case Spread::Kind::exponential:
            return -spread.first * std::log(1.0 - dice.next());
        case Spread::Kind::lognormal:
            return spread.first * std::exp(spread.second * normal(dice));
        case Spread::Kind::pareto:
            return spread.first / std::pow(1.0 - dice.next(), 1.0 / spread.second);
    }
    return 0;
}

void set_fate(std::string_view action, Fate& fate) {
    if (action == "hang") {
        fate.hang = true;
    } else if (action == "cut_before") {
        fate.cut_before = true;
    } else if (action == "cut_after") {
        fate.cut_after = true;
    } else if (action == "half_answer") {
        fate.half_answer = true;
    } else if (action != "ok") {
        fate.fault = action;
    }
}

/// The word after mark in text, as far as it is of letters, digits and '-'.
std::string_view word_after(std::string_view text, std::string_view mark) {
    const auto at = text.find(mark);
    if (at == text.npos) return {};
    const auto start = at + mark.size();
    auto end = start;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 text[end] == '-' || text[end] == '_')) {
        ++end;
    }
    return text.substr(start, end - start);
}

/// "server-error" of "server-error-17": the longest action that the word begins with.
std::string_view action_of(std::string_view word) {
    std::string_view best;
    std::string name(word);
    std::ranges::replace(name, '-', '_');
    for (const auto action : actions) {
        if (name.starts_with(action) && action.size() > best.size()) best = action;
    }
    return best;
}

bool fits_any(std::string_view pattern, std::span<const std::string_view> texts) {
    return std::ranges::any_of(texts, [&](auto text) { return fits_glob(pattern, text); });
}

}  // namespace

Dice::Dice(std::uint64_t seed, std::uint64_t stream, std::uint64_t index)
    : state_(mixed(mixed(mixed(seed + 0x9e3779b97f4a7c15ULL) + stream + 1) + index + 1)) {}

double Dice::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return static_cast<double>(mixed(state_) >> 11) * 0x1.0p-53;
}

Millis draw_pause(const Spread& spread, Dice& dice) {
    const double drawn = std::clamp(drawn_ms(spread, dice), 0.0, spread.max_ms);
    return Millis(static_cast<std::int64_t>(std::llround(drawn)));
}

std::span<const std::string_view> chaos_actions() { return actions; }

bool fits_glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = pattern.npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool steered(std::string_view recipient, Fate& fate) {
    bool found = false;
    const std::string_view slow = word_after(recipient, slow_mark);
    const auto digits = slow.substr(0, slow.find_first_not_of("0123456789"));
    if (const auto pause = parse_int(digits)) {
        fate.latency = std::min(Millis(*pause), longest_pause);
        found = true;
    }
    const std::string_view action = action_of(word_after(recipient, fail_mark));
    if (action.empty()) return found;
    if (action == "rate_limited" && fate.retry_after_seconds < 0) fate.retry_after_seconds = 1;
    if (action == "status") fate.status = 503;
    set_fate(action, fate);
    return true;
}

bool steered_receipt(std::string_view recipient, ReceiptFate& fate) {
    const std::string_view word = word_after(recipient, receipt_mark);
    const auto has = [&](std::string_view name) { return word.starts_with(name); };
    if (has("lost"))
        fate.lost = true;
    else if (has("early"))
        fate.early = true;
    else if (has("twice"))
        fate.copies = 2;
    else if (has("forged"))
        fate.forged = true;
    else if (has("fails"))
        fate.fails = true;
    else
        return false;
    return true;
}

Chaos::Chaos(ChaosScript script, std::int64_t started_us)
    : script_(std::move(script)),
      started_us_(started_us),
      counters_(std::make_unique<Counter[]>(script_.rules.size() + script_.receipts.size())) {
    for (const auto& rule : script_.rules) any_recipient_rule_ |= !rule.scope.recipient.empty();
}

bool Chaos::wants_recipients(std::string_view text) const {
    return any_recipient_rule_ || text.find(fail_mark) != text.npos ||
           text.find(slow_mark) != text.npos;
}

bool Chaos::strikes(const ChaosScope& scope, std::size_t index, const ChaosSubject& subject,
                    double seconds, Dice& dice) {
    if (scope.service != "*" && scope.service != subject.service) return false;
    if (seconds < scope.from_seconds) return false;
    if (scope.for_seconds >= 0 && seconds >= scope.from_seconds + scope.for_seconds) return false;
    if (!scope.recipient.empty() && !fits_any(scope.recipient, subject.recipients)) return false;
    if (!scope.path.empty() && !fits_glob(scope.path, subject.path)) return false;
    Counter& counter = counters_[index];
    dice = Dice(script_.seed, index, counter.draws.fetch_add(1, std::memory_order_relaxed));
    if (dice.next() * 100.0 >= scope.percent) return false;
    const auto hit = counter.hits.fetch_add(1, std::memory_order_relaxed);
    if (scope.times >= 0 && hit >= static_cast<std::uint64_t>(scope.times)) {
        counter.hits.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    return true;
}

Fate Chaos::draw(const ChaosSubject& subject, std::int64_t steady_us) {
    Fate fate;
    bool is_steered = false;
    for (const auto recipient : subject.recipients) is_steered |= steered(recipient, fate);
    if (is_steered) return fate;
    const double seconds = static_cast<double>(steady_us - started_us_) / 1e6;
    Dice dice(0, 0, 0);
    for (std::size_t i = 0; i < script_.rules.size(); ++i) {
        const ChaosRule& rule = script_.rules[i];
        if (!strikes(rule.scope, i, subject, seconds, dice)) continue;
        fate.latency = std::min(fate.latency + draw_pause(rule.latency, dice), longest_pause);
        if (rule.action.empty()) continue;
        set_fate(rule.action, fate);
        fate.status = rule.status;
        fate.retry_after_seconds = rule.retry_after_seconds;
        break;
    }
    return fate;
}

ReceiptFate Chaos::draw_receipt(const ChaosSubject& subject, std::int64_t steady_us) {
    ReceiptFate fate;
    bool is_steered = false;
    for (const auto recipient : subject.recipients) is_steered |= steered_receipt(recipient, fate);
    if (is_steered) return fate;
    const double seconds = static_cast<double>(steady_us - started_us_) / 1e6;
    Dice dice(0, 0, 0);
    for (std::size_t i = 0; i < script_.receipts.size(); ++i) {
        const ReceiptRule& rule = script_.receipts[i];
        if (!strikes(rule.scope, script_.rules.size() + i, subject, seconds, dice)) continue;
        if (rule.delay.kind != Spread::Kind::none) fate.delay = draw_pause(rule.delay, dice);
        fate.lost |= rule.lost;
        fate.early |= rule.early;
        fate.copies = std::max(fate.copies, rule.copies);
        fate.forged |= rule.forged;
        fate.fails |= rule.fails;
        if (rule.out_of_order) {
            const auto span = std::max(fate.delay * disorder_factor, least_disorder);
            fate.delay = draw_pause(
                {Spread::Kind::uniform, 0, static_cast<double>(span.count()), 3'600'000}, dice);
        }
    }
    return fate;
}

std::vector<std::uint64_t> Chaos::hits() const {
    std::vector<std::uint64_t> result;
    for (std::size_t i = 0; i < script_.rules.size() + script_.receipts.size(); ++i)
        result.push_back(counters_[i].hits.load(std::memory_order_relaxed));
    return result;
}

}  // namespace hongyan::universe
