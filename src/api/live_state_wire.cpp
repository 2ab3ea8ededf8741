// How LiveState stands in JSON.
#include "api/live_state.hpp"

namespace hongyan::api {

using shape::field;

const shape::Object& describe(shape::Tag<MessageSummary>) {
    using V = MessageSummary;
    static const shape::Object object =
        shape::object<V>(
            "MessageSummary", "A message as a list shows it.",
            field("message_id", &V::message_id, "Id; larger means accepted later.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"),
            field("task_id", &V::task_id, "The batch it belongs to.").example(17),
            field("template_id", &V::template_id, "The template it was made from.").example(1),
            field("channel", &V::channel, "How it is delivered.")
                .one_of(channel_names)
                .example("sms"),
            field("recipient", &V::recipient, "Who gets it.").example("13800138000"),
            field("subject", &V::subject, "The beginning of the subject or title.")
                .omit_empty()
                .example("Your order is on its way"),
            field("content", &V::content, "The first 200 characters of the text.")
                .example("Your order has been shipped."),
            field("priority", &V::priority, "0 to 10.").example(7),
            field("status", &V::status, "Where it is on its way.")
                .one_of(message_status_names)
                .example("success"),
            field("reason", &V::reason, "Why it failed, waits, expired or was cancelled.")
                .example("transient 451: try later"),
            field("attempts", &V::attempts, "Attempts made.").example(1),
            field("provider", &V::provider, "Who delivers it.").example("sandbox"),
            field("created_at", &V::created_at, "When it was accepted.")
                .date_time()
                .example("2026-11-23T08:00:00.123Z"),
            field("sent_at", &V::sent_at, "When the provider took it.")
                .date_time()
                .example("2026-11-23T08:00:00.131Z"),
            field("finished_at", &V::finished_at, "When it reached a final status.")
                .date_time()
                .example("2026-11-23T08:00:00.131Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveTotals>) {
    using V = LiveTotals;
    static const shape::Object object =
        shape::object<V>("LiveTotals", "Sums of today and of the last seven days.",
                         field("today", &V::today, "This UTC day."),
                         field("week", &V::week, "The last seven UTC days, today included."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveRates>) {
    using V = LiveRates;
    static const shape::Object object =
        shape::object<V>("LiveRates", "What happens now.",
                         field("last_minute", &V::last_minute, "The last 60 seconds."),
                         field("last_hour", &V::last_hour, "The last 3,600 seconds."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LivePool>) {
    using V = LivePool;
    static const shape::Object object =
        shape::object<V>(
            "LivePool", "A worker pool's gauges.",
            field("id", &V::id, "Id of its configuration.").example(1),
            field("name", &V::name, "Its name.").example("message_sender"),
            field("size", &V::size, "Size now.").example(20),
            field("core", &V::core, "Smallest size.").example(20),
            field("max", &V::max, "Largest size.").example(100),
            field("active", &V::active, "At work now.").example(3),
            field("queue_size", &V::queue_size, "Waiting now.").example(0),
            field("queue_capacity", &V::queue_capacity, "Queue length that counts as full.")
                .example(10'000),
            field("use", &V::use, "Share of its size that is at work, 0 to 1.").example(0.15))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveLimit>) {
    using V = LiveLimit;
    static const shape::Object object =
        shape::object<V>(
            "LiveLimit", "A limit's gauges.", field("id", &V::id, "Id of the limit.").example(1),
            field("resource", &V::resource, "What it limits.").example("api:/messages/send"),
            field("type", &V::type, "What is counted.").one_of(limit_type_names).example("qps"),
            field("current", &V::current, "Used now.").example(120),
            field("allowed", &V::allowed, "Allowed now.").example(1'000),
            field("refused", &V::refused, "Refused since the start.").example(0))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveAccount>) {
    using V = LiveAccount;
    static const shape::Object object =
        shape::object<V>(
            "LiveAccount", "A provider account's state.",
            field("id", &V::id, "Id of the account.").example(1),
            field("channel", &V::channel, "The channel.").one_of(channel_names).example("sms"),
            field("name", &V::name, "Its name.").example("main"),
            field("provider", &V::provider, "Its provider.").example("smpp"),
            field("status", &V::status, "A disabled account sends nothing.")
                .one_of({"active", "disabled"})
                .example("active"),
            field("breaker", &V::breaker, "State of its breaker.")
                .one_of(route::breaker_state_names)
                .example("closed"),
            field("health", &V::health, "0 to 1; 0 also when it could not be opened.").example(1))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveState>) {
    using V = LiveState;
    static const shape::Object object =
        shape::object<V>(
            "LiveState",
            "What the monitoring screen shows. Totals, messages and accounts are the tenant's; "
            "queue, pools and limits are the server's.",
            field("totals", &V::totals, "Sums."),
            field("by_day", &V::by_day, "The last seven UTC days, oldest first."),
            field("by_channel", &V::by_channel, "Every channel, over these days."),
            field("realtime", &V::realtime, "What happens now."),
            field("queue", &V::queue, "What waits."), field("pools", &V::pools, "The pools."),
            field("limits", &V::limits, "The limits."),
            field("accounts", &V::accounts, "The tenant's provider accounts."),
            field("messages", &V::messages, "The last 50 messages, newest first."),
            field("unknown_count", &V::unknown_count,
                  "Messages held because their outcome is unknown; counted up to 100,000.")
                .example(0),
            field("dead_letter_count", &V::dead_letter_count,
                  "Messages that failed for good; counted up to 100,000.")
                .example(2))
            .reply();
    return object;
}

}  // namespace hongyan::api
