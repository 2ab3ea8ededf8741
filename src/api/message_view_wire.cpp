// How one message stands in JSON: as lists have it, and whole with its attempts and reports.
#include "api/message_wire.hpp"

namespace hongyan::api {
namespace {

using shape::field;

template <class V>
std::vector<shape::Field> message_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<V>("message_id", &V::message_id, "Id; larger means accepted later.")
                         .as_text()
                         .example("1968453871263744005"));
    fields.push_back(
        field<V>("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"));
    fields.push_back(field<V>("task_id", &V::task_id, "The batch it belongs to.").example(17));
    fields.push_back(
        field<V>("template_id", &V::template_id, "The template it was made from.").example(1));
    fields.push_back(
        field<V>("template_version", &V::template_version, "The version of that template.")
            .example(1));
    fields.push_back(field<V>("channel", &V::channel, "How it is delivered.")
                         .one_of(channel_names)
                         .example("sms"));
    fields.push_back(field<V>("recipient", &V::recipient, "Who gets it.").example("13800138000"));
    fields.push_back(field<V>("subject", &V::subject, "Rendered subject or title.")
                         .example("Your order is on its way"));
    fields.push_back(field<V>("content", &V::content, "Rendered text, as the receiver sees it.")
                         .example("Your order has been shipped."));
    fields.push_back(field<V>("html", &V::html, "Rendered HTML part of an e-mail.")
                         .example("<p>Your order has been shipped.</p>"));
    fields.push_back(field<V>("priority", &V::priority, "0 to 10.").example(7));
    fields.push_back(field<V>("status", &V::status, "Where it is on its way.")
                         .one_of(message_status_names)
                         .example("success"));
    fields.push_back(field<V>("reason", &V::reason,
                              "Why it failed, waits for another attempt, expired or was cancelled.")
                         .example("transient 451: try later"));
    fields.push_back(field<V>("attempts", &V::attempts, "Attempts made.").example(1));
    fields.push_back(field<V>("provider", &V::provider, "Who delivers it.").example("sandbox"));
    fields.push_back(
        field<V>("provider_message_id", &V::provider_message_id, "The provider's own id.")
            .example("4F2A91"));
    fields.push_back(field<V>("created_at", &V::created_at, "When it was accepted.")
                         .date_time()
                         .example("2026-11-23T08:00:00.123Z"));
    fields.push_back(field<V>("due_at", &V::due_at, "Not before this time.")
                         .date_time()
                         .example("2026-11-23T09:00:00.000Z"));
    fields.push_back(field<V>("next_attempt_at", &V::next_attempt_at, "When it is tried again.")
                         .date_time()
                         .example("2026-11-23T09:01:00.000Z"));
    fields.push_back(field<V>("deliver_by", &V::deliver_by, "Not after this time.")
                         .date_time()
                         .example("2026-11-23T20:00:00.000Z"));
    fields.push_back(field<V>("sent_at", &V::sent_at, "When the provider took it.")
                         .date_time()
                         .example("2026-11-23T08:00:00.131Z"));
    fields.push_back(field<V>("finished_at", &V::finished_at, "When it reached a final status.")
                         .date_time()
                         .example("2026-11-23T08:00:00.131Z"));
    fields.push_back(field<V>("callback_url", &V::callback_url, "As given when it was sent.")
                         .example("https://example.com/hooks/hongyan"));
    fields.push_back(field<V>("traceparent", &V::traceparent,
                              "W3C trace context of the request that brought it.")
                         .example("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    fields.push_back(field<V>("metadata", &V::metadata, "As given when it was sent.")
                         .raw_object()
                         .omit_empty()
                         .example_json(R"({"order":"SO20261123001"})"));
    return fields;
}

}  // namespace

const shape::Object& describe(shape::Tag<MessageView>) {
    static const shape::Object object =
        shape::object<MessageView>("Message",
                                   "One message to one recipient, with what became of it.",
                                   message_fields<MessageView>())
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<MessageAccount>) {
    using V = MessageAccount;
    static const shape::Object object =
        shape::object<V>("MessageAccount", "The provider account a message was last sent on.",
                         field("id", &V::id, "Id of the account.").example(1),
                         field("name", &V::name, "Its name; empty if it is gone.").example("main"),
                         field("provider", &V::provider, "Its provider.").example("smpp"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<CallbackView>) {
    using V = CallbackView;
    static const shape::Object object =
        shape::object<V>(
            "MessageCallback", "A report to the sender's callback_url.",
            field("type", &V::type, "What it reports.").example("message.success"),
            field("status", &V::status, "Whether it has arrived.")
                .one_of({"waiting", "delivered", "failed"})
                .example("delivered"),
            field("attempts", &V::attempts, "Times it was sent.").example(1),
            field("next_at", &V::next_at, "When it is sent again.")
                .date_time()
                .example("2026-11-23T08:01:00.000Z"),
            field("last_status", &V::last_status, "HTTP status of the last answer.").example(200),
            field("last_detail", &V::last_detail, "What went wrong the last time.")
                .example("connection refused"),
            field("created_at", &V::created_at, "When it came up.")
                .date_time()
                .example("2026-11-23T08:00:00.131Z"),
            field("finished_at", &V::finished_at, "When it arrived or was given up.")
                .date_time()
                .example("2026-11-23T08:00:00.200Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<MessageDetail>) {
    using V = MessageDetail;
    static const shape::Object object =
        shape::object<V>(
            "MessageDetail", "One message with all that is known of it.", message_fields<V>(),
            field<V>("options", &V::options, "Provider sections as they were sent.")
                .raw_object()
                .omit_empty()
                .example_json(R"({"smpp":{"source":"10690"}})"),
            field<V>("account", &V::account, "The account it was last sent on."),
            field<V>("attempt_list", &V::attempt_list, "Every attempt in order."),
            field<V>("callbacks", &V::callbacks, "Reports to its callback_url, oldest first."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<StatusCountsView>) {
    using V = StatusCountsView;
    static const shape::Object object =
        shape::object<V>(
            "MessageCounts", "How many messages fit the filters.",
            field("by_status", &V::by_status, "By status; a status without any is left out.")
                .example_json(R"({"success":998,"failed":2})"),
            field("total", &V::total, "Their sum.").example(1'000),
            field("capped", &V::capped,
                  "The count was cut off after 200 ms: there are at least so many.")
                .example(false))
            .reply();
    return object;
}

}  // namespace hongyan::api
