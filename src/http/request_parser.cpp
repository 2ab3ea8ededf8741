#include "http/request_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "base/text.hpp"

namespace hongyan::http {

namespace {

namespace beast = boost::beast;

std::string_view to_std(beast::string_view view) { return {view.data(), view.size()}; }

Method to_method(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get:
            return Method::get;
        case beast::http::verb::post:
            return Method::post;
        case beast::http::verb::put:
            return Method::put;
        case beast::http::verb::patch:
            return Method::patch;
        case beast::http::verb::delete_:
            return Method::del;
        case beast::http::verb::head:
            return Method::head;
        case beast::http::verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

Error bad_request(std::string detail) {
    return make_error(ErrorCode::bad_request, std::move(detail));
}

Error head_error(const beast::error_code& code) {
    using beast::http::error;
    if (code == error::bad_method) return bad_request("the method is not a token");
    if (code == error::bad_target) return bad_request("the request target has a forbidden byte");
    if (code == error::bad_version) return bad_request("only HTTP/1.1 and HTTP/1.0 are spoken");
    if (code == error::bad_field) return bad_request("a header field's name has a forbidden byte");
    if (code == error::bad_value) return bad_request("a header field's value has a forbidden byte");
    if (code == error::bad_content_length || code == error::multiple_content_length) {
        return bad_request("Content-Length is not one number, or stands beside Transfer-Encoding");
    }
    if (code == error::bad_transfer_encoding) {
        return bad_request("Transfer-Encoding is repeated, or stands beside Content-Length");
    }
    return bad_request("the header is malformed");
}

bool is_printable_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Error> split_target(Request& request, std::size_t limit) {
    std::string_view target = request.target;
    if (target.size() > limit) {
        return make_error(ErrorCode::uri_too_long,
                          "the target has " + std::to_string(target.size()) + " bytes");
    }
    if (!is_printable_ascii(target) || target.find('#') != std::string_view::npos) {
        return bad_request("the request target must be percent-encoded ASCII");
    }
    if (target.starts_with("http://") || target.starts_with("https://")) {
        const std::size_t slash = target.find_first_of("/?", target.find("//") + 2);
        if (slash == std::string_view::npos || target[slash] == '?') {
            target = slash == std::string_view::npos ? "/" : target.substr(slash);
        } else {
            target.remove_prefix(slash);
        }
    }
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (request.path.empty()) request.path = "/";
    request.query =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    if (request.path == "*" && request.method == Method::options) return std::nullopt;
    if (request.path.front() != '/') return bad_request("the request target must start with '/'");
    if (!has_valid_escapes(request.path) || !has_valid_escapes(request.query)) {
        return bad_request("'%' in the target must be followed by two hexadecimal digits");
    }
    return std::nullopt;
}

std::optional<Error> RequestParser::parse_head(std::string_view head, Request& request,
                                               std::size_t target_limit) {
    request_ = &request;
    eager(false);
    header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScan has checked it
    body_limit(boost::none);                                  // the route decides
    beast::error_code error;
    put(boost::asio::buffer(head), error);
    if (error) return head_error(error);
    if (!is_header_done()) return bad_request("the header is malformed");
    framing_.keep_alive = keep_alive();
    framing_.chunked = chunked();
    if (auto wrong = check_framing()) return wrong;
    if (auto wrong = check_host()) return wrong;
    return split_target(request, target_limit);
}

std::optional<Error> RequestParser::check_framing() {
    if (content_lengths_ > 1) return bad_request("Content-Length must not be repeated");
    if (content_lengths_ == 1) {
        const auto length = content_length();
        // Beast also takes "5, 5"; two readings of one length are what smugglers live on.
        if (!length || !is_digits(request_->header("Content-Length"))) {
            return bad_request("Content-Length must be one decimal number");
        }
        request_->content_length = *length;
    }
    if (has_transfer_encoding_) {
        if (!framing_.http_11) return bad_request("HTTP/1.0 has no Transfer-Encoding");
        if (!framing_.chunked ||
            !equals_ignoring_case(request_->header("Transfer-Encoding"), "chunked")) {
            return bad_request("the only Transfer-Encoding understood is 'chunked'");
        }
    }
    const std::string_view expect = request_->header("Expect");
    if (!expect.empty() && framing_.http_11) {
        if (!equals_ignoring_case(expect, "100-continue")) {
            return bad_request("the only Expect understood is '100-continue'");
        }
        framing_.expects_continue = true;
    }
    return std::nullopt;
}

std::optional<Error> RequestParser::check_host() const {
    if (hosts_ > 1 || (hosts_ == 0 && framing_.http_11)) {
        return bad_request("HTTP/1.1 needs exactly one Host field");
    }
    const std::string_view host = request_->header("Host");
    if (!is_printable_ascii(host) || host.find_first_of("/?#@\\,<>\"") != std::string_view::npos) {
        return bad_request("Host is not a host name with an optional port");
    }
    return std::nullopt;
}

void RequestParser::on_request_impl(beast::http::verb method, View, View target, int version,
                                    ErrorRef) {
    request_->method = to_method(method);
    request_->target = to_std(target);
    framing_.http_11 = version >= 11;
}

void RequestParser::on_field_impl(beast::http::field field, View name, View value, ErrorRef) {
    if (head_done_) return;  // a trailer after a chunked body: nobody asks for it
    request_->fields.push_back({to_std(name), to_std(value)});
    if (field == beast::http::field::content_length) ++content_lengths_;
    if (field == beast::http::field::host) ++hosts_;
    if (field == beast::http::field::transfer_encoding) has_transfer_encoding_ = true;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View part, ErrorRef) {
    if (body_ != nullptr) body_->append(part.data(), part.size());
    return part.size();
}

RequestParser::Chunks RequestParser::parse_chunks(std::string_view input, std::string* body) {
    Chunks chunks;
    body_ = body;
    while (!is_done() && chunks.consumed < input.size()) {
        const std::string_view rest = input.substr(chunks.consumed);
        beast::error_code error;
        chunks.consumed += put(boost::asio::buffer(rest), error);
        if (error == beast::http::error::need_more) break;
        if (error == beast::http::error::body_limit) {
            chunks.error = make_error(ErrorCode::body_too_large, "the chunks exceed the limit");
            return chunks;
        }
        if (error) {
            chunks.error = bad_request("the chunked body is malformed");
            return chunks;
        }
    }
    chunks.complete = is_done();
    return chunks;
}

}  // namespace hongyan::http
