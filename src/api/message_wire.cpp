#include "api/message_wire.hpp"

#include "base/text.hpp"

namespace hongyan::api {
namespace {

using shape::field;

std::optional<std::int64_t> time_or_none(std::int64_t ms) {
    return ms > 0 ? std::optional(ms) : std::nullopt;
}
std::optional<std::string> text_or_none(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> check_statuses(std::string_view text) {
    for (const auto& word : split(text, ',')) {
        if (from_text<MessageStatus>(message_status_names, word)) continue;
        std::string known;
        for (const auto name : message_status_names)
            known += (known.empty() ? "" : ", ") + std::string(name);
        return "must be one or more of " + known + ", separated by commas";
    }
    return std::nullopt;
}

}  // namespace

MessageView view_of(const table::MessageRow& row) {
    const Message& m = row.message;
    MessageView v;
    v.message_id = m.id;
    v.trace_id = trace_id_of(m.id);
    v.task_id = time_or_none(m.task_id);
    v.template_id = time_or_none(m.template_id);
    v.template_version = time_or_none(m.template_version);
    v.channel = to_text(m.channel);
    v.recipient = m.recipient;
    v.subject = text_or_none(m.subject);
    v.content = m.content;
    v.html = text_or_none(m.html);
    v.priority = m.priority;
    v.status = to_text(m.status);
    v.reason = text_or_none(row.reason);
    v.attempts = m.attempts;
    v.provider = text_or_none(row.provider);
    v.provider_message_id = text_or_none(row.provider_message_id);
    v.created_at = m.created_ms();
    v.due_at = time_or_none(m.due_ms);
    v.next_attempt_at =
        m.status == MessageStatus::retrying ? time_or_none(row.next_attempt_ms) : std::nullopt;
    v.deliver_by = time_or_none(m.deliver_by_ms);
    v.finished_at = time_or_none(row.finished_ms);
    if (m.status == MessageStatus::success || m.status == MessageStatus::delivered)
        v.sent_at = v.finished_at;
    v.callback_url = text_or_none(m.callback_url);
    v.traceparent = text_or_none(m.traceparent);
    v.metadata = m.metadata;
    return v;
}

TraceView view_of(const report::Trace& trace) {
    TraceView v;
    v.message_id = trace.row.message.id;
    v.trace_id = trace_id_of(v.message_id);
    v.status = to_text(trace.row.message.status);
    for (const auto& n : trace.nodes) {
        v.nodes.push_back({n.name, n.status, n.started_ms, time_or_none(n.finished_ms),
                           n.duration_ms, time_or_none(n.attempt), text_or_none(n.provider),
                           text_or_none(n.reason), text_or_none(n.rule_version)});
    }
    for (const auto& a : trace.attempts) {
        const bool sent = a.outcome == OutcomeClass::accepted;
        v.attempts.push_back({a.attempt, a.provider, sent ? "success" : "failed",
                              sent ? std::nullopt : std::optional<std::string>(to_text(a.outcome)),
                              text_or_none(a.code), text_or_none(a.detail), a.started_ms,
                              a.duration_ms, time_or_none(a.next_attempt_ms),
                              text_or_none(a.rule_version)});
    }
    if (v.attempts.empty() && trace.row.message.attempts == 1 && !trace.nodes.empty() &&
        trace.nodes.back().name == "send" && trace.nodes.back().status == "success") {
        // An immediate success has no row of its own: the record says all of it.
        const auto& n = trace.nodes.back();
        v.attempts.push_back({1, n.provider, "success", std::nullopt, std::nullopt, std::nullopt,
                              n.started_ms, n.finished_ms - n.started_ms, std::nullopt,
                              std::nullopt});
    }
    v.statistics = {trace.total_duration_ms, trace.success_rate, trace.avg_duration_ms,
                    static_cast<int>(trace.nodes.size())};
    return v;
}

const shape::Object& describe(shape::Tag<MessagePage>) {
    static const shape::Object object =
        shape::object<MessagePage>("MessagePage", "Messages, newest first.",
                                   field("items", &MessagePage::items, "The messages."),
                                   field("next_cursor", &MessagePage::next_cursor,
                                         "Give it as cursor for the next page; absent on the last.")
                                       .example("YzE6MTk2ODQ1"),
                                   field("scanned_until", &MessagePage::scanned_until,
                                         "Only if the search was cut off before the page was full: "
                                         "everything accepted after this time was looked at; "
                                         "next_cursor goes on from there.")
                                       .date_time()
                                       .example("2026-11-22T08:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<MessageQuery>) {
    using Q = MessageQuery;
    static const shape::Object object = shape::object<Q>(
        "MessageQuery", "Filters of a list of messages; all must hold.",
        field("status", &Q::status, "Only these statuses, separated by commas.")
            .length(1, 200)
            .check(check_statuses)
            .example("failed,unknown"),
        field("q", &Q::q,
              "One box for all: a message id or trace id, else a recipient written exactly so, "
              "else a part of the reason.")
            .length(1, 320)
            .example("13800138000"),
        field("id", &Q::id, "Only the message with this id or trace id.")
            .length(1, 40)
            .example("1968453871263744005"),
        field("provider", &Q::provider, "Only by this provider.").length(1, 64).example("sandbox"),
        field("priority", &Q::priority, "Only of this priority.").between(0, 10).example(5),
        field("order", &Q::order, "Newest first is the only order.")
            .one_of({"desc"})
            .example("desc"),
        field("channel", &Q::channel, "Only this channel.").one_of(channel_names).example("sms"),
        field("template_id", &Q::template_id, "Only of this template.")
            .between(std::int64_t{1}, INT64_MAX)
            .example(1),
        field("task_id", &Q::task_id, "Only of this batch.")
            .between(std::int64_t{1}, INT64_MAX)
            .example(1),
        field("recipient", &Q::recipient, "Only to this recipient, written exactly so.")
            .length(1, 320)
            .example("13800138000"),
        field("trace_id", &Q::trace_id, "Only the message with this trace id or message id.")
            .length(1, 40)
            .example("msg_1968453871263744005"),
        field("created_after", &Q::created_after, "Accepted at or after this time (RFC 3339).")
            .date_time()
            .example("2026-11-23T00:00:00Z"),
        field("created_before", &Q::created_before, "Accepted before this time (RFC 3339).")
            .date_time()
            .example("2026-12-24T00:00:00Z"),
        field("error", &Q::error, "The reason contains this text.")
            .length(1, 200)
            .example("transient"),
        field("limit", &Q::limit, "How many at most.").between(1, 200).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<NodeView>) {
    using V = NodeView;
    static const shape::Object object =
        shape::object<V>(
            "TraceNode", "One step of a message's way.",
            field("name", &V::name, "queue, process, send or callback.")
                .one_of({"queue", "process", "send", "callback"})
                .example("queue"),
            field("status", &V::status, "How it ended, or pending.")
                .one_of({"success", "failed", "pending"})
                .example("success"),
            field("started_at", &V::started_at, "When it began.")
                .date_time()
                .example("2026-11-23T08:00:00.123Z"),
            field("finished_at", &V::finished_at, "When it ended.")
                .date_time()
                .example("2026-11-23T08:00:00.126Z"),
            field("duration_ms", &V::duration_ms, "How long it took, in milliseconds.").example(3),
            field("attempt", &V::attempt, "Of a send node: which attempt.").example(1),
            field("provider", &V::provider, "Of a send node: who was asked.").example("sandbox"),
            field("reason", &V::reason, "Why it failed or waits.")
                .example("transient 451: try later"),
            field("rule_version", &V::rule_version, "The rule or template version that decided.")
                .example("template-1-v1"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<AttemptView>) {
    using V = AttemptView;
    static const shape::Object object =
        shape::object<V>(
            "Attempt", "One attempt to hand a message to a provider.",
            field("attempt", &V::attempt, "1 for the first.").example(1),
            field("provider", &V::provider, "Who was asked.").example("sandbox"),
            field("outcome", &V::outcome, "What came of it.")
                .one_of({"success", "failed"})
                .example("success"),
            field("error_class", &V::error_class, "The class of the failure.")
                .one_of(outcome_class_names)
                .example("transient"),
            field("code", &V::code, "The provider's error code.").example("451 4.3.0"),
            field("detail", &V::detail, "The provider's words.").example("try again later"),
            field("started_at", &V::started_at, "When the request left.")
                .date_time()
                .example("2026-11-23T08:00:00.126Z"),
            field("duration_ms", &V::duration_ms, "How long the provider took.").example(2),
            field("next_attempt_at", &V::next_attempt_at, "When it is tried again.")
                .date_time()
                .example("2026-11-23T08:00:01.000Z"),
            field("rule_version", &V::rule_version,
                  "Version of the rule that decided what followed.")
                .example("retry-8x1000-600000-24h-send"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TraceStatistics>) {
    using V = TraceStatistics;
    static const shape::Object object =
        shape::object<V>(
            "TraceStatistics", "Sums over the nodes of a trace.",
            field("total_duration_ms", &V::total_duration_ms,
                  "From ready to the end of the last node.")
                .example(4),
            field("success_rate", &V::success_rate, "Percent of the finished nodes that succeeded.")
                .example(100.0),
            field("avg_duration_ms", &V::avg_duration_ms, "Mean of the finished nodes.")
                .example(1.3),
            field("node_count", &V::node_count, "Number of nodes.").example(3))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TraceView>) {
    using V = TraceView;
    static const shape::Object object =
        shape::object<V>(
            "Trace", "The way of one message: queue, process, send, callback.",
            field("trace_id", &V::trace_id, "Id of the trace.").example("msg_1968453871263744005"),
            field("message_id", &V::message_id, "Id of the message.")
                .as_text()
                .example("1968453871263744005"),
            field("status", &V::status, "Status of the message.")
                .one_of(message_status_names)
                .example("success"),
            field("nodes", &V::nodes, "The steps in order."),
            field("attempts", &V::attempts, "Every attempt in order."),
            field("statistics", &V::statistics, "Sums over the nodes."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<StatusReply>) {
    using V = StatusReply;
    static const shape::Object object =
        shape::object<V>(
            "MessageStatus", "A message and the status it has now.",
            field("message_id", &V::message_id, "Id of the message.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"),
            field("status", &V::status, "Status from now on.")
                .one_of(message_status_names)
                .example("cancelled"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DeadGroupView>) {
    using V = DeadGroupView;
    static const shape::Object object =
        shape::object<V>(
            "DeadLetterGroup", "Dead letters with the same cause.",
            field("reason", &V::reason, "The cause.")
                .example("recipient_permanent 550: no such user"),
            field("channel", &V::channel, "The channel.").one_of(channel_names).example("email"),
            field("provider", &V::provider, "Who was to deliver them.").example("smtp"),
            field("template_id", &V::template_id, "The template they were made from.").example(1),
            field("count", &V::count, "How many.").example(12),
            field("first_at", &V::first_at, "When the oldest was accepted.")
                .date_time()
                .example("2026-11-22T08:00:00.000Z"),
            field("last_at", &V::last_at, "When the newest was accepted.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("example", &V::example, "The newest one's trace id.")
                .example("msg_1968453871263744005"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DeadGroupPage>) {
    static const shape::Object object =
        shape::object<DeadGroupPage>(
            "DeadLetterGroups", "Dead letters by cause, the largest group first.",
            field("items", &DeadGroupPage::items, "The groups, at most 200."),
            field("capped", &DeadGroupPage::capped,
                  "There are more than 15,000 dead letters; only so many were grouped.")
                .example(false))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DeadFilter>) {
    using V = DeadFilter;
    static const shape::Object object = shape::object<V>(
        "DeadLetterFilter", "Which dead letters; all conditions must hold.",
        field("channel", &V::channel, "Only this channel.").one_of(channel_names).example("sms"),
        field("template_id", &V::template_id, "Only of this template.")
            .between(std::int64_t{1}, INT64_MAX)
            .example(1),
        field("task_id", &V::task_id, "Only of this batch.")
            .between(std::int64_t{1}, INT64_MAX)
            .example(17),
        field("recipient", &V::recipient, "Only to this recipient.")
            .length(1, 320)
            .example("13800138000"),
        field("created_after", &V::created_after, "Accepted at or after this time.")
            .date_time()
            .example("2026-11-23T00:00:00Z"),
        field("created_before", &V::created_before, "Accepted before this time.")
            .date_time()
            .example("2026-11-24T00:00:00Z"),
        field("error", &V::error, "The reason contains this text.").length(1, 200).example("451"),
        field("provider", &V::provider, "Only by this provider.").length(1, 64).example("smtp"),
        field("status", &V::status,
              "failed, as without it, or unknown: those that may have arrived and would then "
              "arrive again.")
            .one_of({"failed", "unknown"}));
    return object;
}

const shape::Object& describe(shape::Tag<RedriveRequest>) {
    using V = RedriveRequest;
    static const shape::Object object =
        shape::object<V>("RedriveRequest", "Sends dead letters again.",
                         field("filter", &V::filter, "Which ones; without it, all."),
                         field("dry_run", &V::dry_run, "Only count them.").default_value(false),
                         field("max_count", &V::max_count, "At most so many, the newest first.")
                             .between(1, 10'000'000)
                             .default_value(1'000),
                         field("rate_per_second", &V::rate_per_second,
                               "Spread over time, so many in a second; 0: all at once.")
                             .between(0.0, 100'000.0)
                             .default_value(0.0),
                         field("background", &V::background,
                               "Answer at once with a run that goes on by itself, at this rate, "
                               "and can be watched and cancelled.")
                             .default_value(false))
            .example_text(R"({"filter":{"channel":"sms"},"dry_run":true,"max_count":100})");
    return object;
}

const shape::Object& describe(shape::Tag<RedriveReply>) {
    using V = RedriveReply;
    static const shape::Object object =
        shape::object<V>(
            "RedriveReply", "What was found and sent again.",
            field("matched", &V::matched,
                  "Dead letters that fit the filter (of a run that was not dry: those taken).")
                .example(12),
            field("retried", &V::retried, "Messages that wait again.").example(12))
            .reply();
    return object;
}

}  // namespace hongyan::api
