#include "http/exchange.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "http/worker.hpp"

namespace hongyan::http {

namespace {

/// Buffers above this are not kept for the next request.
constexpr std::size_t kept_bytes = 64 * 1024;

void clear_buffer(std::string& buffer) {
    if (buffer.capacity() > kept_bytes) {
        buffer = std::string();
    } else {
        buffer.clear();
    }
}

bool is_fit_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

void Exchange::respond(Response&& answer) {
    HY_ASSERT(handed_out && !answered);
    response = std::move(answer);
    if (worker->is_this_thread()) {
        worker->answered_here(*this);
    } else {
        worker->answered_elsewhere(*this);
    }
}

void Exchange::fail(const Error& error) {
    respond(worker->context().error_writer(error, request.path, request.request_id));
}

void Exchange::later(Millis wait, UniqueFunction<void()> fn) {
    if (worker->is_this_thread()) {
        worker->schedule(wait, std::move(fn));
        return;
    }
    // Refused means stopped: fn's Responder then answers from here, which needs the worker.
    const std::shared_ptr<Worker> keep = worker;
    keep->schedule_elsewhere(wait, std::move(fn));
}

void Exchange::reset() {
    auto fields = std::move(request.fields);
    auto params = std::move(request.params);
    fields.clear();
    params.clear();
    request = Request{};
    request.fields = std::move(fields);
    request.params = std::move(params);
    response = Response{};
    clear_buffer(head);
    clear_buffer(body);
    clear_buffer(decoded);
    framing = Framing{};
    route = nullptr;
    connection = nullptr;
    next = nullptr;
    handed_out = answered = silent = close = wants_continue = false;
}

void Exchange::choose_request_id(std::string_view made_id) {
    const std::string_view sent = request.header("X-Request-Id");
    request_id.assign(is_fit_request_id(sent) ? sent : made_id);
    request.request_id = request_id;
}

void Exchange::decode_params(const Router::Route& matched,
                             const std::vector<std::string_view>& values) {
    route = &matched;
    request.route = &matched.options;
    decoded.reserve(request.path.size());  // never grows: the views into it stay valid
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::string_view value = values[i];
        if (value.find('%') != std::string_view::npos) {
            const std::size_t start = decoded.size();
            decoded += percent_decoded(value);
            value = std::string_view(decoded).substr(start);
        }
        request.params.push_back({matched.names[i], value});
    }
}

}  // namespace hongyan::http
