// bench_bare_http: what HTTP and JSON alone cost. A plain Beast server with callbacks on one thread
// that parses the body of a single send with Boost.JSON, looks at the fields that every send has
// and answers 202 with a body like Hongyan's. It keeps nothing, writes nothing, checks no key and
// has no deadlines, which would cost it some 5 % at 500 connections. Below /taken it takes any JSON
// object, as the receiver of what Hongyan sends. usage: bench_bare_http PORT
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/src.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;

/// The 202 for a send, or for any object; nothing when the body is not one.
std::optional<std::string> answer_to(std::string_view body, std::uint64_t id, bool is_any_taken) {
    unsigned char buffer[4'096];
    json::monotonic_resource memory(buffer, sizeof buffer);
    json::error_code error;
    const json::value value = json::parse({body.data(), body.size()}, error, &memory);
    const json::object* send = error ? nullptr : value.if_object();
    if (send == nullptr) return std::nullopt;
    for (const std::string_view name : {"channel", "recipient"}) {
        if (is_any_taken) break;
        const json::value* field = send->if_contains({name.data(), name.size()});
        if (field == nullptr || !field->is_string()) return std::nullopt;
    }
    char text[128];
    const int size = std::snprintf(
        text, sizeof text,
        "{\"message_id\":\"%llu\",\"trace_id\":\"msg_%016llx\",\"status\":\"pending\"}",
        static_cast<unsigned long long>(id), static_cast<unsigned long long>(id));
    return std::string(text, static_cast<std::size_t>(size));
}

class Session : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(tcp::socket socket) : stream_(std::move(socket)) {
        stream_.socket().set_option(tcp::no_delay(true));
    }

    void read() {
        request_ = {};
        http::async_read(stream_, buffer_, request_,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) self->answer();
                         });
    }

  private:
    void answer() {
        const bool is_any_taken = request_.target().starts_with("/taken");
        std::optional<std::string> body = answer_to(request_.body(), ++last_id_, is_any_taken);
        response_ = {body ? http::status::accepted : http::status::bad_request, request_.version()};
        response_.set(http::field::server, "bare");
        response_.set(http::field::content_type, "application/json");
        response_.body() = std::move(body).value_or("{\"status\":400}");
        response_.keep_alive(request_.keep_alive());
        response_.prepare_payload();
        http::async_write(stream_, response_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error && self->response_.keep_alive()) self->read();
                          });
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> response_;
    std::uint64_t last_id_ = std::uint64_t{1} << 60;
};

void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Session>(std::move(socket))->read();
        accept(acceptor);
    });
}

std::uint16_t port_from(std::string_view text) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw std::invalid_argument("usage: bench_bare_http PORT");
    }
    return number;
}

}  // namespace

int main(int count, char** arguments) try {
    const std::uint16_t port = port_from(count > 1 ? arguments[1] : "");
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
    accept(acceptor);
    context.run();
    return 0;
} catch (const std::exception& error) {
    std::cerr << "bench_bare_http: " << error.what() << "\n";
    return 1;
}
