#include "api/why.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "report/why.hpp"
#include "table/receipts.hpp"
#include "table/tasks.hpp"

namespace hongyan::api {

struct DecisionView {
    std::int64_t at = 0;
    std::string step;
    std::string choice;
    std::string reason;
    std::string rule;
    std::string inputs;
};
struct WhyView {
    std::int64_t message_id = 0;
    std::string trace_id;
    std::string status;
    std::vector<DecisionView> decisions;
};

namespace {

using shape::field;

/// What would be decided at this moment about a message that still waits.
report::Decision decided_now(Context& context, const table::MessageRow& row) {
    const auto now = context.clock.now_ms();
    const Message& m = row.message;
    report::Decision d{now, "now", "wait", "", "", "{}"};
    if (m.status == MessageStatus::scheduled && m.due_ms > now) {
        d.reason = "its time has not come";
        return d;
    }
    if (m.status == MessageStatus::retrying && row.next_attempt_ms > now) {
        d.reason = "its next attempt has a time: " + row.reason;
        return d;
    }
    if (m.status == MessageStatus::processing) {
        d.choice = "under way";
        d.reason = "an attempt is on its way; its answer is awaited";
        return d;
    }
    if (auto limit = context.delivery.destination_limit(m); !limit.empty()) {
        d.reason = std::move(limit);
        return d;
    }
    if (!context.accounts.serves(m.tenant_id, m.channel)) {
        d.choice = "built-in provider";
        d.reason = "waits for its turn in the queue";
        return d;
    }
    const auto route = context.accounts.explain(m, now);
    d.reason = route.reason;
    if (route.choice == route::Choice::send) d.choice = "send";
    if (route.choice == route::Choice::never) d.choice = "no account";
    boost::json::array accounts;
    for (const auto& one : route.considered) {
        accounts.push_back(boost::json::object{
            {"id", one.account_id}, {"name", one.name}, {"verdict", one.verdict}});
    }
    d.inputs = boost::json::serialize(boost::json::object{{"accounts", std::move(accounts)}});
    return d;
}

Result<Answer> why(const Call& call, Session& session) {
    const auto id = parse_message_id(call.request.param("id"));
    const auto row = id ? table::find_message(session, *id) : std::nullopt;
    if (!row || row->message.tenant_id != call.caller.tenant_id)
        return make_error(ErrorCode::not_found, "There is no such message.");
    auto decisions = report::make_why(*row, table::list_attempts(session, *id),
                                      table::list_receipts(session, *id));
    if (!is_final(row->message.status)) decisions.push_back(decided_now(call.context, *row));
    WhyView view{*id, trace_id_of(*id), std::string(to_text(row->message.status)), {}};
    for (auto& d : decisions) {
        view.decisions.push_back({d.at_ms, std::move(d.step), std::move(d.choice),
                                  std::move(d.reason), std::move(d.rule), std::move(d.inputs)});
    }
    return answer(view);
}

}  // namespace

const shape::Object& describe(shape::Tag<DecisionView>) {
    using V = DecisionView;
    static const shape::Object object =
        shape::object<V>(
            "Decision", "One decision about a message.",
            field("at", &V::at, "When.").date_time().example("2026-11-23T08:00:00.000Z"),
            field("step", &V::step, "What was decided about.")
                .one_of({"accept", "route", "outcome", "receipt", "end", "now"})
                .example("route"),
            field("choice", &V::choice, "What was decided.").example("smpp account 1"),
            field("reason", &V::reason, "Why.").example("lowest open tier, by weight"),
            field("rule", &V::rule, "The rule with its version.")
                .omit_empty()
                .example("retry-8x1000-600000-24h-send"),
            field("inputs", &V::inputs, "What it looked at.")
                .raw_object()
                .example_json(
                    R"({"attempt":1,"accounts":[{"id":1,"name":"main","verdict":"chosen: tier 1, weight 100, health 100 %"}]})"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<WhyView>) {
    using V = WhyView;
    static const shape::Object object =
        shape::object<V>(
            "Why", "Every decision about one message, in order.",
            field("message_id", &V::message_id, "Id of the message.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &V::trace_id, "Id of its trace.").example("msg_1968453871263744005"),
            field("status", &V::status, "Its status now.")
                .one_of(message_status_names)
                .example("success"),
            field("decisions", &V::decisions, "The decisions."))
            .reply();
    return object;
}

void add_why_routes(Routes& routes) {
    routes.read(
        {.path = "/api/messages/{id}/why",
         .operation = "get_why",
         .tag = "messages",
         .summary = "Why this happened to a message",
         .description = "The ordered decisions with inputs, rule versions and reasons: why this "
                        "provider, why held, why failed; of a waiting message also what would be "
                        "decided now. Takes a message id or a trace id.",
         .scope = "read",
         .reply = &shape::description_of<WhyView>(),
         .errors = {ErrorCode::not_found}},
        why);
}

}  // namespace hongyan::api
