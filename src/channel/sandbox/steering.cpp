#include "channel/sandbox/steering.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace hongyan::sandbox {
namespace {

constexpr int max_delay_ms = 600'000;
constexpr std::array<std::pair<std::string_view, OutcomeClass>, 4> failure_words{{
    {"fail-transient", OutcomeClass::transient},
    {"fail-permanent", OutcomeClass::recipient_permanent},
    {"fail-rate-limited", OutcomeClass::rate_limited},
    {"fail-unknown", OutcomeClass::unknown},
}};

/// The number at the start of the text, at most max; nothing if there is none.
std::optional<int> leading_number(std::string_view text, int max) {
    int value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end == text.data() || value < 0) return std::nullopt;
    return failure == std::errc() ? std::min(value, max) : max;
}

void read_failure(std::string_view recipient, Steering& steering) {
    for (const auto& [word, outcome] : failure_words) {
        const std::size_t at = recipient.find(word);
        if (at == std::string_view::npos) continue;
        steering.failure = outcome;
        const std::string_view rest = recipient.substr(at + word.size());
        if (rest.starts_with('-')) {
            steering.first_attempts = leading_number(rest.substr(1), 1'000'000).value_or(0);
        }
        return;
    }
}

/// A number in [0, 1) that looks random (the finaliser of splitmix64).
double chance(std::uint64_t seed, MessageId id, int attempt) {
    std::uint64_t x = seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(id) +
                      (static_cast<std::uint64_t>(attempt) << 56);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    x ^= x >> 31;
    return static_cast<double>(x >> 11) * 0x1p-53;
}

}  // namespace

std::optional<Steering> steering_of(std::string_view recipient) {
    // Nearly all recipients end here.
    if (recipient.find('-') == std::string_view::npos) return std::nullopt;
    Steering steering;
    read_failure(recipient, steering);
    constexpr std::string_view slow = "slow-";
    const std::size_t at = recipient.find(slow);
    const auto delay = at != std::string_view::npos
                           ? leading_number(recipient.substr(at + slow.size()), max_delay_ms)
                           : std::nullopt;
    if (!steering.failure && !delay) return std::nullopt;
    steering.delay_ms = delay.value_or(0);
    return steering;
}

OutcomeClass decide(const Message& message, const SandboxOptions& options) {
    const int attempt = message.attempts;
    if (const auto steering = steering_of(message.recipient); steering && steering->failure) {
        const bool fails = steering->first_attempts == 0 || attempt <= steering->first_attempts;
        return fails ? *steering->failure : OutcomeClass::accepted;
    }
    const bool fails = options.failure_percent > 0 &&
                       chance(options.seed, message.id, attempt) * 100 < options.failure_percent;
    return fails ? options.failure_class : OutcomeClass::accepted;
}

int delay_ms_of(const Message& message, const SandboxOptions& options) {
    const auto steering = steering_of(message.recipient);
    return options.latency_ms + (steering ? steering->delay_ms : 0);
}

bool arrives(OutcomeClass outcome) {
    return outcome == OutcomeClass::accepted || outcome == OutcomeClass::unknown;
}

}  // namespace hongyan::sandbox
