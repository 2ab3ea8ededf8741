#include "api/messages.hpp"

#include "api/message_wire.hpp"
#include "base/text.hpp"
#include "table/receipts.hpp"
#include "table/rules.hpp"

namespace hongyan::api {
namespace {

Error no_such_message() { return make_error(ErrorCode::not_found, "There is no such message."); }

std::optional<MessageId> message_param(const http::Request& request, std::string_view name) {
    return parse_message_id(request.param(name));
}

template <class T>
void fill_filter(table::MessageFilter& filter, const T& query) {
    if (query.channel) filter.channel = from_text<ChannelKind>(channel_names, *query.channel);
    filter.template_id = query.template_id;
    filter.task_id = query.task_id;
    filter.recipient = query.recipient.value_or("");
    filter.error = query.error.value_or("");
    filter.created_after_ms = query.created_after;
    filter.created_before_ms = query.created_before;
}

Result<table::MessageFilter> filter_of(const Call& call, const MessageQuery& query) {
    table::MessageFilter filter;
    filter.tenant_id = call.caller.tenant_id;
    fill_filter(filter, query);
    if (query.status) filter.status = from_text<MessageStatus>(message_status_names, *query.status);
    if (query.trace_id) filter.id = parse_message_id(*query.trace_id).value_or(-1);
    auto cursor = read_cursor(query.cursor);
    if (!cursor) return cursor.error();
    filter.before_id = *cursor;
    filter.limit = query.limit + 1;  // one more tells whether there is a next page
    return filter;
}

Answer page_of(std::vector<table::MessageRow> rows, int limit) {
    MessagePage page;
    const bool more = static_cast<int>(rows.size()) > limit;
    if (more) rows.pop_back();
    for (const auto& row : rows) page.items.push_back(view_of(row));
    if (more) page.next_cursor = make_cursor(rows.back().message.id);
    return answer(page);
}

Result<Answer> list_messages(const Call& call, Session& session) {
    auto query = query_of<MessageQuery>(call.request);
    if (!query) return query.error();
    auto filter = filter_of(call, *query);
    if (!filter) return filter.error();
    return page_of(table::list_messages(session, *filter), query->limit);
}

Result<Answer> list_dead_letters(const Call& call, Session& session) {
    auto query = query_of<MessageQuery>(call.request);
    if (!query) return query.error();
    if (!query->status) query->status = "failed";
    auto filter = filter_of(call, *query);
    if (!filter) return filter.error();
    return page_of(table::list_messages(session, *filter), query->limit);
}

Result<Answer> read_message(const Call& call, Session& session) {
    const auto id = message_param(call.request, "id");
    if (!id) return no_such_message();
    const auto row = table::find_message(session, *id);
    if (!row || row->message.tenant_id != call.caller.tenant_id) return no_such_message();
    return answer(view_of(*row));
}

Result<Answer> read_trace(const Call& call, Session& session) {
    const auto id = message_param(call.request, "trace_id");
    if (!id) return make_error(ErrorCode::not_found, "There is no such trace.");
    auto row = table::find_message(session, *id);
    if (!row || row->message.tenant_id != call.caller.tenant_id ||
        *id < table::system_value(session, "trace_horizon")) {
        return make_error(ErrorCode::not_found,
                          "There is no such trace; traces are kept for " +
                              std::to_string(call.context.settings.retention.trace_days) +
                              " days.");
    }
    auto attempts = table::list_attempts(session, *id);
    const auto receipts = table::list_receipts(session, *id);
    return answer(view_of(report::make_trace(std::move(*row), std::move(attempts), receipts,
                                             call.context.clock.now_ms())));
}

Result<Answer> list_dead_groups(const Call& call, Session& session) {
    DeadGroupPage page;
    for (const auto& group : table::dead_groups(session, call.caller.tenant_id)) {
        page.items.push_back({group.reason, std::string(to_text(group.channel)), group.count,
                              id_time_ms(group.first), id_time_ms(group.last),
                              trace_id_of(group.last)});
    }
    return answer(page);
}

using Operation = void (delivery::Delivery::*)(std::int64_t, MessageId, delivery::WorkDone);

void operate(Context& context, http::Request& request, http::Responder responder,
             Operation operation, std::string_view status, int http_status) {
    const auto id = message_param(request, "id");
    if (!id) return responder.fail(no_such_message());
    (context.delivery.*operation)(
        caller_of(request).tenant_id, *id,
        [responder = std::move(responder), id = *id, status,
         http_status](const Status& done) mutable {
            if (!done)
                responder.fail(done.error());
            else
                respond(responder,
                        answer(StatusReply{id, trace_id_of(id), std::string(status)}, http_status));
        });
}

void cancel_message(Context& context, http::Request& request, http::Responder responder) {
    operate(context, request, std::move(responder), &delivery::Delivery::cancel, "cancelled", 200);
}

void retry_message(Context& context, http::Request& request, http::Responder responder) {
    operate(context, request, std::move(responder), &delivery::Delivery::retry, "pending", 202);
}

void redrive(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<RedriveRequest>(request.body.empty() ? "{}" : request.body);
    if (!asked) return responder.fail(asked.error());
    table::MessageFilter filter;
    filter.tenant_id = caller_of(request).tenant_id;
    filter.status = MessageStatus::failed;
    if (asked->filter) {
        fill_filter(filter, *asked->filter);
        if (asked->filter->status == "unknown") filter.status = MessageStatus::unknown;
    }
    auto held = std::make_shared<http::Responder>(
        std::move(responder));  // for a std::function, which must be copyable
    if (!asked->dry_run) {
        context.delivery.redrive(
            std::move(filter), {asked->max_count, asked->rate_per_second},
            [held](const Result<delivery::Redriven>& done) {
                if (!done)
                    held->fail(done.error());
                else
                    respond(*held, answer(RedriveReply{done->matched, done->retried}));
            });
        return;
    }
    const bool posted = context.readers.post([&context, filter, held] {
        std::int64_t count = 0;
        const auto read = context.store.read(
            [&](Session& session) { count = table::count_messages(session, filter); });
        if (!read)
            held->fail(read.error());
        else
            respond(*held, answer(RedriveReply{count, 0}));
    });
    if (!posted)
        held->fail(make_error(ErrorCode::overloaded, "Too many questions wait for the store."));
}

void add_dead_letter_routes(Routes& routes) {
    const auto& page = shape::description_of<MessagePage>();
    const auto& query = shape::description_of<MessageQuery>();
    routes.read({.path = "/api/messages/dead-letters",
                 .operation = "list_dead_letters",
                 .tag = "dead letters",
                 .summary = "List dead letters",
                 .description = "Messages that failed for good, newest first. With status=unknown: "
                                "those held for a decision.",
                 .scope = "read",
                 .query = &query,
                 .reply = &page},
                list_dead_letters);
    routes.read({.path = "/api/messages/dead-letters/groups",
                 .operation = "list_dead_letter_groups",
                 .tag = "dead letters",
                 .summary = "Group dead letters by cause",
                 .description = "Counts by reason and channel, the largest first.",
                 .scope = "read",
                 .reply = &shape::description_of<DeadGroupPage>()},
                list_dead_groups);
    routes.plain({.method = http::Method::post,
                  .path = "/api/messages/dead-letters/retry",
                  .operation = "retry_dead_letters",
                  .tag = "dead letters",
                  .summary = "Send dead letters again",
                  .description = "Puts failed messages back into the queue, with a fresh number of "
                                 "attempts. Try it with dry_run first.",
                  .scope = "manage",
                  .body = &shape::description_of<RedriveRequest>(),
                  .reply = &shape::description_of<RedriveReply>(),
                  .errors = {ErrorCode::overloaded}},
                 redrive);
}

}  // namespace

void add_message_routes(Routes& routes) {
    const auto& page = shape::description_of<MessagePage>();
    const auto& query = shape::description_of<MessageQuery>();
    routes.read({.path = "/api/messages",
                 .operation = "list_messages",
                 .tag = "messages",
                 .summary = "List messages",
                 .description = "Messages of the key's tenant, newest first, page by page.",
                 .scope = "read",
                 .query = &query,
                 .reply = &page},
                list_messages);
    add_dead_letter_routes(routes);
    routes.read({.path = "/api/messages/traces/{trace_id}",
                 .operation = "get_trace",
                 .tag = "messages",
                 .summary = "Trace of one message",
                 .description = "The nodes queue, process, send and callback with their times, and "
                                "every attempt with its reason. "
                                "Takes a trace id or a message id.",
                 .scope = "read",
                 .reply = &shape::description_of<TraceView>(),
                 .errors = {ErrorCode::not_found}},
                read_trace);
    routes.read({.path = "/api/messages/{id}",
                 .operation = "get_message",
                 .tag = "messages",
                 .summary = "Read one message",
                 .description = "Takes a message id or a trace id.",
                 .scope = "read",
                 .reply = &shape::description_of<MessageView>(),
                 .errors = {ErrorCode::not_found}},
                read_message);
    routes.plain(
        {.method = http::Method::post,
         .path = "/api/messages/{id}/cancel",
         .operation = "cancel_message",
         .tag = "messages",
         .summary = "Cancel a waiting message",
         .description = "A message that is being sent or has ended is not touched and answers 409.",
         .scope = "send",
         .reply = &shape::description_of<StatusReply>(),
         .errors = {ErrorCode::not_found, ErrorCode::illegal_transition}},
        cancel_message);
    routes.plain(
        {.method = http::Method::post,
         .path = "/api/messages/{id}/retry",
         .operation = "retry_message",
         .tag = "messages",
         .summary = "Send a failed message again",
         .description = "Only failed and unknown messages; with a fresh number of attempts.",
         .scope = "manage",
         .reply = &shape::description_of<StatusReply>(),
         .status = 202,
         .errors = {ErrorCode::not_found, ErrorCode::illegal_transition}},
        retry_message);
}

}  // namespace hongyan::api
