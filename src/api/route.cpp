#include "api/route.hpp"

#include "api/problem.hpp"
#include "base/text.hpp"

namespace hongyan::api {
namespace {

Error busy() {
    auto error = make_error(ErrorCode::overloaded, "Too many questions wait for the store.");
    error.retry_after = Millis(1'000);
    return error;
}

}  // namespace

Routes::Routes(Context& context, http::Router& router)
    : context_(&context), router_(&router), guard_(make_guard(context.keys, context.limiter)) {}

void Routes::add(RouteDoc doc, http::Handler handler) {
    http::RouteOptions options;
    options.body_limit = doc.body_limit;
    options.json_body = doc.body != nullptr;
    options.upgrades = doc.upgrades;
    if (!doc.scope.empty()) {
        options.guard = guard_;
        options.scope = doc.scope;
        // As the original names its resources: "api:/messages/send" for POST /api/messages/send.
        options.resource = "api:" + doc.path.substr(std::string_view("/api").size());
    }
    if (router_ != nullptr)
        router_->add(doc.method, doc.path, std::move(handler), std::move(options));
    docs_.push_back(std::move(doc));
}

void Routes::plain(RouteDoc doc, PlainHandler handler) {
    add(std::move(doc),
        [context = context_, handler](http::Request& request, http::Responder responder) {
            handler(*context, request, std::move(responder));
        });
}

void Routes::read(RouteDoc doc, ReadHandler handler) {
    add(std::move(doc),
        [held_context = context_, handler](http::Request& request, http::Responder responder) {
            Context& context = *held_context;
            // Shared so that it can still be answered when the pool's queue is full.
            auto held = std::make_shared<http::Responder>(std::move(responder));
            const bool posted = context.readers.post([&context, handler, &request, held] {
                const Call call{context, caller_of(request), request};
                Result<Answer> result = make_error(ErrorCode::internal, "");
                const auto read =
                    context.store.read([&](Session& session) { result = handler(call, session); });
                if (!read) result = read.error();
                respond(*held, result);
            });
            if (!posted) held->fail(busy());
        });
}

void respond(http::Responder& responder, const Result<Answer>& result) {
    if (!result) {
        responder.fail(result.error());
        return;
    }
    http::Response response;
    response.status = result->status;
    response.body = result->json;
    if (!result->location.empty()) response.headers.add("Location", result->location);
    responder.send(std::move(response));
}

void change(Context& context, http::Responder responder, Reload reload,
            UniqueFunction<Result<Answer>(Session&, delivery::Counts&)> work) {
    // Shared between the work, which runs in the transaction, and its completion.
    auto result = std::make_shared<Result<Answer>>(make_error(ErrorCode::internal, ""));
    auto held = std::make_shared<http::Responder>(std::move(responder));
    context.delivery.change(
        [result, work = std::move(work)](Session& session, delivery::Counts& counts) mutable {
            *result = work(session, counts);
        },
        [&context, result, held, reload](const Status& status) {
            if (!status) {
                held->fail(status.error());
                return;
            }
            if (reload == Reload::no || !*result) {
                respond(*held, *result);
                return;
            }
            // Reading the rules again waits for the disk, which the committer's thread must not.
            const bool posted = context.readers.post([&context, result, held] {
                context.reload_rules();
                respond(*held, *result);
            });
            if (!posted) respond(*held, *result);
        });
}

Result<std::int64_t> id_param(const http::Request& request, std::string_view name) {
    const auto id = parse_int(request.param(name));
    if (!id || *id <= 0)
        return make_error(ErrorCode::not_found, std::string(name) + " must be a positive number.");
    return *id;
}

std::string make_cursor(std::int64_t place) { return to_base64url("c1:" + std::to_string(place)); }

Result<std::int64_t> read_cursor(std::string_view cursor) {
    if (cursor.empty()) return std::int64_t{0};
    const auto text = from_base64(cursor);
    const auto place = text && text->starts_with("c1:")
                           ? parse_int(std::string_view(*text).substr(3))
                           : std::nullopt;
    if (place && *place > 0) return *place;
    Error error = make_error(ErrorCode::invalid_fields, "cursor is not one that this API gave.");
    error.problems.push_back(
        {"$query.cursor", "format", "take next_cursor from the answer before"});
    return error;
}

}  // namespace hongyan::api
