#include "api/sandbox.hpp"

#include "base/text.hpp"
#include "table/messages.hpp"
#include "table/receipts.hpp"

namespace hongyan::api {

struct InboxItem {
    std::string id;
    std::int64_t sequence = 0;
    std::string service;
    std::optional<std::int64_t> message_id;
    std::optional<std::string> trace_id;
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string sender;
    std::string subject;
    std::string content;
    std::string html;
    std::string detail;
    std::string raw;
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
    std::optional<std::string> service;
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

constexpr std::string_view sandbox_service = "sandbox";
/// Of what came over the wire, so much is shown in the list.
constexpr std::size_t shown_raw_bytes = 16 * 1024;

InboxItem view_of(InboxEntry&& e) {
    InboxItem item;
    item.id = "sandbox-" + std::to_string(e.sequence);
    item.sequence = e.sequence;
    item.service = sandbox_service;
    item.message_id = e.message_id;
    item.trace_id = trace_id_of(e.message_id);
    item.channel = e.channel;
    item.recipient = std::move(e.recipient);
    item.subject = std::move(e.subject);
    item.content = std::move(e.content);
    item.html = std::move(e.html);
    item.attempt = e.attempt;
    item.received_at = e.received_ms;
    return item;
}

InboxItem view_of(ArrivalEntry&& e, MessageId message_id) {
    InboxItem item;
    item.id = "provider-" + std::to_string(e.sequence);
    item.sequence = e.sequence;
    item.service = std::move(e.service);
    if (message_id != 0) {
        item.message_id = message_id;
        item.trace_id = trace_id_of(message_id);
    }
    item.channel = e.channel;
    item.recipient = std::move(e.recipient);
    item.sender = std::move(e.sender);
    item.subject = std::move(e.subject);
    item.content = std::move(e.content);
    item.html = std::move(e.html);
    item.detail = e.detail.starts_with('{') ? std::move(e.detail) : std::string();
    item.raw = e.raw.substr(0, shown_raw_bytes);
    item.received_at = e.received_ms;
    return item;
}

}  // namespace

const shape::Object& describe(shape::Tag<InboxItem>) {
    using V = InboxItem;
    static const shape::Object object =
        shape::object<V>(
            "InboxItem", "One message as its receiver would see it.",
            field("id", &V::id, "Unique in the list.").example("sandbox-42"),
            field("sequence", &V::sequence, "Rises with each message its service received.")
                .example(42),
            field("service", &V::service, "sandbox, or the simulated provider at which it arrived.")
                .example("sandbox"),
            field("message_id", &V::message_id,
                  "Id of the message; absent if what arrived does not tell.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"),
            field("channel", &V::channel, "How it came.").one_of(channel_names).example("sms"),
            field("recipient", &V::recipient, "For whom.").example("13800138000"),
            field("sender", &V::sender, "From whom: signature, address, app or bot.")
                .omit_empty()
                .example("Hongyan"),
            field("subject", &V::subject, "Subject or title.").example(""),
            field("content", &V::content, "The text.")
                .example("Your order SO20261123001 has been shipped."),
            field("html", &V::html, "E-mail: the HTML part.").omit_empty().example("<p>Hello</p>"),
            field("detail", &V::detail,
                  "What else the receiver's device knows: card, template data, badge and so on.")
                .raw_object()
                .omit_empty()
                .example_json(R"({"title":"Order","url":"https://example.com"})"),
            field("raw", &V::raw, "The beginning of what came over the wire, at most 16 KiB.")
                .omit_empty()
                .example("POST / HTTP/1.1"),
            field("attempt", &V::attempt, "Which attempt brought it to the sandbox.").example(1),
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
        field("service", &Q::service, "Only what arrived at this service.")
            .length(1, 64)
            .example("sandbox"),
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

/// How far a list has come in each of the two inboxes.
struct Place {
    std::int64_t sandbox = 0;  ///< 0 = from the newest
    std::int64_t providers = 0;
};
/// What stands for "nothing older": sequences begin with 1.
constexpr std::int64_t at_end = 1;

std::string cursor_of(const Place& place) {
    return to_base64url("i1:" + std::to_string(place.sandbox) + ":" +
                        std::to_string(place.providers));
}

Result<Place> place_of(const std::string& cursor) {
    if (cursor.empty()) return Place{};
    const auto text = from_base64(cursor);
    const auto parts = text ? split(*text, ':') : std::vector<std::string>();
    if (parts.size() == 3 && parts[0] == "i1") {
        const auto sandbox = parse_int(parts[1]);
        const auto providers = parse_int(parts[2]);
        if (sandbox && providers && *sandbox >= 0 && *providers >= 0)
            return Place{*sandbox, *providers};
    }
    Error error = make_error(ErrorCode::invalid_fields, "cursor is not one that this API gave.");
    error.problems.push_back(
        {"$query.cursor", "format", "take next_cursor from the answer before"});
    return error;
}

/// A run of digits in a token that can be a message id.
MessageId id_in(std::string_view token) {
    constexpr std::size_t shortest = 17;
    for (std::size_t at = 0; at < token.size();) {
        std::size_t end = at;
        while (end < token.size() && token[end] >= '0' && token[end] <= '9') ++end;
        if (end - at >= shortest) return parse_message_id(token.substr(at, end - at)).value_or(0);
        at = end + 1;
    }
    return 0;
}

/// Whose message arrived: by the id it carries, else by the id that the provider gave it.
struct Owner {
    MessageId message_id = 0;
    std::int64_t tenant_id = 1;  ///< what nobody can place is the first tenant's
};

Owner owner_of(const Context& context, Session& session, const ArrivalEntry& arrival) {
    MessageId id = id_in(arrival.token);
    auto row = id > 0 ? table::find_message(session, id) : std::nullopt;
    for (const auto& account : context.accounts.all()) {
        if (row || arrival.provider_message_id.empty()) break;
        if (account->record().channel != arrival.channel) continue;
        id = table::find_by_provider_id(session, account->record().id, arrival.provider_message_id);
        if (id > 0) row = table::find_message(session, id);
    }
    if (!row) return {};
    return {id, row->message.tenant_id};
}

/// Arrivals of the tenant, at most limit, looked for in as many as look.
std::vector<InboxItem> arrivals_of(const Call& call, Session& session, ArrivalQuestion question,
                                   MessageId only) {
    constexpr int most_steps = 20;
    const std::size_t wanted = question.limit;
    std::vector<InboxItem> items;
    for (int step = 0; step < most_steps && items.size() < wanted; ++step) {
        auto found = call.context.inbox->arrivals(question);
        for (auto& arrival : found) {
            question.before_sequence = arrival.sequence;
            const Owner owner = owner_of(call.context, session, arrival);
            if (owner.tenant_id != call.caller.tenant_id) continue;
            if (only != 0 && owner.message_id != only) continue;
            items.push_back(view_of(std::move(arrival), owner.message_id));
            if (items.size() == wanted) break;
        }
        if (found.size() < question.limit) break;
    }
    return items;
}

std::vector<InboxItem> sandbox_items(const Call& call, const InboxQuery& query, const Place& place,
                                     MessageId only) {
    InboxQuestion question;
    question.tenant_id = call.caller.tenant_id;
    question.channel = query.channel;
    question.recipient = query.recipient.value_or("");
    question.message_id = only;
    question.before_sequence = place.sandbox;
    question.limit = static_cast<std::size_t>(query.limit) + 1;
    std::vector<InboxItem> items;
    for (auto& entry : call.context.inbox->list(question))
        items.push_back(view_of(std::move(entry)));
    return items;
}

/// Both lists as one, newest first; they are in order already.
InboxPage merged(std::vector<InboxItem> sandbox, std::vector<InboxItem> arrivals, Place place,
                 std::size_t limit) {
    InboxPage page;
    std::size_t s = 0;
    std::size_t a = 0;
    while (page.items.size() < limit && (s < sandbox.size() || a < arrivals.size())) {
        const bool from_sandbox =
            a == arrivals.size() ||
            (s < sandbox.size() && sandbox[s].received_at >= arrivals[a].received_at);
        InboxItem& next = from_sandbox ? sandbox[s++] : arrivals[a++];
        (from_sandbox ? place.sandbox : place.providers) = next.sequence;
        page.items.push_back(std::move(next));
    }
    if (s == sandbox.size() && a == arrivals.size()) return page;
    if (s == sandbox.size() && place.sandbox == 0) place.sandbox = at_end;
    if (a == arrivals.size() && place.providers == 0) place.providers = at_end;
    page.next_cursor = cursor_of(place);
    return page;
}

Result<Answer> list_inbox(const Call& call, Session& session) {
    if (call.context.inbox == nullptr) return no_sandbox();
    auto query = query_of<InboxQuery>(call.request);
    if (!query) return query.error();
    const auto place = place_of(query->cursor);
    if (!place) return place.error();
    const MessageId only =
        query->message_id ? parse_message_id(*query->message_id).value_or(-1) : 0;
    std::vector<InboxItem> sandbox;
    if (!query->service || *query->service == sandbox_service)
        sandbox = sandbox_items(call, *query, *place, only);
    std::vector<InboxItem> arrivals;
    if (!query->service || *query->service != sandbox_service) {
        ArrivalQuestion question;
        question.tenant_id = call.caller.tenant_id;
        question.service = query->service.value_or("");
        question.channel = query->channel;
        question.recipient = query->recipient.value_or("");
        question.before_sequence = place->providers;
        question.limit = static_cast<std::size_t>(query->limit) + 1;
        arrivals = arrivals_of(call, session, std::move(question), only);
    }
    return answer(merged(std::move(sandbox), std::move(arrivals), *place,
                         static_cast<std::size_t>(query->limit)));
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
                                "a provider, or arrived at a simulated provider, newest first, as "
                                "their receivers would see them. The inbox "
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
