#include "api/messages.hpp"

#include "api/message_filter.hpp"
#include "api/message_wire.hpp"
#include "base/text.hpp"
#include "table/message_search.hpp"
#include "table/receipts.hpp"
#include "table/rules.hpp"
#include "table/webhooks.hpp"

namespace hongyan::api {
namespace {

Error no_such_message() { return make_error(ErrorCode::not_found, "There is no such message."); }

std::optional<MessageId> message_param(const http::Request& request, std::string_view name) {
    return parse_message_id(request.param(name));
}

/// How long one list or count may search.
constexpr Millis search_time{150};

table::SearchBudget budget_of(const Context& context) {
    const auto end_us = context.clock.steady_us() + search_time.count() * 1'000;
    return {[&context, end_us] { return context.clock.steady_us() >= end_us; }};
}

/// A telephone number can look like a message id; ids have had 18 digits and more since 2001.
bool looks_like_id(std::string_view text) { return text.starts_with("msg_") || text.size() >= 18; }

/// The box q: an id, else a recipient if there is such a one, else a part of the reason. The same
/// for every page of a list, as long as the recipient gets no first message meanwhile.
void apply_box(table::MessageFilter& filter, const std::string& q, Session& session,
               const table::SearchBudget& budget) {
    const auto id = looks_like_id(q) ? parse_message_id(q) : std::nullopt;
    if (id) {
        filter.id = *id;
        return;
    }
    table::MessageFilter probe = filter;
    probe.before_id = 0;
    probe.recipient = q;
    if (table::any_message(session, probe, budget))
        filter.recipient = q;
    else
        filter.error = q;
}

Result<table::MessageFilter> filter_of(const Call& call, const MessageQuery& query,
                                       Session& session, const table::SearchBudget& budget) {
    table::MessageFilter filter;
    filter.tenant_id = call.caller.tenant_id;
    fill_filter(filter, query);
    for (const auto& word : split(query.status.value_or(""), ',')) {
        if (const auto status = from_text<MessageStatus>(message_status_names, word))
            filter.statuses.push_back(*status);
    }
    filter.priority = query.priority;
    if (query.trace_id) filter.id = parse_message_id(*query.trace_id).value_or(-1);
    if (query.id) {
        const auto id = parse_message_id(*query.id).value_or(-1);
        filter.id = filter.id.value_or(id) == id ? id : -1;
    }
    auto cursor = read_cursor(query.cursor);
    if (!cursor) return cursor.error();
    filter.before_id = *cursor;
    filter.limit = query.limit;
    if (query.q) apply_box(filter, *query.q, session, budget);
    return filter;
}

Answer page_of(const table::SearchPage& found) {
    MessagePage page;
    for (const auto& row : found.rows) page.items.push_back(view_of(row));
    if (found.more) page.next_cursor = make_cursor(found.before_id);
    if (found.cut) page.scanned_until = id_time_ms(found.before_id);
    return answer(page);
}

Result<Answer> search(const Call& call, Session& session, const MessageQuery& query) {
    const auto budget = budget_of(call.context);
    auto filter = filter_of(call, query, session, budget);
    if (!filter) return filter.error();
    return page_of(table::search_messages(session, *filter, budget));
}

Result<Answer> list_messages(const Call& call, Session& session) {
    auto query = query_of<MessageQuery>(call.request);
    if (!query) return query.error();
    return search(call, session, *query);
}

Result<Answer> list_dead_letters(const Call& call, Session& session) {
    auto query = query_of<MessageQuery>(call.request);
    if (!query) return query.error();
    if (!query->status) query->status = "failed";
    return search(call, session, *query);
}

Result<Answer> count_messages(const Call& call, Session& session) {
    auto query = query_of<MessageQuery>(call.request);
    if (!query) return query.error();
    const auto budget = budget_of(call.context);
    auto filter = filter_of(call, *query, session, budget);
    if (!filter) return filter.error();
    filter->before_id = 0;  // a count knows no pages
    const auto counts = table::count_by_status(session, *filter, budget);
    StatusCountsView view;
    for (const auto& [status, count] : counts.by_status)
        view.by_status[std::string(to_text(status))] = count;
    view.total = counts.total;
    view.capped = counts.capped;
    return answer(view);
}

MessageDetail detail_of(const Context& context, Session& session, table::MessageRow row) {
    MessageDetail detail;
    static_cast<MessageView&>(detail) = view_of(row);
    detail.options = row.message.options;
    if (row.message.account_id != 0) {
        const auto account = context.accounts.find(row.message.account_id);
        detail.account = {row.message.account_id, account ? account->record().name : "",
                          row.provider};
    }
    for (const auto& e : table::message_events(session, row.message.id)) {
        CallbackView view;
        view.type = e.type;
        view.status = e.status;
        view.attempts = e.attempts;
        if (e.status == "waiting" && e.next_ms < table::never_ms) view.next_at = e.next_ms;
        if (e.last_status > 0) view.last_status = e.last_status;
        if (!e.last_detail.empty()) view.last_detail = e.last_detail;
        view.created_at = e.created_ms;
        if (e.finished_ms > 0) view.finished_at = e.finished_ms;
        detail.callbacks.push_back(std::move(view));
    }
    const auto id = row.message.id;
    auto attempts = table::list_attempts(session, id);
    const auto receipts = table::list_receipts(session, id);
    detail.attempt_list = view_of(report::make_trace(std::move(row), std::move(attempts), receipts,
                                                     context.clock.now_ms()))
                              .attempts;
    return detail;
}

Result<Answer> read_message(const Call& call, Session& session) {
    const auto id = message_param(call.request, "id");
    if (!id) return no_such_message();
    auto row = table::find_message(session, *id);
    if (!row || row->message.tenant_id != call.caller.tenant_id) return no_such_message();
    return answer(detail_of(call.context, session, std::move(*row)));
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
}

}  // namespace

void add_message_routes(Routes& routes) {
    const auto& page = shape::description_of<MessagePage>();
    const auto& query = shape::description_of<MessageQuery>();
    routes.read({.path = "/api/messages",
                 .operation = "list_messages",
                 .tag = "messages",
                 .summary = "List messages",
                 .description = "Messages of the key's tenant, newest first, page by page. A "
                                "search that would take long stops after a moment and says how far "
                                "it came; its cursor goes on from there.",
                 .scope = "read",
                 .query = &query,
                 .reply = &page},
                list_messages);
    routes.read({.path = "/api/messages/counts",
                 .operation = "count_messages",
                 .tag = "messages",
                 .summary = "Count messages by status",
                 .description = "Of those that fit the filters; limit and cursor have no effect.",
                 .scope = "read",
                 .query = &query,
                 .reply = &shape::description_of<StatusCountsView>()},
                count_messages);
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
                 .description = "Whole, with its attempts, its account and the reports to its "
                                "callback_url. Takes a message id or a trace id.",
                 .scope = "read",
                 .reply = &shape::description_of<MessageDetail>(),
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
