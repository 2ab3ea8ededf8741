#include "http/responder.hpp"

#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::http {

namespace {

/// Hands the answer to a function; for tests of handlers. Lives until it is called.
class FunctionSink final : public ResponseSink {
  public:
    explicit FunctionSink(UniqueFunction<void(Response)> receiver)
        : receiver_(std::move(receiver)) {}

    void respond(Response&& response) override {
        receiver_(std::move(response));
        delete this;
    }
    void fail(const Error& error) override {
        const ErrorRow& row = error_row(error.code);
        Response response;
        response.status = row.http_status;
        response.content_type = "application/problem+json";
        response.body =
            "{\"code\":" + json_quoted(row.name) + ",\"detail\":" + json_quoted(error.detail) + "}";
        respond(std::move(response));
    }
    void later(Millis, UniqueFunction<void()> fn) override { fn(); }

  private:
    UniqueFunction<void(Response)> receiver_;
};

}  // namespace

Responder::Responder(UniqueFunction<void(Response)> receiver)
    : sink_(new FunctionSink(std::move(receiver))) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    if (this != &other) {
        abandon();
        sink_ = std::exchange(other.sink_, nullptr);
    }
    return *this;
}

void Responder::send(Response response) {
    HY_ASSERT(sink_ != nullptr);
    std::exchange(sink_, nullptr)->respond(std::move(response));
}

void Responder::fail(const Error& error) {
    HY_ASSERT(sink_ != nullptr);
    std::exchange(sink_, nullptr)->fail(error);
}

void Responder::later(Millis wait, UniqueFunction<void(Responder)> next) && {
    HY_ASSERT(sink_ != nullptr);
    ResponseSink& sink = *sink_;
    sink.later(wait, [right = Responder(std::move(*this)), next = std::move(next)]() mutable {
        next(std::move(right));
    });
}

void Responder::abandon() {
    if (sink_ == nullptr) return;
    std::exchange(sink_, nullptr)
        ->fail(make_error(ErrorCode::internal, "the request was dropped without an answer"));
}

}  // namespace hongyan::http
