#include "route/choose.hpp"

#include <algorithm>

namespace hongyan::route {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

bool is_fit(const AccountView& a, const Question& q) {
    return a.enabled && a.unfit.empty() && (q.only_account == 0 || a.id == q.only_account);
}

bool is_open(const AccountView& a, std::int64_t now_ms) {
    return a.closed_until_ms <= now_ms && a.breaker != BreakerState::open && a.admits;
}

std::string verdict_of(const AccountView& a, const Question& q) {
    if (!a.enabled) return "disabled";
    if (!a.unfit.empty()) return "cannot send this message: " + std::string(a.unfit);
    if (q.only_account != 0 && a.id != q.only_account)
        return "not asked: the attempt before may have arrived by another account";
    if (!is_open(a, q.now_ms)) {
        if (!a.closed_reason.empty()) return "closed: " + std::string(a.closed_reason);
        return a.breaker == BreakerState::half_open ? "closed: its breaker waits for probes"
                                                    : "closed by its breaker";
    }
    if (a.room <= 0) return a.at_share ? "carries its share by weight" : "full";
    if (a.tried) return "this message has failed on it";
    return "tier " + std::to_string(a.tier) + ", weight " + std::to_string(a.weight) + ", health " +
           std::to_string(static_cast<int>(a.health * 100)) + " %";
}

const AccountView* by_weight(const std::vector<const AccountView*>& candidates,
                             std::uint64_t seed) {
    double sum = 0;
    for (const auto* a : candidates) sum += a->weight * a->health;
    if (sum <= 0) return candidates[mixed(seed) % candidates.size()];
    double at = static_cast<double>(mixed(seed) >> 11) / 9007199254740992.0 * sum;
    for (const auto* a : candidates) {
        at -= a->weight * a->health;
        if (at < 0 && a->weight > 0) return a;
    }
    return candidates.back();
}

/// Accounts that are open and untried, of the lowest tier that has any; the tried ones if none is.
std::vector<const AccountView*> candidates_of(const Question& q, bool& all_tried) {
    std::vector<const AccountView*> found;
    for (const bool tried : {false, true}) {
        int tier = 0;
        for (const auto& a : q.accounts) {
            if (!is_fit(a, q) || !is_open(a, q.now_ms) || a.tried != tried) continue;
            if (found.empty() || a.tier < tier) {
                found.clear();
                tier = a.tier;
            }
            if (a.tier == tier) found.push_back(&a);
        }
        all_tried = tried;
        if (!found.empty()) break;
    }
    return found;
}

void wait(const Question& q, Route& route, const std::vector<const AccountView*>& full) {
    route.choice = Choice::wait;
    std::int64_t again = 0;
    const auto sooner = [&again](std::int64_t at) {
        if (at > 0 && (again == 0 || at < again)) again = at;
    };
    for (const auto* a : full) sooner(a->room_at_ms);
    if (full.empty()) {
        for (const auto& a : q.accounts) {
            if (is_fit(a, q)) sooner(a.closed_until_ms);
        }
    }
    route.again_ms = again;
    route.reason = full.empty() ? "every account that could send it is closed for now"
                                : "every open account is full";
}

void explain(const Question& q, Route& route, const AccountView* chosen) {
    for (const auto& a : q.accounts) {
        auto verdict = verdict_of(a, q);
        if (&a == chosen) verdict = "chosen: " + verdict;
        route.considered.push_back({a.id, std::string(a.name), std::move(verdict)});
    }
}

}  // namespace

void keep_shares(std::span<AccountView> accounts, std::int64_t now_ms) {
    const auto counts = [now_ms](const AccountView& a) {
        return a.enabled && a.unfit.empty() && !a.tried && is_open(a, now_ms);
    };
    for (auto& a : accounts) {
        if (!counts(a) || a.limit <= 0) continue;
        double heaviest = 0;
        for (const auto& other : accounts) {
            if (counts(other) && other.tier == a.tier)
                heaviest = std::max(heaviest, other.weight * other.health);
        }
        if (heaviest <= 0) continue;
        const double part = a.weight * a.health / heaviest;
        // At least one, or an account that failed could never show that it is well again.
        const int share = a.weight == 0 ? 0 : std::max(1, static_cast<int>(a.limit * part + 0.5));
        const int room = std::max(0, share - a.under_way);
        a.at_share = room < a.room && room == 0;
        a.room = std::min(a.room, room);
    }
}

Route choose(const Question& q) {
    Route route;
    const AccountView* chosen = nullptr;
    bool all_tried = false;
    const auto open = candidates_of(q, all_tried);
    std::vector<const AccountView*> roomy;
    for (const auto* a : open) {
        if (a->room > 0) roomy.push_back(a);
    }
    const bool some_fit = std::any_of(q.accounts.begin(), q.accounts.end(),
                                      [&q](const AccountView& a) { return is_fit(a, q); });
    if (!roomy.empty()) {
        chosen = by_weight(roomy, q.seed);
        route.choice = Choice::send;
        route.account_id = chosen->id;
        route.reason = q.only_account != 0 ? "the same account, whose answer was lost"
                       : all_tried         ? "every account has failed on it once; another round"
                                           : "lowest open tier, by weight";
    } else if (some_fit) {
        wait(q, route, open);
    } else {
        route.reason =
            q.accounts.empty() ? "there is no account" : "no account can take this message";
    }
    if (q.with_reasons) explain(q, route, chosen);
    return route;
}

}  // namespace hongyan::route
