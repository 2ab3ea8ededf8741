// From a head to a handler: routing, the guard, the hand-over.
#include <exception>
#include <utility>

#include "http/connection.hpp"
#include "http/worker.hpp"

namespace hongyan::http {

namespace {

Response options_answer(std::string_view allow) {
    Response response;
    response.status = 204;
    response.content_type = {};
    response.headers.add("Allow", allow);
    return response;
}

}  // namespace

bool Connection::may_parse() const {
    if (closed_ || phase_ == Phase::guard_wait) return false;
    return phase_ != Phase::head || queue_.size() < worker_.context().options.pipeline_depth;
}

void Connection::parse_input() {
    parsing_ = true;
    while (may_parse() && parse_step()) {
    }
    parsing_ = false;
}

/// One step through the input; false if it needs more.
bool Connection::parse_step() {
    switch (phase_) {
        case Phase::head:
            return parse_head();
        case Phase::sized_body:
            return read_sized_body();
        case Phase::chunked_body:
            return read_chunked_body();
        case Phase::skip_sized:
            return skip_sized_body();
        case Phase::skip_chunked:
            return skip_chunked_body();
        case Phase::guard_wait:
            return false;
        case Phase::drop:
            if (in_.size() > 0) spoke_early_ = true;
            in_.consume(in_.size());
            return false;
    }
    return false;
}

bool Connection::parse_head() {
    // RFC 9112 section 2.2: empty lines before a request are to be ignored.
    while (input().starts_with("\r\n")) in_.consume(2);
    const std::string_view data = input();
    if (data.empty() || data == "\r") return false;
    switch (scan_.advance(data, worker_.context().options)) {
        case HeadScan::State::need_more:
            if (!head_begun_) {
                head_begun_ = true;
                read_due_ms_ = worker_.now_ms() + worker_.context().options.header_timeout.count();
            }
            return false;
        case HeadScan::State::bad:
            refuse_input(scan_.error());
            return true;
        case HeadScan::State::complete:
            begin_request(scan_.size());
            return true;
    }
    return false;
}

Exchange& Connection::new_exchange() {
    asked_ = true;
    Exchange& exchange = worker_.acquire(*this);
    queue_.push(exchange);
    return exchange;
}

void Connection::begin_request(std::size_t head_size) {
    ServerContext& context = worker_.context();
    Exchange& exchange = new_exchange();
    exchange.head.assign(input().substr(0, head_size));
    in_.consume(head_size);
    scan_.reset();
    head_begun_ = false;
    parser_.emplace();
    const auto wrong =
        parser_->parse_head(exchange.head, exchange.request, context.options.target_bytes);
    exchange.framing = parser_->framing();
    exchange.choose_request_id(worker_.make_request_id());
    if (context.access_log) exchange.started_us = context.clock.steady_us();
    if (wrong) {
        exchange.close = true;
        phase_ = Phase::drop;
        answer_error(exchange, *wrong);
        return;
    }
    exchange.close = !exchange.framing.keep_alive;
    route_request(exchange);
}

void Connection::route_request(Exchange& exchange) {
    auto& values = worker_.path_values();
    const auto match =
        worker_.context().router.match(exchange.request.method, exchange.request.path, values);
    if (match.route == nullptr) {
        answer_unrouted(exchange, match);
        return;
    }
    exchange.decode_params(*match.route, values);
    ask_guard(exchange);
}

void Connection::answer_unrouted(Exchange& exchange, const Router::Match& match) {
    const Request& request = exchange.request;
    const std::string line = std::string(to_text(request.method)) + " " + std::string(request.path);
    const auto problem = [&](ErrorCode code, std::string detail) {
        return worker_.context().error_writer(make_error(code, std::move(detail)), request.path,
                                              request.request_id);
    };
    if (request.path == "*") {
        refuse_before_body(exchange,
                           options_answer("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    } else if (match.allow.empty()) {
        refuse_before_body(exchange, problem(ErrorCode::not_found, "there is no route " + line));
    } else if (request.method == Method::options) {
        refuse_before_body(exchange, options_answer(match.allow));
    } else {
        Response response = problem(ErrorCode::method_not_allowed,
                                    "there is no route " + line + "; allowed: " + match.allow);
        response.headers.add("Allow", match.allow);
        refuse_before_body(exchange, std::move(response));
    }
}

void Connection::ask_guard(Exchange& exchange) {
    const Guard& guard = exchange.route->options.guard;
    if (!guard) {
        admitted(exchange);
        return;
    }
    GuardAnswer says;
    try {
        says = guard(exchange.request);
    } catch (const std::exception& exception) {
        if (Log* log = worker_.context().log) {
            log->error("guard_threw", {{"route", exchange.route->pattern},
                                       {"request_id", exchange.request_id},
                                       {"what", exception.what()}});
        }
        says.refusal = worker_.context().error_writer(
            make_error(ErrorCode::internal, "the request could not be checked"),
            exchange.request.path, exchange.request_id);
    }
    if (says.refusal) {
        refuse_before_body(exchange, std::move(*says.refusal));
    } else if (says.wait.count() > 0) {
        current_ = &exchange;
        phase_ = Phase::guard_wait;
        worker_.schedule(says.wait,
                         [self = boost::intrusive_ptr<Connection>(this)] { self->guard_waited(); });
    } else {
        admitted(exchange);
    }
}

void Connection::guard_waited() {
    if (closed_ || phase_ != Phase::guard_wait) return;
    parsing_ = true;  // an answer given inline is written by the pump() below
    admitted(*current_);
    parsing_ = false;
    pump();
}

void Connection::admitted(Exchange& exchange) {
    if (const auto wrong = check_body_allowed(exchange)) {
        answer_error(exchange, *wrong);
        skip_body(exchange);
    } else if (exchange.has_body()) {
        start_body(exchange);
    } else {
        dispatch(exchange);
    }
}

void Connection::refuse_before_body(Exchange& exchange, Response&& response) {
    answer(exchange, std::move(response));
    skip_body(exchange);
}

void Connection::next_head(const Exchange& exchange) {
    phase_ = exchange.close || worker_.stopping() ? Phase::drop : Phase::head;
}

void Connection::dispatch(Exchange& exchange) {
    current_ = nullptr;
    exchange.wants_continue = false;
    exchange.request.body = exchange.body;
    if (exchange.route->options.upgrades) exchange.close = true;
    next_head(exchange);
    exchange.handed_out = true;
    WorkerCounters::add(worker_.own_counters().in_flight, 1);
    // The exchange stays with us whatever the handler does: it is released after it is written.
    try {
        exchange.route->handler(exchange.request, Responder(exchange));
    } catch (const std::exception& exception) {
        if (Log* log = worker_.context().log) {
            log->error("handler_threw", {{"route", exchange.route->pattern},
                                         {"request_id", exchange.request_id},
                                         {"what", exception.what()}});
        }
    }
}

void Connection::refuse_input(const Error& error) {
    Exchange& exchange = new_exchange();
    exchange.choose_request_id(worker_.make_request_id());
    exchange.close = true;
    phase_ = Phase::drop;
    answer_error(exchange, error);
}

void Connection::answer(Exchange& exchange, Response&& response) {
    exchange.response = std::move(response);
    exchange.answered = true;
}

void Connection::answer_error(Exchange& exchange, const Error& error) {
    answer(exchange,
           worker_.context().error_writer(error, exchange.request.path, exchange.request_id));
}

}  // namespace hongyan::http
