#include "engine/local/limiter.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::local {
namespace {

void describe(Admission& admission, LimitState& rule, std::int64_t remaining) {
    admission.limit = rule.limit();
    admission.remaining = remaining;
    admission.window_seconds = rule.window_seconds();
    admission.rule_id = rule.rule().id;
    admission.type = rule.rule().type;
}

/// The rule to show for an admitted request: a quota in time before a concurrency limit, then the
/// least remaining.
bool shows_before(const Admission& shown, LimitState& rule, std::int64_t remaining) {
    const bool shown_is_quota = shown.type != LimitType::concurrency;
    const bool is_quota = rule.rule().type != LimitType::concurrency;
    if (shown_is_quota != is_quota) return is_quota;
    return remaining < shown.remaining;
}

}  // namespace

LocalLimiter::LocalLimiter(const Clock& clock) : clock_(clock) {
    auto owned = owned_.lock();
    owned->tables.push_back(std::make_unique<const Table>());
    table_ = owned->tables.back().get();
}

LocalLimiter::Resource* LocalLimiter::find(std::string_view name) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    const auto found = table.find(name);
    return found == table.end() ? nullptr : found->second;
}

Admission LocalLimiter::admit(std::string_view name, int cost) {
    HY_ASSERT(cost >= 1);
    Resource* resource = find(name);
    if (resource == nullptr) return {};
    auto state = resource->state.lock();
    // The clock is read under the lock, so that time never goes back within a resource.
    return admit_to(*resource, *state, {clock_.steady_us(), state->inside, cost});
}

Admission LocalLimiter::admit_to(Resource& resource, State& state, const Arrival& arrival) const {
    std::int64_t wait_ns = 0;
    for (LimitState& rule : state.rules) {
        if (!rule.rule().enabled) continue;
        const LimitState::Verdict verdict = rule.check(arrival);
        if (!verdict.ok) return refusal(resource, state, arrival);
        wait_ns = std::max(wait_ns, verdict.wait_ns);
    }
    Admission admission;
    admission.entered = true;
    admission.wait = Millis((wait_ns + 999'999) / 1'000'000);
    ++state.inside;
    const Arrival after{arrival.now_us, state.inside, arrival.cost};
    for (LimitState& rule : state.rules) {
        if (!rule.rule().enabled) continue;
        rule.take(arrival);
        const std::int64_t remaining = rule.remaining(after);
        if (admission.resource.empty() || shows_before(admission, rule, remaining))
            describe(admission, rule, remaining);
        admission.resource = resource.name;
    }
    return admission;
}

Admission LocalLimiter::refusal(Resource& resource, State& state, const Arrival& arrival) const {
    Admission admission;
    admission.ok = false;
    admission.resource = resource.name;
    for (LimitState& rule : state.rules) {
        if (!rule.rule().enabled) continue;
        const LimitState::Verdict verdict = rule.check(arrival);
        if (verdict.ok) continue;
        rule.refuse(arrival.now_us, clock_.now_ms());
        if (verdict.retry_after <= admission.retry_after) continue;
        admission.retry_after = verdict.retry_after;
        describe(admission, rule, rule.remaining(arrival));
    }
    return admission;
}

Admission LocalLimiter::would_admit(std::string_view name, int cost) const {
    HY_ASSERT(cost >= 1);
    Resource* resource = find(name);
    if (resource == nullptr) return {};
    auto state = resource->state.lock();
    const Arrival arrival{clock_.steady_us(), state->inside, cost};
    Admission admission;
    admission.resource = resource->name;
    bool any = false;
    for (const LimitState& one : state->rules) {
        if (!one.rule().enabled) continue;
        LimitState copy = one;  // looking must not change what a warm-up does next
        const LimitState::Verdict verdict = copy.check(arrival);
        const std::int64_t remaining = copy.remaining(arrival);
        admission.wait = std::max(admission.wait, Millis((verdict.wait_ns + 999'999) / 1'000'000));
        const bool worst = !verdict.ok && verdict.retry_after > admission.retry_after;
        const bool shown =
            verdict.ok && admission.ok && (!any || shows_before(admission, copy, remaining));
        if (worst || shown) describe(admission, copy, remaining);
        if (worst) admission.retry_after = verdict.retry_after;
        admission.ok = admission.ok && verdict.ok;
        any = true;
    }
    if (!any) return {};
    return admission;
}

void LocalLimiter::leave(std::string_view name) {
    Resource* resource = find(name);
    if (resource == nullptr) return;
    auto state = resource->state.lock();
    if (state->inside > 0) --state->inside;
}

void LocalLimiter::set_rules(std::vector<LimitRule> rules) {
    std::map<std::string, std::vector<LimitRule>> by_resource;
    for (LimitRule& rule : rules) by_resource[rule.resource].push_back(std::move(rule));
    auto owned = owned_.lock();
    auto longer = std::make_unique<Table>(*owned->tables.back());
    for (const auto& [name, unused] : by_resource) {
        if (longer->contains(name)) continue;
        Resource& resource = *owned->resources.emplace_back(std::make_unique<Resource>(name));
        longer->emplace(resource.name, &resource);
    }
    for (auto& resource : owned->resources)
        replace_rules(*resource, std::move(by_resource[resource->name]));
    if (longer->size() == owned->tables.back()->size()) return;
    owned->tables.push_back(std::move(longer));
    table_.store(owned->tables.back().get(), std::memory_order_release);
}

void LocalLimiter::replace_rules(Resource& resource, std::vector<LimitRule> rules) const {
    auto state = resource.state.lock();
    const std::int64_t now_us = clock_.steady_us();
    std::vector<LimitState> next;
    next.reserve(rules.size());
    for (LimitRule& rule : rules) {
        const auto old =
            std::find_if(state->rules.begin(), state->rules.end(), [&](const LimitState& known) {
                return known.rule().id == rule.id && known.rule().type == rule.type;
            });
        if (old == state->rules.end()) {
            next.emplace_back(std::move(rule), now_us);
        } else {
            next.push_back(std::move(*old));
            next.back().change(std::move(rule), now_us);
            state->rules.erase(old);
        }
    }
    state->rules = std::move(next);
}

std::vector<LimitUsage> LocalLimiter::usage() const {
    std::vector<LimitUsage> usages;
    for (const auto& [name, resource] : *table_.load(std::memory_order_acquire)) {
        auto state = resource->state.lock();
        const Arrival now{clock_.steady_us(), state->inside, 1};
        for (const LimitState& rule : state->rules) usages.push_back(rule.usage(now));
    }
    std::sort(usages.begin(), usages.end(), [](const LimitUsage& a, const LimitUsage& b) {
        return std::tie(a.rule.resource, a.rule.id) < std::tie(b.rule.resource, b.rule.id);
    });
    return usages;
}

}  // namespace hongyan::local
