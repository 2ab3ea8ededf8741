#include "api/system.hpp"

#include "api/metrics.hpp"
#include "base/text.hpp"

namespace hongyan::api {

using shape::field;

struct HealthReply {
    std::string status;
    std::optional<std::string> detail;
    std::string version;
};

const shape::Object& describe(shape::Tag<HealthReply>) {
    using V = HealthReply;
    static const shape::Object object =
        shape::object<V>("Health", "Whether the server is well.",
                         field("status", &V::status, "ok, or unavailable with a 503.")
                             .one_of({"ok", "unavailable"})
                             .example("ok"),
                         field("detail", &V::detail, "Why it is not.").example("starting"),
                         field("version", &V::version, "The program's version.").example("0.1.0"))
            .reply();
    return object;
}

namespace {

void livez(Context&, http::Request&, http::Responder responder) {
    respond(responder, answer(HealthReply{"ok", std::nullopt, HONGYAN_VERSION}));
}

void readyz(Context& context, http::Request&, http::Responder responder) {
    const auto why = context.not_ready();
    if (why.empty())
        respond(responder, answer(HealthReply{"ok", std::nullopt, HONGYAN_VERSION}));
    else
        respond(responder, answer(HealthReply{"unavailable", why, HONGYAN_VERSION}, 503));
}

void metrics(Context& context, http::Request&, http::Responder responder) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_text(context);
    responder.send(std::move(response));
}

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

/// The page a problem document's type leads to.
void problem_page(http::Request& request, http::Responder responder) {
    for (const auto& row : error_table()) {
        if (row.name != request.param("name")) continue;
        http::Response response;
        response.content_type = "text/html; charset=utf-8";
        const auto name = html_escaped(row.name);
        response.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                        name + "</title></head><body><h1>" + name + "</h1><p>HTTP " +
                        std::to_string(row.http_status) + ", code " + std::to_string(row.number) +
                        "</p><p>" + html_escaped(row.title) + "</p><p>" + html_escaped(row.remedy) +
                        "</p></body></html>";
        responder.send(std::move(response));
        return;
    }
    responder.fail(make_error(ErrorCode::not_found, "There is no such kind of problem."));
}

}  // namespace

void add_system_routes(Routes& routes) {
    const auto& health = shape::description_of<HealthReply>();
    routes.plain({.path = "/livez",
                  .operation = "get_livez",
                  .tag = "system",
                  .summary = "Is the process alive",
                  .description = "Answers as long as the process can answer at all.",
                  .reply = &health},
                 livez);
    routes.plain(
        {.path = "/readyz",
         .operation = "get_readyz",
         .tag = "system",
         .summary = "Should it get traffic",
         .description = "503 while starting, stopping, or when the store does not accept writes.",
         .reply = &health},
        readyz);
    routes.plain({.path = "/metrics",
                  .operation = "get_metrics",
                  .tag = "system",
                  .summary = "Metrics for Prometheus",
                  .description = "Counters and gauges in the Prometheus text format.",
                  .reply_type = "text/plain"},
                 metrics);
}

void add_page_routes(http::Router& router, const std::string& openapi) {
    router.add(http::Method::get, "/openapi.json",
               [&openapi](http::Request&, http::Responder responder) {
                   http::Response response;
                   response.static_body = openapi;
                   responder.send(std::move(response));
               });
    router.add(http::Method::get, "/problems/{name}",
               [](http::Request& request, http::Responder responder) {
                   problem_page(request, std::move(responder));
               });
}

}  // namespace hongyan::api
