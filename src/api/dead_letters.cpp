#include "api/dead_letters.hpp"

#include "api/message_filter.hpp"
#include "api/message_wire.hpp"
#include "api/redrive_runs.hpp"

namespace hongyan::api {

struct RedriveRunView {
    std::int64_t id = 0;
    std::string status;
    std::string detail;
    std::string filter;
    std::int64_t max_count = 0;
    double rate_per_second = 0;
    std::int64_t matched = 0;
    bool capped = false;
    std::int64_t retried = 0;
    std::string started_by;
    std::int64_t started_at = 0;
    std::optional<std::int64_t> finished_at;
    std::optional<std::int64_t> eta_seconds;
};
struct RedriveRunPage {
    std::vector<RedriveRunView> items;
};

using shape::field;

const shape::Object& describe(shape::Tag<RedriveRunView>) {
    using V = RedriveRunView;
    static const shape::Object object =
        shape::object<V>(
            "RedriveRun", "Dead letters being sent again.",
            field("id", &V::id, "Its id.").example(3),
            field("status", &V::status, "How it goes.")
                .one_of({"running", "completed", "cancelled", "failed"})
                .example("running"),
            field("detail", &V::detail, "Why it failed.")
                .omit_empty()
                .example("The store did not answer in time."),
            field("filter", &V::filter, "Which ones, as it was asked for.")
                .raw_object()
                .omit_empty()
                .example_json(R"({"channel":"sms"})"),
            field("max_count", &V::max_count, "At most so many.").example(1'000),
            field("rate_per_second", &V::rate_per_second, "So many in a second; 0: all it can.")
                .example(20),
            field("matched", &V::matched, "Dead letters that fitted at the start, up to max_count.")
                .example(1'000),
            field("capped", &V::capped, "There are more than matched says.").example(false),
            field("retried", &V::retried, "Messages that wait again so far.").example(400),
            field("started_by", &V::started_by, "Name of the key.").example("administrator"),
            field("started_at", &V::started_at, "When it began.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("finished_at", &V::finished_at, "When it ended.")
                .date_time()
                .example("2026-11-23T08:00:50.000Z"),
            field("eta_seconds", &V::eta_seconds, "Seconds until its end at this pace.")
                .example(30))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<RedriveRunPage>) {
    static const shape::Object object =
        shape::object<RedriveRunPage>("RedriveRunPage",
                                      "The last 50 runs since the server's start, newest first.",
                                      field("items", &RedriveRunPage::items, "The runs."))
            .reply();
    return object;
}

namespace {

RedriveRunView view_of(const RedriveState& s, std::int64_t now_ms) {
    RedriveRunView v;
    v.id = s.id;
    v.status = s.status;
    v.detail = s.detail;
    v.filter = s.filter_json;
    v.max_count = s.max_count;
    v.rate_per_second = s.per_second;
    v.matched = s.matched;
    v.capped = s.capped;
    v.retried = s.retried;
    v.started_by = s.by;
    v.started_at = s.started_ms;
    if (s.finished_ms != 0) v.finished_at = s.finished_ms;
    const auto spent_ms = now_ms - s.started_ms;
    if (s.status == "running" && s.retried > 0 && spent_ms > 0) {
        const auto left = static_cast<double>(std::max<std::int64_t>(0, s.matched - s.retried));
        const double per_ms = static_cast<double>(s.retried) / static_cast<double>(spent_ms);
        v.eta_seconds = static_cast<std::int64_t>(left / per_ms / 1000) + 1;
    }
    return v;
}

Result<Answer> list_dead_groups(const Call& call, Session& session) {
    DeadGroupPage page;
    constexpr std::int64_t most_grouped = 15'000;
    const auto found = table::dead_groups(session, call.caller.tenant_id, most_grouped);
    page.capped = found.capped;
    for (const auto& group : found.groups) {
        DeadGroupView view{group.reason,
                           std::string(to_text(group.channel)),
                           {},
                           {},
                           group.count,
                           id_time_ms(group.first),
                           id_time_ms(group.last),
                           trace_id_of(group.last)};
        if (!group.provider.empty()) view.provider = group.provider;
        if (group.template_id != 0) view.template_id = group.template_id;
        page.items.push_back(std::move(view));
    }
    return answer(page);
}

void start_run(Context& context, const http::Request& request, const RedriveRequest& asked,
               table::MessageFilter filter, http::Responder responder) {
    RedriveWish wish;
    wish.filter = std::move(filter);
    if (asked.filter) wish.filter_json = shape::write(*asked.filter);
    wish.max_count = asked.max_count;
    wish.per_second = asked.rate_per_second;
    if (const auto key = context.keys.find(caller_of(request).key_id)) wish.by = key->name;
    auto held = std::make_shared<http::Responder>(std::move(responder));
    const bool posted = context.readers.post([&context, wish, held]() mutable {
        auto added = context.redrives->add(std::move(wish));
        if (!added)
            held->fail(added.error());
        else
            respond(*held, answer(view_of(*added, context.clock.now_ms()), 202));
    });
    if (!posted)
        held->fail(make_error(ErrorCode::overloaded, "Too many questions wait for the store."));
}

void redrive(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<RedriveRequest>(request.body.empty() ? "{}" : request.body);
    if (!asked) return responder.fail(asked.error());
    table::MessageFilter filter;
    filter.tenant_id = caller_of(request).tenant_id;
    filter.status = MessageStatus::failed;
    if (asked->filter) {
        fill_filter(filter, *asked->filter);
        if (asked->filter->status == "unknown") filter.status = MessageStatus::unknown;
    }
    if (asked->background && !asked->dry_run)
        return start_run(context, request, *asked, std::move(filter), std::move(responder));
    auto held = std::make_shared<http::Responder>(
        std::move(responder));  // for a std::function, which must be copyable
    if (!asked->dry_run) {
        context.delivery.redrive(
            std::move(filter), {asked->max_count, asked->rate_per_second},
            [held](const Result<delivery::Redriven>& done) {
                if (!done)
                    held->fail(done.error());
                else
                    respond(*held, answer(RedriveReply{done->matched, done->retried}));
            });
        return;
    }
    const bool posted = context.readers.post([&context, filter, held] {
        std::int64_t count = 0;
        const auto read = context.store.read(
            [&](Session& session) { count = table::count_messages(session, filter); });
        if (!read)
            held->fail(read.error());
        else
            respond(*held, answer(RedriveReply{count, 0}));
    });
    if (!posted)
        held->fail(make_error(ErrorCode::overloaded, "Too many questions wait for the store."));
}

void list_runs(Context& context, http::Request& request, http::Responder responder) {
    RedriveRunPage page;
    for (const auto& run : context.redrives->list(caller_of(request).tenant_id))
        page.items.push_back(view_of(run, context.clock.now_ms()));
    respond(responder, answer(page));
}

void cancel_run(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    const auto run =
        id ? context.redrives->cancel(caller_of(request).tenant_id, *id) : std::nullopt;
    if (!run) return responder.fail(make_error(ErrorCode::not_found, "There is no such run."));
    respond(responder, answer(view_of(*run, context.clock.now_ms())));
}

}  // namespace

void add_dead_letter_routes(Routes& routes) {
    routes.read({.path = "/api/messages/dead-letters/groups",
                 .operation = "list_dead_letter_groups",
                 .tag = "dead letters",
                 .summary = "Group dead letters by cause",
                 .description = "Counts by reason and channel, the largest first.",
                 .scope = "read",
                 .reply = &shape::description_of<DeadGroupPage>()},
                list_dead_groups);
    routes.plain({.method = http::Method::post,
                  .path = "/api/messages/dead-letters/retry",
                  .operation = "retry_dead_letters",
                  .tag = "dead letters",
                  .summary = "Send dead letters again",
                  .description = "Puts failed messages back into the queue, with a fresh number of "
                                 "attempts. Try it with dry_run first. With background the "
                                 "answer is a run, a 202.",
                  .scope = "manage",
                  .body = &shape::description_of<RedriveRequest>(),
                  .reply = &shape::description_of<RedriveReply>(),
                  .errors = {ErrorCode::overloaded, ErrorCode::conflict},
                  .other_reply = &shape::description_of<RedriveRunView>(),
                  .other_status = 202},
                 redrive);
    routes.plain({.path = "/api/messages/dead-letters/runs",
                  .operation = "list_redrive_runs",
                  .tag = "dead letters",
                  .summary = "List runs that send dead letters again",
                  .description = "Those of the key's tenant since the server's start.",
                  .scope = "read",
                  .reply = &shape::description_of<RedriveRunPage>()},
                 list_runs);
    routes.plain({.method = http::Method::del,
                  .path = "/api/messages/dead-letters/runs/{id}",
                  .operation = "cancel_redrive_run",
                  .tag = "dead letters",
                  .summary = "Cancel a run",
                  .description = "What it has sent again stays so; the rest stays a dead letter. "
                                 "A finished run is not changed.",
                  .scope = "manage",
                  .reply = &shape::description_of<RedriveRunView>(),
                  .errors = {ErrorCode::not_found}},
                 cancel_run);
}

}  // namespace hongyan::api
