// The routes of the demo traffic.
#include "api/demo.hpp"

namespace hongyan::api {

struct DemoRequest {
    int seconds = 60;
    int per_second = 50;
    double failure_percent = 5;
};

using shape::field;

const shape::Object& describe(shape::Tag<DemoRequest>) {
    using V = DemoRequest;
    static const shape::Object object =
        shape::object<V>(
            "DemoRequest", "Demo traffic to be started.",
            field("seconds", &V::seconds, "How long.").between(1, 600).default_value(60),
            field("per_second", &V::per_second, "Messages in a second.")
                .between(1, 500)
                .default_value(50),
            field("failure_percent", &V::failure_percent, "So many of a hundred fail at first.")
                .between(0.0, 100.0)
                .default_value(5))
            .example_text(R"({"seconds":1,"per_second":5,"failure_percent":5})");
    return object;
}

const shape::Object& describe(shape::Tag<DemoState>) {
    using V = DemoState;
    static const shape::Object object =
        shape::object<V>(
            "DemoState", "The tenant's demo traffic.",
            field("running", &V::running, "Whether it runs.").example(true),
            field("sent", &V::sent, "Messages accepted in the last run.").example(250),
            field("refused", &V::refused, "Messages that could not be accepted.").example(0),
            field("remaining_seconds", &V::remaining_seconds, "Seconds until it stops by itself.")
                .example(55))
            .reply();
    return object;
}

namespace {

Error no_sandbox() {
    return make_error(ErrorCode::not_found,
                      "The sandbox is switched off, so there is no demo traffic; set "
                      "sandbox.enabled.");
}

void start_demo(Context& context, http::Request& request, http::Responder responder) {
    if (context.demo == nullptr) return responder.fail(no_sandbox());
    auto asked = shape::read<DemoRequest>(request.body.empty() ? "{}" : request.body);
    if (!asked) return responder.fail(asked.error());
    const DemoWish wish{caller_of(request).tenant_id, asked->seconds, asked->per_second,
                        asked->failure_percent};
    // It reads the templates, which an I/O thread must not.
    auto held = std::make_shared<http::Responder>(std::move(responder));
    const bool posted = context.readers.post([&context, wish, held] {
        if (auto started = context.demo->start(wish); !started)
            held->fail(started.error());
        else
            respond(*held, answer(context.demo->state(wish.tenant_id), 202));
    });
    if (!posted)
        held->fail(make_error(ErrorCode::overloaded, "Too many questions wait for the store."));
}

void read_demo(Context& context, http::Request& request, http::Responder responder) {
    if (context.demo == nullptr) return responder.fail(no_sandbox());
    respond(responder, answer(context.demo->state(caller_of(request).tenant_id)));
}

void stop_demo(Context& context, http::Request& request, http::Responder responder) {
    if (context.demo == nullptr) return responder.fail(no_sandbox());
    const auto tenant_id = caller_of(request).tenant_id;
    context.demo->stop(tenant_id);
    auto state = context.demo->state(tenant_id);
    state.running = false;
    state.remaining_seconds = 0;
    respond(responder, answer(state));
}

}  // namespace

void add_demo_routes(Routes& routes) {
    const auto& state = shape::description_of<DemoState>();
    routes.plain({.method = http::Method::post,
                  .path = "/api/sandbox/demo",
                  .operation = "start_demo",
                  .tag = "sandbox",
                  .summary = "Start demo traffic",
                  .description = "Sends messages over all channels that are the sandbox's alone, "
                                 "so that every chart shows something. Nothing goes to a real "
                                 "provider: channels with an account are left out. One run at a "
                                 "time; it stops by itself and does not outlive a restart.",
                  .scope = "manage",
                  .body = &shape::description_of<DemoRequest>(),
                  .reply = &state,
                  .status = 202,
                  .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::unavailable}},
                 start_demo);
    routes.plain({.path = "/api/sandbox/demo",
                  .operation = "get_demo",
                  .tag = "sandbox",
                  .summary = "See the demo traffic",
                  .description = "Of the key's tenant.",
                  .scope = "read",
                  .reply = &state,
                  .errors = {ErrorCode::not_found}},
                 read_demo);
    routes.plain({.method = http::Method::del,
                  .path = "/api/sandbox/demo",
                  .operation = "stop_demo",
                  .tag = "sandbox",
                  .summary = "Stop the demo traffic",
                  .description = "What is accepted already is still delivered.",
                  .scope = "manage",
                  .reply = &state,
                  .errors = {ErrorCode::not_found}},
                 stop_demo);
}

}  // namespace hongyan::api
