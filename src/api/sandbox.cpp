#include "api/sandbox.hpp"

namespace hongyan::api {

struct InboxItem {
    std::int64_t sequence = 0;
    std::int64_t message_id = 0;
    std::string trace_id;
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string subject;
    std::string content;
    std::string html;
    int attempt = 1;
    std::int64_t received_at = 0;
};
struct InboxPage {
    std::vector<InboxItem> items;
    std::optional<std::string> next_cursor;
};
struct InboxQuery {
    std::optional<ChannelKind> channel;
    std::optional<std::string> recipient;
    std::optional<std::string> message_id;
    int limit = 50;
    std::string cursor;
};
struct InboxCleared {
    std::int64_t cleared = 0;
};

namespace {

using shape::field;

std::optional<std::string> check_message_id(std::string_view text) {
    if (parse_message_id(text)) return std::nullopt;
    return "must be a message id or a trace id, such as msg_1968453871263744005";
}

Error no_sandbox() {
    return make_error(ErrorCode::not_found, "The sandbox is switched off, so there is no inbox.");
}

InboxItem view_of(InboxEntry&& e) {
    return {e.sequence,
            e.message_id,
            trace_id_of(e.message_id),
            e.channel,
            std::move(e.recipient),
            std::move(e.subject),
            std::move(e.content),
            std::move(e.html),
            e.attempt,
            e.received_ms};
}

}  // namespace

const shape::Object& describe(shape::Tag<InboxItem>) {
    using V = InboxItem;
    static const shape::Object object =
        shape::object<V>(
            "InboxItem", "One message as the sandbox received it.",
            field("sequence", &V::sequence, "Rises with each message received.").example(42),
            field("message_id", &V::message_id, "Id of the message.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"),
            field("channel", &V::channel, "How it came.").one_of(channel_names).example("sms"),
            field("recipient", &V::recipient, "For whom.").example("13800138000"),
            field("subject", &V::subject, "Subject or title.").example(""),
            field("content", &V::content, "The text.")
                .example("Your order SO20261123001 has been shipped."),
            field("html", &V::html, "E-mail: the HTML part.").omit_empty().example("<p>Hello</p>"),
            field("attempt", &V::attempt, "Which attempt brought it.").example(1),
            field("received_at", &V::received_at, "When it came.")
                .date_time()
                .example("2026-11-23T08:00:00.010Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<InboxPage>) {
    static const shape::Object object =
        shape::object<InboxPage>(
            "InboxPage", "Received messages, newest first.",
            field("items", &InboxPage::items, "The messages."),
            field("next_cursor", &InboxPage::next_cursor, "Give it as cursor for the next page.")
                .example("YzE6NDI"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<InboxQuery>) {
    using Q = InboxQuery;
    static const shape::Object object = shape::object<Q>(
        "InboxQuery", "Filters of the inbox.",
        field("channel", &Q::channel, "Only this channel.").one_of(channel_names).example("sms"),
        field("recipient", &Q::recipient, "Only this recipient.")
            .length(1, 320)
            .example("13800138000"),
        field("message_id", &Q::message_id, "Only this message; a trace id will do too.")
            .length(1, 40)
            .check(check_message_id)
            .example("msg_1968453871263744005"),
        field("limit", &Q::limit, "How many at most.").between(1, 1000).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<InboxCleared>) {
    static const shape::Object object =
        shape::object<InboxCleared>(
            "InboxCleared", "The inbox is empty.",
            field("cleared", &InboxCleared::cleared, "How many messages went.").example(42))
            .reply();
    return object;
}

namespace {

Result<Answer> list_inbox(const Call& call, Session&) {
    if (call.context.inbox == nullptr) return no_sandbox();
    auto query = query_of<InboxQuery>(call.request);
    if (!query) return query.error();
    auto cursor = read_cursor(query->cursor);
    if (!cursor) return cursor.error();
    InboxQuestion question;
    question.tenant_id = call.caller.tenant_id;
    question.channel = query->channel;
    question.recipient = query->recipient.value_or("");
    if (query->message_id) question.message_id = parse_message_id(*query->message_id).value_or(-1);
    question.before_sequence = *cursor;
    question.limit =
        static_cast<std::size_t>(query->limit) + 1;  // one more tells whether there is a next page
    auto entries = call.context.inbox->list(question);
    const bool more = entries.size() >= question.limit;
    if (more) entries.resize(question.limit - 1);
    InboxPage page;
    for (auto& entry : entries) page.items.push_back(view_of(std::move(entry)));
    if (more) page.next_cursor = make_cursor(page.items.back().sequence);
    return answer(page);
}

void clear_inbox(Context& context, http::Request& request, http::Responder responder) {
    if (context.inbox == nullptr) return responder.fail(no_sandbox());
    const auto cleared = context.inbox->clear(caller_of(request).tenant_id);
    respond(responder, answer(InboxCleared{static_cast<std::int64_t>(cleared)}));
}

}  // namespace

void add_sandbox_routes(Routes& routes) {
    routes.read({.path = "/api/sandbox/inbox",
                 .operation = "list_sandbox_inbox",
                 .tag = "sandbox",
                 .summary = "Read the sandbox's inbox",
                 .description = "Messages of the key's tenant that went to the sandbox instead of "
                                "a provider, newest first. The inbox "
                                "is held in memory and forgets the oldest when it is full.",
                 .scope = "read",
                 .query = &shape::description_of<InboxQuery>(),
                 .reply = &shape::description_of<InboxPage>(),
                 .errors = {ErrorCode::not_found}},
                list_inbox);
    routes.plain({.method = http::Method::del,
                  .path = "/api/sandbox/inbox",
                  .operation = "clear_sandbox_inbox",
                  .tag = "sandbox",
                  .summary = "Empty the sandbox's inbox",
                  .description = "Only what the key's tenant has received goes.",
                  .scope = "manage",
                  .reply = &shape::description_of<InboxCleared>(),
                  .errors = {ErrorCode::not_found}},
                 clear_inbox);
}

}  // namespace hongyan::api
