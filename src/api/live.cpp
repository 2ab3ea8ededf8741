#include "api/live.hpp"

#include "api/live_hub.hpp"
#include "api/live_state.hpp"
#include "api/problem.hpp"

namespace hongyan::api {

struct TicketReply {
    std::string ticket;
    int expires_in_seconds = 30;
};
struct LiveQuery {
    std::string ticket;
};

using shape::field;

const shape::Object& describe(shape::Tag<TicketReply>) {
    using V = TicketReply;
    static const shape::Object object =
        shape::object<V>(
            "LiveTicket", "Opens one live connection.",
            field("ticket", &V::ticket, "Give it as ticket to GET /api/live; once.")
                .example("q0mI1nG0bq7v6mJdWk3Zt8cXv2eYrP5a"),
            field("expires_in_seconds", &V::expires_in_seconds, "It is void after so many seconds.")
                .example(30))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<LiveQuery>) {
    using Q = LiveQuery;
    static const shape::Object object = shape::object<Q>(
        "LiveQuery", "Who connects.",
        field("ticket", &Q::ticket, "From POST /api/live/tickets, not used before.")
            .required()
            .length(1, 100)
            .example("q0mI1nG0bq7v6mJdWk3Zt8cXv2eYrP5a"));
    return object;
}

namespace {

void make_ticket(Context& context, http::Request& request, http::Responder responder) {
    auto ticket = context.live->make_ticket(caller_of(request));
    if (!ticket) return responder.fail(ticket.error());
    respond(responder, answer(TicketReply{std::move(*ticket), LiveHub::ticket_seconds}));
}

http::Response refusal(const Error& error, const http::Request& request) {
    auto response = problem_response(error, request.path, request.request_id);
    if (error.code == ErrorCode::unauthorized)
        response.headers.add("WWW-Authenticate", "Bearer realm=\"hongyan\"");
    if (error.code == ErrorCode::bad_request) response.headers.add("Sec-WebSocket-Version", "13");
    return response;
}

/// "host[:port]" of a URL.
std::string_view authority_of(std::string_view url) {
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) return {};
    url.remove_prefix(colon + 3);
    return url.substr(0, url.find('/'));
}

/// The ticket is used up only by a request that is good in all else.
void connect(Context& context, http::Request& request, http::Responder responder) {
    const std::string ticket = request.query_value("ticket").value_or("");
    if (!context.live->holds(ticket)) {
        return responder.send(refusal(make_error(ErrorCode::unauthorized,
                                                 "Take a fresh ticket from POST "
                                                 "/api/live/tickets; this one is unknown, used or "
                                                 "too old."),
                                      request));
    }
    if (!http::is_same_origin(request, authority_of(context.settings.public_url))) {
        return responder.send(refusal(
            make_error(ErrorCode::forbidden,
                       "A page of another site must not connect here: Origin is not this Host."),
            request));
    }
    if (const auto problem = http::upgrade_problem(request))
        return responder.send(refusal(*problem, request));
    auto handler = context.live->open(ticket, request.peer_address);
    if (!handler) return responder.send(refusal(handler.error(), request));
    http::Response response;
    response.status = 101;
    response.upgrade = std::move(*handler);
    responder.send(std::move(response));
}

Result<Answer> read_snapshot(const Call& call, Session& session) {
    LiveState state;
    read_stored(state, session, call.caller.tenant_id, call.context.clock.now_ms());
    read_gauges(state, call.context, call.caller.tenant_id);
    return answer(state);
}

}  // namespace

void add_live_routes(Routes& routes) {
    routes.read({.path = "/api/live/snapshot",
                 .operation = "get_live_snapshot",
                 .tag = "console",
                 .summary = "The monitoring screen's state",
                 .description = "For clients that cannot keep a live connection: ask every five "
                                "seconds.",
                 .scope = "read",
                 .reply = &shape::description_of<LiveState>()},
                read_snapshot);
    routes.plain(
        {.method = http::Method::post,
         .path = "/api/live/tickets",
         .operation = "create_live_ticket",
         .tag = "console",
         .summary = "A ticket for one live connection",
         .description = "Browsers cannot send a key when they open a WebSocket, and a key "
                        "must not stand in an address. The connection has the key's tenant "
                        "and ends when the key does.",
         .scope = "read",
         .reply = &shape::description_of<TicketReply>()},
        make_ticket);
    routes.plain(
        {.path = "/api/live",
         .operation = "connect_live",
         .tag = "console",
         .summary = "The monitoring screen's live connection",
         .description =
             "A WebSocket (RFC 6455). The server sends "
             "`{\"type\":\"snapshot\",\"seq\",\"at\",\"state\":LiveState}` first and whenever "
             "the client has fallen behind, and "
             "`{\"type\":\"delta\",\"seq\",\"at\",\"state\":{members that changed},"
             "\"messages\":[MessageSummary, newest last]}` at most twice a second; "
             "`{\"type\":\"error\",\"problem\"}` answers what it does not understand. `at` is "
             "in milliseconds since 1970. The client may send "
             "`{\"type\":\"snapshot\"}`, `{\"type\":\"pause\"}` and "
             "`{\"type\":\"resume\"}`. A ticket in the query stands for the key.",
         .query = &shape::description_of<LiveQuery>(),
         .status = 101,
         .errors = {ErrorCode::unauthorized, ErrorCode::forbidden, ErrorCode::rate_limited,
                    ErrorCode::overloaded},
         .upgrades = true},
        connect);
}

}  // namespace hongyan::api
