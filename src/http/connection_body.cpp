// The body of a request: whether it is allowed, reading it, and reading past it.
#include <algorithm>

#include "base/text.hpp"
#include "http/connection.hpp"
#include "http/worker.hpp"

namespace hongyan::http {

namespace {

/// A refused body up to this is read and thrown away, so that the connection can be kept.
constexpr std::size_t skipped_bytes = 64 * 1024;
/// Memory taken for a body before its bytes have come.
constexpr std::size_t reserved_bytes = 1024 * 1024;
/// A chunk's header or the trailer must fit in this.
constexpr std::size_t chunk_header_bytes = 16 * 1024;

/// application/json or application/...+json, and no charset but UTF-8.
bool is_json_type(std::string_view content_type) {
    if (content_type == "application/json") return true;  // the usual case, without a copy
    const std::size_t semicolon = content_type.find(';');
    const std::string type = to_lower(trim(content_type.substr(0, semicolon)));
    const bool json =
        type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
    if (!json || semicolon == std::string_view::npos) return json;
    const std::string parameters = to_lower(content_type.substr(semicolon));
    const std::size_t charset = parameters.find("charset=");
    return charset == std::string::npos || parameters.find("utf-8", charset) != std::string::npos;
}

}  // namespace

std::optional<Error> Connection::check_body_allowed(const Exchange& exchange) const {
    if (!exchange.has_body()) return std::nullopt;
    const Request& request = exchange.request;
    const RouteOptions& options = *request.route;
    if (request.content_length.value_or(0) > options.body_limit) {
        return make_error(ErrorCode::body_too_large,
                          "the body has " + std::to_string(*request.content_length) +
                              " bytes, the limit is " + std::to_string(options.body_limit));
    }
    const std::string_view encoding = request.header("Content-Encoding");
    if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) {
        return make_error(ErrorCode::unsupported_media_type,
                          "the body must not have a Content-Encoding");
    }
    if (options.json_body && !is_json_type(request.header("Content-Type"))) {
        return make_error(ErrorCode::unsupported_media_type,
                          "Content-Type must be application/json, in UTF-8");
    }
    return std::nullopt;
}

void Connection::start_body(Exchange& exchange) {
    current_ = &exchange;
    read_due_ms_ = worker_.now_ms() + worker_.context().options.request_timeout.count();
    exchange.wants_continue = exchange.framing.expects_continue && in_.size() == 0;
    if (exchange.framing.chunked) {
        parser_->limit_chunks(exchange.route->options.body_limit);
        phase_ = Phase::chunked_body;
        return;
    }
    exchange.body.reserve(
        std::min(static_cast<std::size_t>(*exchange.request.content_length), reserved_bytes));
    phase_ = Phase::sized_body;
}

bool Connection::read_sized_body() {
    Exchange& exchange = *current_;
    const std::size_t missing =
        static_cast<std::size_t>(*exchange.request.content_length) - exchange.body.size();
    const std::size_t taken = std::min(missing, in_.size());
    exchange.body.append(input().substr(0, taken));
    in_.consume(taken);
    if (taken < missing) return false;
    dispatch(exchange);
    return true;
}

bool Connection::read_chunked_body() {
    Exchange& exchange = *current_;
    auto chunks = parser_->parse_chunks(input(), &exchange.body);
    in_.consume(chunks.consumed);
    if (!chunks.error && !chunks.complete && in_.size() > chunk_header_bytes) {
        chunks.error = make_error(ErrorCode::bad_request, "a chunk's header is too long");
    }
    if (chunks.error) {
        current_ = nullptr;
        exchange.close = true;
        phase_ = Phase::drop;
        answer_error(exchange, *chunks.error);
        return true;
    }
    if (!chunks.complete) return false;
    dispatch(exchange);
    return true;
}

/// After a refusal: reads past a small body, or makes this the last request.
void Connection::skip_body(Exchange& exchange) {
    current_ = nullptr;
    const bool body = exchange.has_body();
    const bool held_back = exchange.framing.expects_continue && in_.size() == 0;
    const bool large = exchange.request.content_length.value_or(0) > skipped_bytes;
    if (body && (held_back || large)) exchange.close = true;
    if (!body || exchange.close) {
        next_head(exchange);
        return;
    }
    read_due_ms_ = worker_.now_ms() + worker_.context().options.request_timeout.count();
    if (exchange.framing.chunked) {
        parser_->limit_chunks(skipped_bytes);
        phase_ = Phase::skip_chunked;
    } else {
        to_skip_ = *exchange.request.content_length;
        phase_ = Phase::skip_sized;
    }
}

bool Connection::skip_sized_body() {
    const std::size_t taken = std::min(static_cast<std::size_t>(to_skip_), in_.size());
    in_.consume(taken);
    to_skip_ -= taken;
    if (to_skip_ > 0) return false;
    phase_ = worker_.stopping() ? Phase::drop : Phase::head;
    return true;
}

bool Connection::skip_chunked_body() {
    const auto chunks = parser_->parse_chunks(input(), nullptr);
    in_.consume(chunks.consumed);
    if (chunks.error || (!chunks.complete && in_.size() > chunk_header_bytes)) {
        close_when_quiet_ = true;
        phase_ = Phase::drop;
        return true;
    }
    if (!chunks.complete) return false;
    phase_ = worker_.stopping() ? Phase::drop : Phase::head;
    return true;
}

}  // namespace hongyan::http
