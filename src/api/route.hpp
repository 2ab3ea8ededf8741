// Routes: each API route is registered once with its description, from which the router's entry and
// its part of the OpenAPI document both follow. Handlers of three kinds: plain ones run on the I/O
// thread; readers run on the readers' pool inside one snapshot of the store; changes run inside the
// committer's next transaction and are answered after the sync.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.hpp"
#include "base/error_table.hpp"
#include "http/router.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {

/// What the OpenAPI document says of one route.
struct RouteDoc {
    http::Method method = http::Method::get;
    std::string path;       ///< "/api/messages/{id}"
    std::string operation;  ///< operationId, snake_case
    std::string tag;
    std::string summary;
    std::string description;
    std::string scope = {};  ///< "" = open to everybody
    const shape::Object* body = nullptr;
    const shape::Object* query = nullptr;
    const shape::Object* reply = nullptr;  ///< null: no JSON body
    int status = 200;
    std::vector<ErrorCode> errors = {};  ///< beside those that every route of its kind has
    bool idempotent_key = false;         ///< takes Idempotency-Key
    std::size_t body_limit = std::size_t{1} << 20;
    std::string reply_type = "application/json";
    const shape::Object* other_reply = nullptr;  ///< what it answers in another case, e.g. dry run
    int other_status = 200;
    bool upgrades = false;  ///< to a WebSocket, with status 101
};

/// An answer: JSON text with its status.
struct Answer {
    std::string json;
    int status = 200;
    std::string location;  ///< of something new
};

template <class T>
[[nodiscard]] Answer answer(const T& value, int status = 200) {
    return {shape::write(value), status, ""};
}

/// What a reader or a change gets. request stays valid until the answer is sent.
struct Call {
    Context& context;
    const Caller& caller;
    const http::Request& request;
};

using PlainHandler = void (*)(Context&, http::Request&, http::Responder);
using ReadHandler = Result<Answer> (*)(const Call&, Session&);

class Routes {
  public:
    Routes(Context& context, http::Router& router);
    /// Only collects the descriptions, for the OpenAPI document.
    Routes() = default;

    void plain(RouteDoc doc, PlainHandler handler);
    void read(RouteDoc doc, ReadHandler handler);
    [[nodiscard]] const std::vector<RouteDoc>& docs() const { return docs_; }

  private:
    void add(RouteDoc doc, http::Handler handler);

    Context* context_ = nullptr;
    http::Router* router_ = nullptr;
    http::Guard guard_;
    std::vector<RouteDoc> docs_;
};

void respond(http::Responder& responder, const Result<Answer>& result);

/// Runs work in the next transaction, reloads the rules if asked to, and answers after the sync.
enum class Reload : bool { no, yes };
void change(Context& context, http::Responder responder, Reload reload,
            UniqueFunction<Result<Answer>(Session&, delivery::Counts&)> work);

/// The query as a described struct.
template <class T>
[[nodiscard]] Result<T> query_of(const http::Request& request) {
    const auto pairs = request.query_pairs();
    return shape::read_query<T>(pairs);
}

/// A path parameter that is a positive number; not_found otherwise, since no such thing can be
/// there.
[[nodiscard]] Result<std::int64_t> id_param(const http::Request& request, std::string_view name);

/// A cursor: opaque to clients, a number to us.
[[nodiscard]] std::string make_cursor(std::int64_t place);
/// Problem at "$query.cursor" if it is not one of ours. "" is 0.
[[nodiscard]] Result<std::int64_t> read_cursor(std::string_view cursor);

}  // namespace hongyan::api
