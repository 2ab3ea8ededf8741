#include "api/outcomes.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "table/accounts.hpp"

namespace hongyan::api {

struct OutcomeRuleView {
    OutcomeClass outcome = OutcomeClass::transient;
    std::string action;
    bool fail_over = false;
    std::int64_t attempts = 0;
    std::int64_t base_ms = 0;
    std::int64_t max_ms = 0;
    std::int64_t version = 1;
};
struct OutcomeRulePage {
    std::vector<OutcomeRuleView> items;
};
struct OutcomeRulePatch {
    std::optional<std::string> action;
    std::optional<bool> fail_over;
    std::optional<std::int64_t> attempts;
    std::optional<std::int64_t> base_ms;
    std::optional<std::int64_t> max_ms;
};
struct SuppressionView {
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string reason;
    std::optional<std::string> message_id;
    std::int64_t created_at = 0;
};
struct SuppressionPage {
    std::vector<SuppressionView> items;
    std::optional<std::string> next_cursor;
};
struct SuppressionRequest {
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string reason = "added by hand";
};
struct SuppressionQuery {
    std::optional<ChannelKind> channel;
    std::string cursor;
    int limit = 50;
};
struct SuppressionKey {
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
};

namespace {

using shape::field;

constexpr std::string_view action_text =
    "retry: again after a pause, the attempt counts; wait: the same, but it does not count; hold: "
    "status unknown, until a receipt or an operator decides; fail: given up.";
constexpr std::string_view fail_over_text =
    "Whether another account is tried at once, if one can take the message.";
constexpr std::string_view zero_text = "0: the server's setting in delivery holds.";

Error server_only() {
    return make_error(ErrorCode::forbidden,
                      "The table belongs to the server; only keys of the first tenant change it.");
}

Error no_such_outcome() {
    return make_error(ErrorCode::not_found,
                      "There is no such class of outcome, or nothing to decide about it.");
}

OutcomeRuleView view_of(const table::OutcomeRuleRow& row) {
    return {row.outcome, row.action, row.fail_over, row.attempts,
            row.base_ms, row.max_ms, row.version};
}

Result<Answer> list_rules(const Call&, Session& session) {
    OutcomeRulePage page;
    for (const auto& row : table::list_outcome_rules(session)) page.items.push_back(view_of(row));
    std::sort(page.items.begin(), page.items.end(),
              [](const auto& a, const auto& b) { return a.outcome < b.outcome; });
    return answer(page);
}

void change_rule(Context& context, http::Request& request, http::Responder responder) {
    if (caller_of(request).tenant_id != 1) return responder.fail(server_only());
    const auto outcome = from_text<OutcomeClass>(outcome_class_names, request.param("outcome"));
    if (!outcome) return responder.fail(no_such_outcome());
    auto patch = shape::read<OutcomeRulePatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    change(context, std::move(responder), Reload::yes,
           [outcome = *outcome, patch = *patch](Session& session,
                                                delivery::Counts&) -> Result<Answer> {
               for (auto row : table::list_outcome_rules(session)) {
                   if (row.outcome != outcome) continue;
                   row.action = patch.action.value_or(row.action);
                   row.fail_over = patch.fail_over.value_or(row.fail_over);
                   row.attempts = patch.attempts.value_or(row.attempts);
                   row.base_ms = patch.base_ms.value_or(row.base_ms);
                   row.max_ms = patch.max_ms.value_or(row.max_ms);
                   if (!table::update_outcome_rule(session, row)) break;
                   ++row.version;
                   return answer(view_of(row));
               }
               return no_such_outcome();
           });
}

SuppressionView view_of(const SuppressionRecord& record) {
    SuppressionView v;
    v.channel = record.channel;
    v.recipient = record.recipient;
    v.reason = record.reason;
    if (record.message_id != 0) v.message_id = std::to_string(record.message_id);
    v.created_at = record.created_ms;
    return v;
}

constexpr std::string_view cursor_start = "s1:";

/// Opaque to clients; the channel and recipient after which the next page begins.
Result<std::string> place_of(const std::string& cursor) {
    if (cursor.empty()) return std::string();
    const auto bytes = from_base64(cursor);
    if (bytes && bytes->starts_with(cursor_start)) return bytes->substr(cursor_start.size());
    auto error = make_error(ErrorCode::invalid_fields, "The cursor is not one of ours.");
    error.problems.push_back({"$query.cursor", "invalid", "give next_cursor of the page before"});
    return error;
}

Result<Answer> list_suppressions(const Call& call, Session& session) {
    const auto query = query_of<SuppressionQuery>(call.request);
    if (!query) return query.error();
    const auto place = place_of(query->cursor);
    if (!place) return place.error();
    SuppressionPage page;
    for (const auto& record : table::list_suppressions(session, call.caller.tenant_id,
                                                       query->channel, *place, query->limit))
        page.items.push_back(view_of(record));
    if (static_cast<int>(page.items.size()) == query->limit) {
        const auto& last = page.items.back();
        page.next_cursor = to_base64url(std::string(cursor_start) +
                                        std::string(to_text(last.channel)) + "/" + last.recipient);
    }
    return answer(page);
}

void add_suppression(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<SuppressionRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    SuppressionRecord record{
        caller_of(request).tenant_id, asked->channel, asked->recipient, asked->reason, 0,
        context.clock.now_ms()};
    change(context, std::move(responder), Reload::yes,
           [record = std::move(record)](Session& session, delivery::Counts&) -> Result<Answer> {
               table::suppress(session, record);
               const auto stored = table::find_suppression(session, record.tenant_id,
                                                           record.channel, record.recipient);
               return answer(view_of(stored.value_or(record)));
           });
}

void remove_suppression(Context& context, http::Request& request, http::Responder responder) {
    const auto key = shape::read<SuppressionKey>(request.body);
    if (!key) return responder.fail(key.error());
    change(context, std::move(responder), Reload::yes,
           [key = *key, tenant = caller_of(request).tenant_id](
               Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::delete_suppression(session, tenant, key.channel, key.recipient))
                   return make_error(ErrorCode::not_found, "This recipient is not suppressed.");
               return Answer{"", 204, ""};
           });
}

}  // namespace

const shape::Object& describe(shape::Tag<OutcomeRuleView>) {
    using V = OutcomeRuleView;
    static const shape::Object object =
        shape::object<V>(
            "OutcomeRule", "What follows from one class of outcome.",
            field("outcome", &V::outcome, "The class.")
                .one_of(outcome_class_names)
                .example("transient"),
            field("action", &V::action, action_text)
                .one_of(delivery::action_names)
                .example("retry"),
            field("fail_over", &V::fail_over, fail_over_text).example(true),
            field("attempts", &V::attempts, zero_text).example(0),
            field("base_ms", &V::base_ms, zero_text).example(0),
            field("max_ms", &V::max_ms, zero_text).example(0),
            field("version", &V::version, "Rises with each change; stands in traces.").example(1))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<OutcomeRulePage>) {
    static const shape::Object object =
        shape::object<OutcomeRulePage>("OutcomeRulePage", "The table.",
                                       field("items", &OutcomeRulePage::items, "The rules."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<OutcomeRulePatch>) {
    using R = OutcomeRulePatch;
    static const shape::Object object =
        shape::object<R>(
            "OutcomeRulePatch", "What to change of a rule; what is left out stays.",
            field("action", &R::action, action_text).one_of(delivery::action_names).example("hold"),
            field("fail_over", &R::fail_over, fail_over_text).example(false),
            field("attempts", &R::attempts, zero_text).between(0, 100).example(3),
            field("base_ms", &R::base_ms, zero_text).between(0, 86'400'000).example(2'000),
            field("max_ms", &R::max_ms, zero_text).between(0, 86'400'000).example(60'000))
            .example_text(R"({"attempts":3})");
    return object;
}

const shape::Object& describe(shape::Tag<SuppressionView>) {
    using V = SuppressionView;
    static const shape::Object object =
        shape::object<V>(
            "Suppression", "A recipient who gets nothing on a channel.",
            field("channel", &V::channel, "The channel.").one_of(channel_names).example("email"),
            field("recipient", &V::recipient, "Who.").example("gone@example.com"),
            field("reason", &V::reason, "Why.").example("hard bounce 5.1.1"),
            field("message_id", &V::message_id, "The message that taught us.")
                .example("1968453871263744005"),
            field("created_at", &V::created_at, "Since when.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SuppressionPage>) {
    using V = SuppressionPage;
    static const shape::Object object =
        shape::object<V>(
            "SuppressionPage", "Suppressed recipients by channel and name.",
            field("items", &V::items, "The recipients."),
            field("next_cursor", &V::next_cursor, "Give it as cursor for the next page.")
                .example("czE6ZW1haWwvYQ"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SuppressionRequest>) {
    using R = SuppressionRequest;
    static const shape::Object object =
        shape::object<R>(
            "SuppressionRequest", "A recipient to be left in peace.",
            field("channel", &R::channel, "The channel.")
                .required()
                .one_of(channel_names)
                .example("email"),
            field("recipient", &R::recipient, "Who, as messages name them.")
                .required()
                .length(1, 4'096)
                .example("gone@example.com"),
            field("reason", &R::reason, "Why.").length(1, 500).default_value("added by hand"))
            .example_text(R"({"channel":"email","recipient":"gone@example.com"})");
    return object;
}

const shape::Object& describe(shape::Tag<SuppressionQuery>) {
    using Q = SuppressionQuery;
    static const shape::Object object = shape::object<Q>(
        "SuppressionQuery", "Which recipients.",
        field("channel", &Q::channel, "Only this channel.").one_of(channel_names).example("email"),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 8'000).example(""),
        field("limit", &Q::limit, "At most so many.").between(1, 500).default_value(50));
    return object;
}

const shape::Object& describe(shape::Tag<SuppressionKey>) {
    using Q = SuppressionKey;
    static const shape::Object object =
        shape::object<Q>("SuppressionKey", "One suppressed recipient.",
                         field("channel", &Q::channel, "The channel.")
                             .required()
                             .one_of(channel_names)
                             .example("email"),
                         field("recipient", &Q::recipient, "Who.")
                             .required()
                             .length(1, 4'096)
                             .example("gone@example.com"))
            .example_text(R"({"channel":"email","recipient":"gone@example.com"})");
    return object;
}

void add_outcome_routes(Routes& routes) {
    routes.read({.path = "/api/outcomes",
                 .operation = "list_outcome_rules",
                 .tag = "providers",
                 .summary = "Show what follows from each class of outcome",
                 .description = "The table by which each retry, wait or give-up is decided.",
                 .scope = "read",
                 .reply = &shape::description_of<OutcomeRulePage>()},
                list_rules);
    routes.plain({.method = http::Method::patch,
                  .path = "/api/outcomes/{outcome}",
                  .operation = "change_outcome_rule",
                  .tag = "providers",
                  .summary = "Change what follows from a class of outcome",
                  .description = "Holds for every attempt that ends from now on.",
                  .scope = "admin",
                  .body = &shape::description_of<OutcomeRulePatch>(),
                  .reply = &shape::description_of<OutcomeRuleView>(),
                  .errors = {ErrorCode::not_found}},
                 change_rule);
    routes.read({.path = "/api/suppressions",
                 .operation = "list_suppressions",
                 .tag = "providers",
                 .summary = "List suppressed recipients",
                 .description = "Messages to them fail without being sent.",
                 .scope = "read",
                 .query = &shape::description_of<SuppressionQuery>(),
                 .reply = &shape::description_of<SuppressionPage>()},
                list_suppressions);
    routes.plain({.method = http::Method::post,
                  .path = "/api/suppressions",
                  .operation = "add_suppression",
                  .tag = "providers",
                  .summary = "Suppress a recipient",
                  .description = "One who is suppressed already stays so, with the first reason.",
                  .scope = "manage",
                  .body = &shape::description_of<SuppressionRequest>(),
                  .reply = &shape::description_of<SuppressionView>()},
                 add_suppression);
    routes.plain({.method = http::Method::post,
                  .path = "/api/suppressions/remove",
                  .operation = "remove_suppression",
                  .tag = "providers",
                  .summary = "Write to a recipient again",
                  .description = "Messages that failed meanwhile are not sent by this.",
                  .scope = "manage",
                  .body = &shape::description_of<SuppressionKey>(),
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 remove_suppression);
}

}  // namespace hongyan::api
