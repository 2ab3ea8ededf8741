#include "universe/wechat/tokens.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::wechat {
namespace {

constexpr std::int64_t overlap_ms = 300'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t forced_pause_ms = 30'000;
constexpr std::size_t forced_most = 20;
constexpr std::size_t most_kept = 1'000;

std::string fresh_token() { return "99_" + to_base64url(random_bytes(99)); }

}  // namespace

Granted Tokens::stable(std::int64_t now_ms, std::int64_t life_s, bool force) {
    auto state = state_.lock();
    if (force) {
        auto& forced = state->forced_ms;
        while (!forced.empty() && forced.front() <= now_ms - day_ms) forced.pop_front();
        const bool too_soon = !forced.empty() && forced.back() > now_ms - forced_pause_ms;
        if (too_soon || forced.size() >= forced_most) return {};
        forced.push_back(now_ms);
        state->ends_ms[state->stable] = now_ms;
    }
    const auto found = state->ends_ms.find(state->stable);
    const std::int64_t left = found == state->ends_ms.end() ? 0 : found->second - now_ms;
    // With lives shorter than the vendor's the overlap shrinks along, so that tests can use them.
    if (left <= std::min(overlap_ms, life_s * 1000 / 4)) {
        if (state->ends_ms.size() > most_kept) state->ends_ms.clear();
        state->stable = fresh_token();
        state->ends_ms[state->stable] = now_ms + life_s * 1000;
    }
    return {state->stable, (state->ends_ms[state->stable] - now_ms) / 1000};
}

Granted Tokens::legacy(std::int64_t now_ms, std::int64_t life_s) {
    auto state = state_.lock();
    const auto before = state->ends_ms.find(state->legacy);
    if (before != state->ends_ms.end()) {
        before->second = std::min(before->second, now_ms + overlap_ms);
    }
    if (state->ends_ms.size() > most_kept) state->ends_ms.clear();
    state->legacy = fresh_token();
    state->ends_ms[state->legacy] = now_ms + life_s * 1000;
    return {state->legacy, life_s};
}

TokenState Tokens::check(std::string_view token, std::int64_t now_ms) {
    auto state = state_.lock();
    const auto found = state->ends_ms.find(token);
    if (found == state->ends_ms.end()) return TokenState::unknown;
    return found->second > now_ms ? TokenState::valid : TokenState::expired;
}

}  // namespace hongyan::universe::wechat
