#include "engine/redis/limiter.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::redis {
namespace {

/// Shows the whole limit, also where the limiter inside knows only this node's part.
void describe(Admission& admission, const Quota& quota, std::int64_t inside) {
    const bool is_share = quota.kind() == Quota::Kind::share;
    admission.limit = is_share ? static_cast<std::int64_t>(quota.rule().max_value) : quota.limit();
    if (!is_share) admission.remaining = quota.remaining(inside);
    admission.window_seconds = quota.window_seconds();
    admission.rule_id = quota.rule().id;
    admission.type = quota.rule().type;
}

}  // namespace

SharedLimiter::SharedLimiter(Parts parts, Quota::Settings settings)
    : parts_(parts), settings_(std::move(settings)), core_(std::make_shared<Core>()) {
    core_->answered_us = parts_.clock.steady_us();
    {
        auto owned = core_->owned.lock();
        owned->tables.push_back(std::make_unique<const Table>());
        table_ = owned->tables.back().get();
    }
    timer_ = parts_.client.start_timer(settings_.times.hurry, [this] { tick(); });
}

SharedLimiter::~SharedLimiter() { parts_.client.end_timer(timer_); }

SharedLimiter::Resource* SharedLimiter::find(std::string_view name) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    const auto found = table.find(name);
    return found == table.end() ? nullptr : found->second;
}

Admission SharedLimiter::admit(std::string_view name, int cost) {
    HY_ASSERT(cost >= 1);
    Resource* resource = find(name);
    if (resource == nullptr) return {};
    auto state = resource->state.lock();
    const std::int64_t now_us = parts_.clock.steady_us();
    const bool degraded = is_degraded();
    const bool all_agree =
        degraded || std::all_of(state->slots.begin(), state->slots.end(), [&](const Slot& slot) {
            return slot.quota.admits(cost, state->inside, now_us);
        });
    if (!all_agree) return refusal(*resource, *state, cost, now_us);
    Admission admission = parts_.inner.admit(name, cost);
    for (Slot& slot : state->slots) {
        const bool is_shown = slot.quota.rule().id == admission.rule_id;
        if (admission.ok) slot.quota.take(cost);
        if (!admission.ok && is_shown && slot.quota.kind() == Quota::Kind::share) {
            slot.quota.refuse(cost, now_us, 0);
            admission.retry_after = std::min(admission.retry_after, Millis(1'000));
        }
        if (is_shown && !degraded && slot.quota.kind() != Quota::Kind::none)
            describe(admission, slot.quota, state->inside + (admission.ok ? 1 : 0));
    }
    if (admission.ok) ++state->inside;
    return admission;
}

Admission SharedLimiter::refusal(Resource& resource, State& state, int cost, std::int64_t now_us) {
    Admission admission;
    admission.ok = false;
    admission.resource = resource.name;
    for (Slot& slot : state.slots) {
        if (slot.quota.admits(cost, state.inside, now_us)) continue;
        slot.quota.refuse(cost, now_us, parts_.clock.now_ms());
        const Millis retry_after = slot.quota.retry_after(cost, now_us);
        if (retry_after <= admission.retry_after) continue;
        admission.retry_after = retry_after;
        describe(admission, slot.quota, state.inside);
    }
    return admission;
}

void SharedLimiter::leave(std::string_view name) {
    Resource* resource = find(name);
    if (resource == nullptr) return;
    auto state = resource->state.lock();
    if (state->inside > 0) --state->inside;
    parts_.inner.leave(name);
}

void SharedLimiter::set_rules(std::vector<LimitRule> rules) {
    auto owned = core_->owned.lock();
    owned->rules = rules;
    std::map<std::string, std::vector<LimitRule>> by_resource;
    for (LimitRule& rule : rules) by_resource[rule.resource].push_back(std::move(rule));
    auto longer = std::make_unique<Table>(*owned->tables.back());
    for (const auto& [name, unused] : by_resource) {
        if (longer->contains(name)) continue;
        Resource& resource = *owned->resources.emplace_back(std::make_unique<Resource>(name));
        longer->emplace(resource.name, &resource);
    }
    for (auto& resource : owned->resources)
        replace_slots(*owned, *resource, std::move(by_resource[resource->name]));
    // The limiter inside knows a resource before anybody can ask for it.
    give_inner(*owned, true);
    if (longer->size() == owned->tables.back()->size()) return;
    owned->tables.push_back(std::move(longer));
    table_.store(owned->tables.back().get(), std::memory_order_release);
}

void SharedLimiter::replace_slots(Owned& owned, Resource& resource,
                                  std::vector<LimitRule> rules) const {
    auto state = resource.state.lock();
    std::vector<Slot> next;
    next.reserve(rules.size());
    for (LimitRule& rule : rules) {
        Quota fresh(rule, settings_, core_->nodes, parts_.clock.steady_us());
        if (is_degraded()) fresh.degrade();
        const auto old =
            std::find_if(state->slots.begin(), state->slots.end(), [&](const Slot& known) {
                return known.quota.rule().id == rule.id && known.quota.kind() == fresh.kind() &&
                       known.quota.key() == fresh.key();
            });
        if (old == state->slots.end()) {
            next.push_back({++owned.last_serial, std::move(fresh)});
        } else {
            next.push_back(std::move(*old));
            next.back().quota.change(std::move(rule));
            state->slots.erase(old);
        }
    }
    state->slots = std::move(next);
}

/// Tells the limiter inside what it may let pass, if that has changed.
void SharedLimiter::give_inner(Owned& owned, bool always) {
    const std::int64_t now_us = parts_.clock.steady_us();
    const bool degraded = is_degraded();
    std::map<std::pair<std::string, std::int64_t>, double> most;
    for (auto& resource : owned.resources) {
        auto state = resource->state.lock();
        for (Slot& slot : state->slots)
            most[{resource->name, slot.quota.rule().id}] = slot.quota.inner_max(degraded, now_us);
    }
    std::vector<LimitRule> rules = owned.rules;
    std::vector<double> maxes;
    for (LimitRule& rule : rules) maxes.push_back(rule.max_value = most[{rule.resource, rule.id}]);
    if (!always && maxes == owned.inner_max) return;
    owned.inner_max = std::move(maxes);
    parts_.inner.set_rules(std::move(rules));
}

void SharedLimiter::tick() {
    auto owned = core_->owned.lock();
    const std::int64_t now_us = parts_.clock.steady_us();
    ask_due(*owned, now_us);
    judge(*owned, now_us);
    give_inner(*owned, false);
}

void SharedLimiter::ask_due(Owned& owned, std::int64_t now_us) {
    if (!parts_.client.is_up()) return;
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> passed;
    bool has_passed = false;
    std::vector<Prepared> prepared;
    for (auto& resource : owned.resources) {
        auto state = resource->state.lock();
        for (auto& [serial, quota] : state->slots) {
            if (!quota.is_due(state->inside, now_us)) continue;
            if (quota.needs_seed() && !has_passed) {
                for (const LimitUsage& usage : parts_.inner.usage())
                    passed[{usage.rule.resource, usage.rule.id}] =
                        static_cast<std::int64_t>(usage.current);
                has_passed = true;
            }
            const std::int64_t seed =
                quota.needs_seed() ? passed[{resource->name, quota.rule().id}] : 0;
            const Script& script = quota.script();
            prepared.push_back(
                {*resource, serial, script, quota.ask({state->inside, seed, now_us, 0}), now_us});
        }
    }
    for (Prepared& one : prepared) send(std::move(one));
}

void SharedLimiter::send(Prepared prepared) {
    // The core keeps the resource alive.
    auto answered = [core = core_, &resource = prepared.resource, serial = prepared.serial,
                     now_us = prepared.now_us](Result<Value> answer) {
        const bool ok = answer && answer->kind == Value::Kind::list;
        if (!ok) *core->trouble.lock() = answer ? error_of(*answer).detail : answer.error().detail;
        auto state = resource.state.lock();
        for (Slot& asked : state->slots) {
            if (asked.serial != serial) continue;
            if (!ok) return asked.quota.unanswered();
            asked.quota.answered(*answer, now_us);
            core->nodes = asked.quota.nodes();
            core->answered_us = std::max(now_us, core->answered_us.load());
        }
    };
    parts_.client.run(prepared.script, std::move(prepared.call), std::move(answered));
}

/// Degraded when Redis has not answered for a second; healed when every rule was answered.
void SharedLimiter::judge(Owned& owned, std::int64_t now_us) {
    const bool was = is_degraded();
    bool any = false;
    bool all_hold = true;
    for (auto& resource : owned.resources) {
        auto state = resource->state.lock();
        for (const Slot& slot : state->slots) {
            any = any || slot.quota.kind() != Quota::Kind::none;
            all_hold = all_hold && slot.quota.holds(now_us);
        }
    }
    const bool silent = now_us - core_->answered_us > settings_.times.degrade.count() * 1000;
    if (!any) {
        core_->answered_us = now_us;
    } else if (!was && silent) {
        degraded_.store(true, std::memory_order_release);
        for (auto& resource : owned.resources)
            for (Slot& slot : resource->state.lock()->slots) slot.quota.degrade();
        parts_.log.warn("limits_per_node",
                        {{"nodes", core_->nodes.load()}, {"why", why_degraded()}});
    } else if (was && !silent && all_hold) {
        degraded_.store(false, std::memory_order_release);
        parts_.log.info("limits_shared", {{"nodes", core_->nodes.load()}});
    }
}

std::vector<LimitUsage> SharedLimiter::usage() const {
    std::vector<LimitUsage> usages = parts_.inner.usage();
    const bool degraded = is_degraded();
    for (LimitUsage& usage : usages) {
        Resource* resource = find(usage.rule.resource);
        if (resource == nullptr) continue;
        auto state = resource->state.lock();
        for (const Slot& slot : state->slots) {
            const Quota& quota = slot.quota;
            if (quota.rule().id != usage.rule.id) continue;
            usage.rule.max_value = quota.rule().max_value;
            if (!degraded && quota.kind() == Quota::Kind::permits)
                usage.current = std::max(usage.current, static_cast<double>(quota.total()));
            if (!degraded && quota.kind() != Quota::Kind::share)
                usage.allowed = quota.rule().max_value;
            if (quota.kind() == Quota::Kind::share) continue;  // its refusals were counted inside
            usage.refused += quota.refused();
            usage.last_refusal_ms = std::max(usage.last_refusal_ms, quota.last_refusal_ms());
        }
    }
    return usages;
}

std::string SharedLimiter::health() const {
    if (!is_degraded()) return "limits are shared by " + std::to_string(core_->nodes) + " nodes";
    return "limits hold for this node alone, with the fair part of " +
           std::to_string(core_->nodes) + " nodes: " + why_degraded();
}

std::string SharedLimiter::why_degraded() const {
    const Health health = parts_.client.health();
    return health.up ? *core_->trouble.lock() : health.text;
}

}  // namespace hongyan::redis
