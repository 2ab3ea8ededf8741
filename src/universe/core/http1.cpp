#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "base/text.hpp"
#include "universe/core/connection.hpp"

namespace hongyan::universe {
namespace {

namespace beast_http = boost::beast::http;
using Parser = beast_http::request_parser<beast_http::string_body>;
using boost::system::error_code;

/// Bytes of further requests that may wait while one is answered.
constexpr std::size_t pipelined_bytes = 65'536;
/// Answers that may wait for a client that does not read.
constexpr std::size_t unsent_bytes = std::size_t{1} << 20;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

struct ResponseForm {
    bool keep = true;
    bool head = false;  ///< the method was HEAD
    bool half = false;  ///< only the first half of the body
};

std::string response_text(const ServiceReply& reply, const ResponseForm& form) {
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
    text += view(beast_http::obsolete_reason(
        beast_http::int_to_status(static_cast<unsigned>(reply.status))));
    text += "\r\n";
    if (has_body(reply.status)) {
        if (!reply.content_type.empty()) text += "Content-Type: " + reply.content_type + "\r\n";
        text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    }
    for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
    if (!form.keep) text += "Connection: close\r\n";
    text += "\r\n";
    if (has_body(reply.status) && !form.head)
        text += std::string_view(reply.body).substr(0, reply.body.size() / (form.half ? 2 : 1));
    return text;
}

/// One request after the other; further ones wait in input_ until the one before is answered, so
/// that answers keep their order.
class Http1 final : public Protocol {
  public:
    Http1(Wire& wire, const ConnectionSetup& setup, const PeerFacts& peer)
        : wire_(wire), setup_(setup), peer_(peer) {
        renew();
    }
    void receive(std::string_view bytes) override {
        input_ += bytes;
        advance();
    }
    [[nodiscard]] bool wants_input() const override {
        return (!busy_ && wire_.unsent() < unsent_bytes) || input_.size() < pipelined_bytes;
    }
    void drained() override { advance(); }
    [[nodiscard]] bool is_idle() const override { return !busy_; }

  private:
    void renew() {
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(setup_.limits.header_bytes));
        parser_->body_limit(setup_.limits.body_bytes);
        parser_->eager(true);
        continued_ = false;
    }

    void advance() {
        // Ends: each turn takes bytes off input_, or leaves. advance() inside perform() is this
        // loop.
        if (advancing_) return;
        advancing_ = true;
        while (!busy_ && !over_ && !input_.empty() && wire_.unsent() < unsent_bytes && parse())
            take();
        advancing_ = false;
    }

    /// True if a whole request has been read.
    bool parse() {
        error_code error;
        const auto used =
            parser_->put(boost::asio::const_buffer(input_.data(), input_.size()), error);
        input_.erase(0, used);
        if (error == beast_http::error::need_more) {
            if (parser_->is_header_done()) offer_continue();
            return false;
        }
        if (error) {
            refuse(error);
            return false;
        }
        if (!parser_->is_done()) {
            offer_continue();
            return false;
        }
        return true;
    }

    void offer_continue() {
        if (continued_ || !parser_->is_header_done()) return;
        continued_ = true;
        if (equals_ignoring_case(view(parser_->get()[beast_http::field::expect]), "100-continue"))
            wire_.send("HTTP/1.1 100 Continue\r\n\r\n");
    }

    void refuse(const error_code& error) {
        ServiceReply reply;
        reply.status = error == beast_http::error::body_limit     ? 413
                       : error == beast_http::error::header_limit ? 431
                                                                  : 400;
        reply.body =
            "{\"error\":" + json_quoted("the request cannot be read: " + error.message()) + "}";
        over_ = true;
        wire_.send(response_text(reply, {.keep = false}));
        wire_.finish();
    }

    void take() {
        busy_ = true;
        keep_ = parser_->keep_alive();
        head_ = parser_->get().method() == beast_http::verb::head;
        Visit visit = setup_.site.begin(request());
        renew();
        if (visit.fate.latency.count() <= 0) return finish(visit);
        const Millis pause = visit.fate.latency;
        wire_.after(pause, [this, visit = std::move(visit)]() mutable { finish(visit); });
    }

    ServiceRequest request() {
        auto& message = parser_->get();
        ServiceRequest request;
        request.method = view(message.method_string());
        std::string_view target = view(message.target());
        // "http://host/path", as proxies are asked.
        if (const auto at = target.find("://"); at != target.npos && !target.starts_with('/'))
            target.remove_prefix(std::min(target.find('/', at + 3), target.size()));
        const auto mark = std::min(target.find('?'), target.size());
        request.path = target.substr(0, mark);
        if (mark < target.size()) request.query = target.substr(mark + 1);
        for (const auto& field : message)
            request.headers.emplace_back(to_lower(view(field.name_string())), view(field.value()));
        request.authority = view(message[beast_http::field::host]);
        request.scheme = peer_.scheme;
        request.peer_address = peer_.address;
        request.body = std::move(message.body());
        return request;
    }

    void finish(Visit& visit) {
        Answer answer = setup_.site.finish(visit);
        if (answer.pause.count() <= 0) return perform(answer);
        const Millis pause = answer.pause;
        wire_.after(pause, [this, answer = std::move(answer)]() mutable { perform(answer); });
    }

    void perform(const Answer& answer) {
        switch (answer.kind) {
            case Answer::Kind::hang:
                return;  // busy_ for ever
            case Answer::Kind::cut:
                over_ = true;
                return wire_.cut();
            case Answer::Kind::half:
                over_ = true;
                wire_.send(response_text(answer.reply, {.head = head_, .half = true}));
                return wire_.finish();
            case Answer::Kind::goaway:
                keep_ = false;
                break;
            case Answer::Kind::reply:
                break;
        }
        wire_.send(response_text(answer.reply, {.keep = keep_, .head = head_}));
        busy_ = false;
        if (!keep_) {
            over_ = true;
            wire_.finish();
        } else {
            advance();
        }
    }

    Wire& wire_;
    const ConnectionSetup& setup_;
    const PeerFacts& peer_;
    std::optional<Parser> parser_;
    std::string input_;
    bool busy_ = false;
    bool keep_ = true;
    bool head_ = false;
    bool continued_ = false;
    bool over_ = false;
    bool advancing_ = false;
};

}  // namespace

std::unique_ptr<Protocol> make_http1(Wire& wire, const ConnectionSetup& setup,
                                     const PeerFacts& peer) {
    return std::make_unique<Http1>(wire, setup, peer);
}

}  // namespace hongyan::universe
