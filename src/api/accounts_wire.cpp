#include "api/accounts_wire.hpp"

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::string_view tier_text =
    "Accounts of the lowest tier are used first; higher ones only when no account of a lower tier "
    "is open.";
constexpr std::string_view weight_text =
    "Share among the accounts of its tier; shifted away from those that fail.";

std::optional<std::string> check_name(std::string_view name) {
    for (const char c : name) {
        const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (!ok) return "may hold letters, digits, - _ . only, as it is part of a URL";
    }
    return std::nullopt;
}

}  // namespace

AccountHealth health_of(delivery::LiveAccount& account, std::int64_t now_ms) {
    const auto f = account.figures(now_ms);
    AccountHealth h;
    h.breaker = route::breaker_state_names[static_cast<std::size_t>(f.breaker)];
    h.breaker_reason = f.breaker_reason;
    if (f.closed_until_ms > 0) h.closed_until = f.closed_until_ms;
    h.closed_reason = f.closed_reason;
    h.health = f.health;
    h.in_flight = f.in_flight;
    h.limit = f.limit;
    h.average_ms = f.smoothed_ms;
    h.calls = f.sent;
    for (std::size_t i = 0; i < f.by_class.size(); ++i) {
        if (f.by_class[i] > 0) h.outcomes[std::string(outcome_class_names[i])] = f.by_class[i];
    }
    h.last_error = f.last_error;
    if (f.last_error_ms > 0) h.last_error_at = f.last_error_ms;
    h.trouble = account.trouble();
    return h;
}

const shape::Object& describe(shape::Tag<AccountRequest>) {
    using R = AccountRequest;
    static const shape::Object object =
        shape::object<R>(
            "AccountRequest", "A contract with a provider.",
            field("channel", &R::channel, "The channel it serves.")
                .required()
                .one_of(channel_names)
                .example("sms"),
            field("provider", &R::provider, "One of GET /api/providers.")
                .required()
                .length(1, 64)
                .example("smpp"),
            field("name", &R::name, "Unique in the channel; part of the callback's URL.")
                .required()
                .length(1, 64)
                .check(check_name)
                .example("main"),
            field(
                "settings", &R::settings,
                "As the provider's settings_schema says; secret ones are kept encrypted and never "
                "shown again.")
                .required()
                .raw_object()
                .bytes(65'536)
                .example_json(
                    R"({"host":"127.0.0.1","port":2775,"system_id":"hongyan","password":"secret"})"),
            field("tier", &R::tier, tier_text).between(1, 100).default_value(1),
            field("weight", &R::weight, weight_text).between(0, 10'000).default_value(100),
            field("status", &R::status, "A disabled account sends nothing.")
                .one_of({"active", "disabled"})
                .default_value("active"),
            field("policy", &R::policy, "How hard it may be driven, and when it is left alone."))
            .example_text(
                R"({"channel":"sms","provider":"smpp","name":"main","settings":{"host":"127.0.0.1","port":2775,"system_id":"hongyan","password":"secret"}})");
    return object;
}

const shape::Object& describe(shape::Tag<AccountPatch>) {
    using R = AccountPatch;
    static const shape::Object object =
        shape::object<R>(
            "AccountPatch", "What to change of an account; what is left out stays.",
            field("name", &R::name, "A new name.").length(1, 64).check(check_name).example("main"),
            field("settings", &R::settings,
                  "Settings to change; those left out stay, also secret ones; null removes one.")
                .raw_object()
                .bytes(65'536)
                .example_json(R"({"password":"new secret"})"),
            field("tier", &R::tier, tier_text).between(1, 100).example(2),
            field("weight", &R::weight, weight_text).between(0, 10'000).example(50),
            field("status", &R::status, "A disabled account sends nothing.")
                .one_of({"active", "disabled"})
                .example("disabled"),
            field("policy", &R::policy, "Replaces the whole policy."))
            .example_text(R"({"weight":50})");
    return object;
}

const shape::Object& describe(shape::Tag<AccountHealth>) {
    using V = AccountHealth;
    static const shape::Object object =
        shape::object<V>(
            "AccountHealth", "What sending has taught about an account since it was opened.",
            field("breaker", &V::breaker, "State of its breaker.")
                .one_of(route::breaker_state_names)
                .example("closed"),
            field("breaker_reason", &V::breaker_reason, "Its last change, with the figures.")
                .example("closed from the start"),
            field("closed_until", &V::closed_until, "Nothing is sent on it before.")
                .date_time()
                .example("2026-11-23T08:00:30.000Z"),
            field("closed_reason", &V::closed_reason, "Why.")
                .omit_empty()
                .example("the provider limits the rate (429)"),
            field("health", &V::health, "Share of calls that succeeded of late, 0.05 to 1.")
                .example(0.98),
            field("in_flight", &V::in_flight, "Messages under way.").example(3),
            field("limit", &V::limit, "Messages that may be under way, found while sending.")
                .example(32),
            field("average_ms", &V::average_ms, "How long a call takes of late.").example(41.5),
            field("calls", &V::calls, "Calls since it was opened.").example(1200),
            field("outcomes", &V::outcomes, "Calls by class of outcome.")
                .example_json(R"({"accepted":1190,"transient":10})"),
            field("last_error", &V::last_error, "The last answer that was no success.")
                .omit_empty()
                .example("transient 503"),
            field("last_error_at", &V::last_error_at, "When.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("trouble", &V::trouble, "Why it could not be opened.").omit_empty().example(""))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<AccountReply>) {
    using V = AccountReply;
    static const shape::Object object =
        shape::object<V>(
            "Account", "A contract with a provider.", field("id", &V::id, "Id.").example(1),
            field("channel", &V::channel, "The channel it serves.")
                .one_of(channel_names)
                .example("sms"),
            field("provider", &V::provider, "The provider.").example("smpp"),
            field("name", &V::name, "Its name.").example("main"),
            field("settings", &V::settings, "Its settings without the secret ones.")
                .raw_object()
                .example_json(R"({"host":"127.0.0.1","port":2775,"system_id":"hongyan"})"),
            field("secrets_set", &V::secrets_set, "Secret settings that have a value.")
                .example_json(R"(["password"])"),
            field("tier", &V::tier, tier_text).example(1),
            field("weight", &V::weight, weight_text).example(100),
            field("status", &V::status, "active or disabled.")
                .one_of({"active", "disabled"})
                .example("active"),
            field("policy", &V::policy, "How hard it may be driven."),
            field("callback_url", &V::callback_url, "Where the provider is to send its receipts.")
                .example("http://localhost:8000/api/callbacks/sms/5vQwZpXcB0Nn2Yt7Lr4KdA"),
            field("created_at", &V::created_at, "When it was made.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("updated_at", &V::updated_at, "When it was changed last.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("health", &V::health, "What sending has taught about it."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<AccountPage>) {
    static const shape::Object object =
        shape::object<AccountPage>("AccountPage", "Accounts by channel, tier and id.",
                                   field("items", &AccountPage::items, "The accounts."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<AccountQuery>) {
    static const shape::Object object =
        shape::object<AccountQuery>("AccountQuery", "Which accounts.",
                                    field("channel", &AccountQuery::channel, "Only this channel.")
                                        .one_of(channel_names)
                                        .example("sms"));
    return object;
}

const shape::Object& describe(shape::Tag<AccountTestReply>) {
    using V = AccountTestReply;
    static const shape::Object object =
        shape::object<V>(
            "AccountTest",
            "What a test of credentials and connection found; nobody gets a message.",
            field("ok", &V::ok, "True if the provider let us in.").example(true),
            field("detail", &V::detail, "What was tried and answered.").example("bound in 12 ms"),
            field("duration_ms", &V::duration_ms, "How long it took.").example(12))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<ProviderReply>) {
    using V = ProviderReply;
    static const shape::Object object =
        shape::object<V>(
            "Provider", "A protocol on which messages of a channel can leave.",
            field("channel", &V::channel, "The channel.").one_of(channel_names).example("sms"),
            field("name", &V::name, "Its name in accounts, options and traces.").example("smpp"),
            field("title", &V::title, "For people.").example("SMPP 3.4"),
            field("settings_schema", &V::settings_schema, "JSON Schema of an account's settings.")
                .raw_json()
                .example_json(R"({"type":"object"})"),
            field("options_schema", &V::options_schema,
                  "JSON Schema of the section options.NAME of a message.")
                .raw_json()
                .example_json(R"({"type":"object"})"),
            field("recipient_schema", &V::recipient_schema, "JSON Schema of a recipient.")
                .raw_json()
                .example_json(R"({"type":"string"})"),
            field("secrets", &V::secrets, "Settings that are kept encrypted and never shown.")
                .example_json(R"(["password"])"),
            field("has_receipts", &V::has_receipts,
                  "Whether it says later what became of a message.")
                .example(true),
            field("idempotency_seconds", &V::idempotency_seconds,
                  "So long it recognises a message sent twice; 0: never.")
                .example(0),
            field("max_in_flight", &V::max_in_flight, "Default bound of messages under way.")
                .example(100))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<ProviderPage>) {
    static const shape::Object object =
        shape::object<ProviderPage>("ProviderPage", "Providers by channel and name.",
                                    field("items", &ProviderPage::items, "The providers."))
            .reply();
    return object;
}

}  // namespace hongyan::api
