#include "api/rules_wire.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "model/enums.hpp"

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::array<std::string_view, 2> rule_statuses{"active", "disabled"};
constexpr std::array<std::string_view, 6> rule_change_states{"lasting",  "waiting", "kept",
                                                             "reverted", "void",    "replaced"};

std::optional<std::string> check_resource(std::string_view resource) {
    for (const char c : resource) {
        if (c <= ' ' || c >= 0x7F || c == '"')
            return "must be printable ASCII without spaces or quotes, such as api:/messages/send";
    }
    constexpr std::array<std::string_view, 6> kinds{
        "api:/", "domain:", "country:", "prefix:", "recipient:", "template:"};
    const bool is_known =
        resource == "global" ||
        std::any_of(kinds.begin(), kinds.end(), [resource](std::string_view kind) {
            return resource.starts_with(kind) && resource.size() > kind.size();
        });
    if (is_known) return std::nullopt;
    // A limit on a thing that does not exist would stand there and hold nothing.
    if (resource.starts_with("channel:") && std::find(channel_names.begin(), channel_names.end(),
                                                      resource.substr(8)) != channel_names.end())
        return std::nullopt;
    return "must be global, api:/ROUTE, channel:NAME of a channel, domain:, country:, prefix:, "
           "recipient: or template: with what it limits";
}

template <class T, class M>
shape::Field revert_field(M member) {
    return field<T>("revert_after_seconds", member,
                    "Only for a while: after so many seconds it is again as it was before, also "
                    "after a restart, unless the row was changed otherwise meanwhile. Absent: for "
                    "good.")
        .between(1, 86'400)
        .example(900);
}

template <class T>
shape::Field for_a_while_field() {
    return field("for_a_while", &T::for_a_while,
                 "The change that will be taken back at its revert_at; absent without one.");
}

}  // namespace

PoolReply view_of(const delivery::PoolView& pool) {
    PoolReply v;
    v.id = pool.id;
    v.pool_name = pool.rule.name;
    v.core_pool_size = pool.rule.core_pool_size;
    v.max_pool_size = pool.rule.max_pool_size;
    v.queue_capacity = pool.rule.queue_capacity;
    v.scale_up_threshold = pool.rule.scale_up_threshold;
    v.scale_down_threshold = pool.rule.scale_down_threshold;
    v.size = pool.size;
    v.active_count = pool.active_count;
    v.queue_size = pool.queue_size;
    v.completed_tasks = pool.completed_tasks;
    for (const auto& change : pool.changes)
        v.changes.push_back({change.at_ms, change.from, change.to, change.reason});
    if (!v.changes.empty()) v.last_change = v.changes.front();
    return v;
}

LimitReply view_of(const LimitUsage& usage) {
    LimitReply v;
    v.id = usage.rule.id;
    v.resource = usage.rule.resource;
    v.limit_type = to_text(usage.rule.type);
    v.max_value = usage.rule.max_value;
    v.window_seconds = usage.rule.window_seconds;
    v.status = usage.rule.enabled ? "active" : "disabled";
    v.behavior = to_text(usage.rule.behavior);
    v.warm_up_seconds = usage.rule.warm_up_seconds;
    v.max_queueing_ms = usage.rule.max_queueing_ms;
    v.current = std::round(usage.current * 100) / 100;
    v.passed = usage.passed;
    v.refused = usage.refused;
    v.passed_last_hour = usage.passed_last_hour;
    v.refused_last_hour = usage.refused_last_hour;
    if (usage.last_refusal_ms > 0) v.last_refusal_at = usage.last_refusal_ms;
    return v;
}

const shape::Object& describe(shape::Tag<PoolChangeView>) {
    using V = PoolChangeView;
    static const shape::Object object =
        shape::object<V>(
            "PoolChange", "One change of a pool's size.",
            field("at", &V::at, "When.").date_time().example("2026-11-23T08:00:00.000Z"),
            field("from", &V::from, "Size before.").example(20),
            field("to", &V::to, "Size after.").example(24),
            field("reason", &V::reason, "Why.")
                .example("queue 9,120 of 10,000 is 91 %, over the 80 % mark: 20 → 24"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<RuleChangeView>) {
    using V = RuleChangeView;
    static const shape::Object object =
        shape::object<V>(
            "RuleChange", "A change of a pool's or limit's row through the API.",
            field("id", &V::id, "Id of the change.").example(17),
            field("at", &V::at, "When.").date_time().example("2026-11-23T08:00:00.000Z"),
            field("by", &V::by, "Name of the API key that made it.").example("on call"),
            field("by_key", &V::by_key,
                  "Id of that key; 0 is the administrator's of the configuration.")
                .example(3),
            field("state", &V::state,
                  "lasting; or, of one for a while: waiting for its end, kept for good, reverted, "
                  "void because the row was changed otherwise, replaced by another for a while.")
                .one_of(rule_change_states)
                .example("waiting"),
            field("before", &V::before,
                  "What was different before, and is again when it is reverted; absent if the "
                  "change made the limit.")
                .example_json(R"({"max_pool_size":100})"),
            field("after", &V::after, "The same fields as the change left them.")
                .example_json(R"({"max_pool_size":200})"),
            field("revert_at", &V::revert_at, "When its time is over; absent: made for good.")
                .date_time()
                .example("2026-11-23T08:15:00.000Z"),
            field("ended_at", &V::ended_at, "When it was kept, reverted, void or replaced.")
                .date_time()
                .example("2026-11-23T08:09:30.000Z"),
            field("ended_by", &V::ended_by,
                  "Name of the API key that ended it; absent: its time was over, or SQL did.")
                .example("on call"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<PoolReply>) {
    using V = PoolReply;
    static const shape::Object object =
        shape::object<V>(
            "Pool", "A worker pool: its configuration and what it is doing.",
            field("id", &V::id, "Id of the configuration.").example(1),
            field("pool_name", &V::pool_name, "message_sender, ai_processor or notifier.")
                .example("message_sender"),
            field("core_pool_size", &V::core_pool_size, "Smallest size.").example(20),
            field("max_pool_size", &V::max_pool_size, "Largest size.").example(100),
            field("queue_capacity", &V::queue_capacity, "Queue length that counts as full.")
                .example(10'000),
            field("scale_up_threshold", &V::scale_up_threshold,
                  "It grows above this share of the queue.")
                .example(0.8),
            field("scale_down_threshold", &V::scale_down_threshold, "It shrinks below this share.")
                .example(0.2),
            field("size", &V::size, "Size now.").example(20),
            field("active_count", &V::active_count, "At work now.").example(3),
            field("queue_size", &V::queue_size, "Waiting now.").example(0),
            field("completed_tasks", &V::completed_tasks, "Done since the start.").example(120'000),
            field("last_change", &V::last_change, "The last change of size."),
            field("changes", &V::changes, "The last 100 changes, newest first."),
            for_a_while_field<V>(),
            field("rule_changes", &V::rule_changes,
                  "The last 20 changes of its row through the API, newest first."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<PoolPage>) {
    static const shape::Object object =
        shape::object<PoolPage>("PoolPage", "All worker pools.",
                                field("items", &PoolPage::items, "The pools."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<PoolPatch>) {
    using V = PoolPatch;
    static const shape::Object object =
        shape::object<V>(
            "PoolPatch", "What to change of a pool; the rest stays.",
            field("core_pool_size", &V::core_pool_size, "Smallest size.")
                .between(1, 10'000)
                .example(20),
            field("max_pool_size", &V::max_pool_size, "Largest size, not below core_pool_size.")
                .between(1, 10'000)
                .example(200),
            field("queue_capacity", &V::queue_capacity, "Queue length that counts as full.")
                .between(1, 10'000'000)
                .example(10'000),
            field("scale_up_threshold", &V::scale_up_threshold,
                  "It grows above this share of the queue.")
                .between(0.01, 1.0)
                .example(0.8),
            field("scale_down_threshold", &V::scale_down_threshold,
                  "It shrinks below this share; less than the other.")
                .between(0.0, 0.99)
                .example(0.2),
            revert_field<V>(&V::revert_after_seconds))
            .example_text(R"({"max_pool_size":200})");
    return object;
}

const shape::Object& describe(shape::Tag<LimitReply>) {
    using V = LimitReply;
    static const shape::Object object =
        shape::object<V>(
            "Limit", "A limit and how much of it is used.",
            field("id", &V::id, "Id of the rule.").example(1),
            field("resource", &V::resource, "What it limits.").example("api:/messages/send"),
            field("limit_type", &V::limit_type, "What is counted.")
                .one_of(limit_type_names)
                .example("qps"),
            field("max_value", &V::max_value, "How much is allowed.").example(1'000),
            field("window_seconds", &V::window_seconds, "Of a window: how long.").example(1),
            field("status", &V::status, "Whether it holds.")
                .one_of(rule_statuses)
                .example("active"),
            field("behavior", &V::behavior, "Of qps: what happens at the limit.")
                .one_of(limit_behavior_names)
                .example("reject"),
            field("warm_up_seconds", &V::warm_up_seconds,
                  "Of warm_up: how long until all is allowed.")
                .example(10),
            field("max_queueing_ms", &V::max_queueing_ms, "Of pacing: the longest wait.")
                .example(500),
            field("current", &V::current, "In the last second, inside, or in the window.")
                .example(12),
            field("passed", &V::passed, "Let pass since the start.").example(120'000),
            field("refused", &V::refused, "Refused since the start.").example(17),
            field("passed_last_hour", &V::passed_last_hour, "Let pass in the last hour.")
                .example(5'000),
            field("refused_last_hour", &V::refused_last_hour, "Refused in the last hour.")
                .example(3),
            field("last_refusal_at", &V::last_refusal_at, "When it last refused one.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            for_a_while_field<V>(),
            field("rule_changes", &V::rule_changes,
                  "The last 5 changes of its row through the API, newest first."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LimitPage>) {
    static const shape::Object object =
        shape::object<LimitPage>("LimitPage", "All limits.",
                                 field("items", &LimitPage::items, "The limits."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LimitCheckRequest>) {
    using V = LimitCheckRequest;
    static const shape::Object object =
        shape::object<V>("LimitCheckRequest", "A request that is not made.",
                         field("resource", &V::resource, "What would be asked.")
                             .required()
                             .length(1, 200)
                             .check(check_resource)
                             .example("api:/messages/send"),
                         field("cost", &V::cost, "For how many it would count.")
                             .between(1, 1'000'000)
                             .default_value(1))
            .example_text(R"({"resource":"api:/messages/send","cost":1})");
    return object;
}

const shape::Object& describe(shape::Tag<LimitCheckReply>) {
    using V = LimitCheckReply;
    static const shape::Object object =
        shape::object<V>(
            "LimitCheckReply", "What would become of the request at this moment.",
            field("resource", &V::resource, "What was asked.").example("api:/messages/send"),
            field("would_pass", &V::would_pass, "Whether it would be let in.").example(true),
            field("rule", &V::rule,
                  "The rule that would refuse it, or has the least left; absent without a rule."),
            field("current", &V::current, "Used of that rule now.").example(120),
            field("allowed", &V::allowed, "What that rule allows now.").example(1'000),
            field("wait_ms", &V::wait_ms, "It would be let in after this pause.").example(0),
            field("retry_after_ms", &V::retry_after_ms, "If refused: when it would pass.")
                .example(0))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LimitRequest>) {
    using V = LimitRequest;
    static const shape::Object object =
        shape::object<V>(
            "LimitRequest", "A new limit.",
            field("resource", &V::resource,
                  "api:/messages/send and other routes below /api, channel:sms and other channels, "
                  "domain:, country:, prefix:, recipient: and template: for destinations, "
                  "or global.")
                .required()
                .length(1, 200)
                .check(check_resource)
                .example("channel:sms"),
            field("limit_type", &V::limit_type,
                  "qps: requests per second; concurrency: at the same time; window: in "
                  "window_seconds.")
                .required()
                .one_of(limit_type_names)
                .example("qps"),
            field("max_value", &V::max_value, "How much is allowed; 0 stops everything.")
                .required()
                .between(0.0, 1e9)
                .example(500),
            field("window_seconds", &V::window_seconds, "Length of a window.")
                .between(1, 86'400)
                .default_value(1),
            field("status", &V::status, "Whether it holds.")
                .one_of(rule_statuses)
                .default_value("active"),
            field("behavior", &V::behavior,
                  "Of qps: refuse, warm up from a third, or space requests evenly.")
                .one_of(limit_behavior_names)
                .default_value("reject"),
            field("warm_up_seconds", &V::warm_up_seconds,
                  "Of warm_up: how long until all is allowed.")
                .between(1, 3'600)
                .default_value(10),
            field("max_queueing_ms", &V::max_queueing_ms, "Of pacing: the longest wait.")
                .between(0, 60'000)
                .default_value(500),
            revert_field<V>(&V::revert_after_seconds))
            .example_text(R"({"resource":"channel:sms","limit_type":"qps","max_value":500})");
    return object;
}

const shape::Object& describe(shape::Tag<LimitPatch>) {
    using V = LimitPatch;
    static const shape::Object object =
        shape::object<V>(
            "LimitPatch", "What to change of a limit; the rest stays.",
            field("resource", &V::resource, "What it limits.")
                .length(1, 200)
                .check(check_resource)
                .example("channel:sms"),
            field("limit_type", &V::limit_type, "What is counted.")
                .one_of(limit_type_names)
                .example("qps"),
            field("max_value", &V::max_value, "How much is allowed; 0 stops everything.")
                .between(0.0, 1e9)
                .example(2'000),
            field("window_seconds", &V::window_seconds, "Length of a window.")
                .between(1, 86'400)
                .example(60),
            field("status", &V::status, "Whether it holds.")
                .one_of(rule_statuses)
                .example("active"),
            field("behavior", &V::behavior, "Of qps: what happens at the limit.")
                .one_of(limit_behavior_names)
                .example("reject"),
            field("warm_up_seconds", &V::warm_up_seconds,
                  "Of warm_up: how long until all is allowed.")
                .between(1, 3'600)
                .example(10),
            field("max_queueing_ms", &V::max_queueing_ms, "Of pacing: the longest wait.")
                .between(0, 60'000)
                .example(500),
            revert_field<V>(&V::revert_after_seconds))
            .example_text(R"({"max_value":2000})");
    return object;
}

}  // namespace hongyan::api
