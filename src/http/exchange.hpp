// Exchange: one request with its answer, from the end of its head to the last byte written. Pooled
// by its Worker, so that its strings keep their memory. Its Connection owns it while the request
// is read and queued; a handed-out one lives on when the connection dies, until its Responder is
// called.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/request_parser.hpp"
#include "http/responder.hpp"
#include "http/router.hpp"

namespace hongyan::http {

class Connection;
class Worker;

class Exchange final : public ResponseSink {
  public:
    void respond(Response&& answer) override;
    void fail(const Error& error) override;
    void later(Millis wait, UniqueFunction<void()> fn) override;

    /// Ready for another request; large buffers are given back.
    void reset();
    /// Echoes the client's X-Request-Id if it is fit for logs, else takes made_id.
    void choose_request_id(std::string_view made_id);
    /// Fills request.params from the router's raw values.
    void decode_params(const Router::Route& route, const std::vector<std::string_view>& values);
    [[nodiscard]] bool has_body() const {
        return framing.chunked || request.content_length.value_or(0) > 0;
    }
    [[nodiscard]] std::string_view response_body() const {
        return response.static_body.empty() ? std::string_view(response.body)
                                            : response.static_body;
    }

    Request request;
    Response response;
    std::string head;  ///< what the request's views look at
    std::string body;
    std::string decoded;  ///< decoded parameters
    std::string peer;
    std::string request_id;
    Framing framing;
    const Router::Route* route = nullptr;
    std::int64_t started_us = 0;

    std::shared_ptr<Worker> worker;    ///< set while in flight; keeps the answer's way alive
    Connection* connection = nullptr;  ///< null once the client has gone
    Exchange* next = nullptr;          ///< the next request on the connection
    bool handed_out = false;           ///< a Responder exists
    bool answered = false;             ///< response is what to write
    bool silent = false;               ///< answered, but with nothing: the client stopped sending
    bool close = false;                ///< the last one on its connection
    bool wants_continue = false;       ///< "100 Continue" is to be written when its turn comes
};

/// The requests of one connection in their order; does not own them.
class ExchangeQueue {
  public:
    [[nodiscard]] Exchange* front() const { return front_; }
    [[nodiscard]] bool empty() const { return front_ == nullptr; }
    [[nodiscard]] std::size_t size() const { return size_; }
    void push(Exchange& exchange) {
        exchange.next = nullptr;
        (back_ == nullptr ? front_ : back_->next) = &exchange;
        back_ = &exchange;
        ++size_;
    }
    Exchange* pop() {
        Exchange* popped = front_;
        if (popped == nullptr) return nullptr;
        front_ = popped->next;
        if (front_ == nullptr) back_ = nullptr;
        --size_;
        return popped;
    }

  private:
    Exchange* front_ = nullptr;
    Exchange* back_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace hongyan::http
