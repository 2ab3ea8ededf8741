// Responder: the one right to answer one request. It is handed to the handler, may be moved to any
// thread and called there once; called inline in the handler it costs least. A Responder that is
// destroyed without a call answers 500, so that no client hangs. A client that has gone, or a
// server that has stopped, is no error: the answer is dropped. Calls from other threads only queue
// the answer: a burst of answers wakes each I/O thread about once.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "http/message.hpp"

namespace hongyan::http {

/// Where an answer goes; implemented by the server. Exactly one of respond() and fail() is called,
/// once; both are safe from every thread, and the request must not be touched afterwards.
class ResponseSink {
  public:
    virtual void respond(Response&& response) = 0;
    virtual void fail(const Error& error) = 0;
    /// Runs fn on the request's I/O thread, or destroys it when the server stops before.
    virtual void later(Millis wait, UniqueFunction<void()> fn) = 0;

  protected:
    ~ResponseSink() = default;
};

class Responder {
  public:
    /// The sink must live until it is called.
    explicit Responder(ResponseSink& sink) : sink_(&sink) {}
    /// For tests of handlers: receiver gets the answer, an error as a small JSON object with
    /// "code" and "detail". later() runs at once.
    explicit Responder(UniqueFunction<void(Response)> receiver);
    Responder(Responder&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)) {}
    Responder& operator=(Responder&& other) noexcept;
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder() { abandon(); }

    /// Answers. The Request is gone afterwards. A second call is an assertion.
    void send(Response response);
    void operator()(Response response) { send(std::move(response)); }
    /// Answers with what the ErrorWriter makes of error.
    void fail(const Error& error);
    /// Gives the right to answer to next, which runs on the request's I/O thread after wait (as
    /// fine as 10 ms) and may still use the Request. Safe from every thread. If the server stops
    /// meanwhile, next is destroyed without a call.
    void later(Millis wait, UniqueFunction<void(Responder)> next) &&;
    /// False once it was moved from, or has answered.
    explicit operator bool() const { return sink_ != nullptr; }

  private:
    void abandon();
    ResponseSink* sink_;
};

}  // namespace hongyan::http
