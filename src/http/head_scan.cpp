#include "http/head_scan.hpp"

#include <cstring>
#include <utility>

namespace hongyan::http {

namespace {

/// A request line is the target and at most this: a method, two spaces, the version.
constexpr std::size_t request_line_extra = 64;

bool may_start_a_method(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

std::string kibibytes(std::size_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

}  // namespace

HeadScan::State HeadScan::bad(ErrorCode code, std::string detail) {
    error_ = make_error(code, std::move(detail));
    return State::bad;
}

HeadScan::State HeadScan::advance(std::string_view input, const ServerOptions& limits) {
    for (;;) {
        const char* begin = input.data() + scanned_;
        const void* found = std::memchr(begin, '\n', input.size() - scanned_);
        if (found == nullptr) {
            scanned_ = input.size();
            return check_partial(input, limits);
        }
        const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
        const State state = line_ended(input, end, limits);
        if (state != State::need_more) return state;
    }
}

HeadScan::State HeadScan::line_ended(std::string_view input, std::size_t end,
                                     const ServerOptions& limits) {
    if (end == line_start_ || input[end - 1] != '\r') {
        return bad(ErrorCode::bad_request, "each line of the header must end with CR LF");
    }
    const std::size_t length = end - 1 - line_start_;
    const char first = input[line_start_];
    const std::size_t line = lines_++;
    if (line > 0 && (first == ' ' || first == '\t')) {
        return bad(ErrorCode::bad_request, "a header line must not be folded");
    }
    if (line == 0 && length > limits.target_bytes + request_line_extra) {
        return bad(ErrorCode::uri_too_long,
                   "the request line is longer than " + kibibytes(limits.target_bytes));
    }
    line_start_ = scanned_ = end + 1;
    if (line_start_ > limits.header_bytes) {
        return bad(ErrorCode::header_too_large,
                   "the header is larger than " + kibibytes(limits.header_bytes));
    }
    if (length == 0) return State::complete;
    if (line > limits.header_fields) {
        return bad(ErrorCode::header_too_large,
                   "the header has more than " + std::to_string(limits.header_fields) + " fields");
    }
    return State::need_more;
}

HeadScan::State HeadScan::check_partial(std::string_view input, const ServerOptions& limits) {
    if (lines_ == 0 && !input.empty() && !may_start_a_method(input.front())) {
        return bad(ErrorCode::bad_request, "this is not HTTP/1.1; for TLS use a proxy in front");
    }
    if (lines_ == 0 && input.size() > limits.target_bytes + request_line_extra) {
        return bad(ErrorCode::uri_too_long,
                   "the request line is longer than " + kibibytes(limits.target_bytes));
    }
    if (input.size() > limits.header_bytes) {
        return bad(ErrorCode::header_too_large,
                   "the header is larger than " + kibibytes(limits.header_bytes));
    }
    return State::need_more;
}

}  // namespace hongyan::http
