#include "api/accounts.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/account_settings.hpp"
#include "api/accounts_wire.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "table/accounts.hpp"

namespace hongyan::api {
namespace {

constexpr std::size_t callback_key_bytes = 16;

Error no_such_account() { return make_error(ErrorCode::not_found, "There is no such account."); }

std::string callback_url(const Context& context, const AccountRecord& record) {
    return context.public_url() + "/api/callbacks/" + std::string(to_text(record.channel)) + "/" +
           record.callback_key;
}

/// The secrets' owner: it does not change when the account is renamed, and is known before its id.
std::string owner_of(const AccountRecord& record) { return "account:" + record.callback_key; }

boost::json::object object_of(std::string_view json) {
    boost::system::error_code failure;
    auto value = boost::json::parse(json, failure);
    return !failure && value.is_object() ? std::move(value.get_object()) : boost::json::object();
}

boost::json::object secrets_of(const Context& context, const AccountRecord& record) {
    if (record.secrets.empty()) return {};
    const auto opened = context.vault.open_sealed(record.secrets, owner_of(record));
    return opened ? object_of(*opened) : boost::json::object();
}

AccountReply view_of(const Context& context, const AccountRecord& record) {
    AccountReply v;
    v.id = record.id;
    v.channel = record.channel;
    v.provider = record.provider;
    v.name = record.name;
    v.settings = record.settings;
    for (const auto& entry : secrets_of(context, record)) v.secrets_set.emplace_back(entry.key());
    v.tier = record.tier;
    v.weight = record.weight;
    v.status = record.status;
    if (auto policy = shape::read<delivery::AccountPolicy>(record.policy); policy)
        v.policy = *policy;
    v.callback_url = callback_url(context, record);
    v.created_at = record.created_ms;
    v.updated_at = record.updated_ms;
    const auto live = context.accounts.find(record.id);
    if (live && live->record().updated_ms == record.updated_ms)
        v.health = health_of(*live, context.clock.now_ms());
    return v;
}

Error wrong_settings(std::vector<Problem> problems) {
    auto error = make_error(ErrorCode::invalid_fields, "The settings do not fit the provider.");
    for (auto& problem : problems)
        problem.path = "$.settings" + problem.path.substr(problem.path.starts_with('$') ? 1 : 0);
    error.problems = std::move(problems);
    return error;
}

std::vector<Problem> problems_of(Error& error) {
    if (error.problems.empty()) return {{"$", "invalid", error.detail}};
    return std::move(error.problems);
}

/// Parts open and secret settings, seals the latter. Errors: what the provider finds wrong.
Status store_settings(const Context& context, const Provider& provider,
                      const boost::json::object& all, AccountRecord& record) {
    const std::string text = boost::json::serialize(all);
    auto problems = provider.check_settings(text);
    if (problems.empty()) problems = general_problems(provider.shapes().settings, all);
    if (!problems.empty()) return wrong_settings(std::move(problems));
    // What only an opening finds: a file that is not there, a key that is none.
    if (auto opened =
            context.accounts.try_open(provider, {record.id, record.tenant_id, record.name, text});
        !opened)
        return wrong_settings(problems_of(opened.error()));
    boost::json::object open;
    boost::json::object secret;
    const auto names = provider.secrets();
    for (const auto& entry : all) {
        const std::string_view key(entry.key().data(), entry.key().size());
        const bool is_secret = std::find(names.begin(), names.end(), key) != names.end();
        (is_secret ? secret : open)[entry.key()] = entry.value();
    }
    record.settings = boost::json::serialize(open);
    record.secrets =
        secret.empty() ? "" : context.vault.seal(boost::json::serialize(secret), owner_of(record));
    return Done{};
}

Error unknown_provider(const Context& context, const AccountRequest& asked) {
    std::string known;
    for (const auto& one : context.accounts.providers()) {
        if (one->channel() == asked.channel)
            known += (known.empty() ? "" : ", ") + std::string(one->name());
    }
    auto error = make_error(ErrorCode::invalid_fields, "There is no such provider.");
    error.problems.push_back(
        {"$.provider", "unknown",
         known.empty() ? "this channel has no provider" : "must be one of: " + known});
    return error;
}

/// A name that is taken is a conflict with a name of its own.
Result<Answer> name_taken() {
    auto error = make_error(ErrorCode::conflict, "An account of this name is there already.");
    error.problems.push_back({"$.name", "taken", "must be unique in the channel"});
    return error;
}

bool is_name_taken(Session& session, const AccountRecord& record) {
    for (const auto& other : table::list_accounts(session, record.tenant_id, record.channel)) {
        if (other.name == record.name && other.id != record.id) return true;
    }
    return false;
}

Result<Answer> list_accounts(const Call& call, Session& session) {
    const auto query = query_of<AccountQuery>(call.request);
    if (!query) return query.error();
    AccountPage page;
    for (const auto& record : table::list_accounts(session, call.caller.tenant_id, query->channel))
        page.items.push_back(view_of(call.context, record));
    return answer(page);
}

Result<Answer> get_account(const Call& call, Session& session) {
    const auto id = id_param(call.request, "id");
    const auto record =
        id ? table::find_account(session, call.caller.tenant_id, *id) : std::nullopt;
    if (!record) return no_such_account();
    return answer(view_of(call.context, *record));
}

Result<Answer> list_providers(const Call& call, Session&) {
    ProviderPage page;
    for (const auto& one : call.context.accounts.providers()) {
        ProviderReply v;
        v.channel = one->channel();
        v.name = one->name();
        v.title = one->title();
        v.settings_schema = one->shapes().settings;
        v.options_schema = one->shapes().content;
        v.recipient_schema = one->shapes().recipient;
        for (const auto name : one->secrets()) v.secrets.emplace_back(name);
        v.has_receipts = one->traits().has_receipts;
        v.idempotency_seconds = one->traits().idempotency_ms / 1000;
        v.max_in_flight = static_cast<std::int64_t>(one->traits().max_in_flight);
        page.items.push_back(std::move(v));
    }
    std::sort(page.items.begin(), page.items.end(), [](const auto& a, const auto& b) {
        return std::pair(a.channel, a.name) < std::pair(b.channel, b.name);
    });
    return answer(page);
}

void create_account(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<AccountRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    const Provider* provider = context.accounts.provider(asked->channel, asked->provider);
    if (provider == nullptr) return responder.fail(unknown_provider(context, *asked));
    AccountRecord record;
    record.tenant_id = caller_of(request).tenant_id;
    record.channel = asked->channel;
    record.provider = asked->provider;
    record.name = asked->name;
    record.tier = asked->tier;
    record.weight = asked->weight;
    record.status = asked->status;
    record.policy = shape::write(asked->policy.value_or(delivery::AccountPolicy()));
    record.callback_key = to_base64url(random_bytes(callback_key_bytes));
    record.created_ms = record.updated_ms = context.clock.now_ms();
    if (auto stored = store_settings(context, *provider, object_of(asked->settings), record);
        !stored)
        return responder.fail(stored.error());
    change(context, std::move(responder), Reload::yes,
           [&context, record = std::move(record)](Session& session,
                                                  delivery::Counts&) mutable -> Result<Answer> {
               if (is_name_taken(session, record)) return name_taken();
               record.id = table::insert_account(session, record);
               auto created = answer(view_of(context, record), 201);
               created.location = "/api/accounts/" + std::to_string(record.id);
               return created;
           });
}

Status apply(const Context& context, const AccountPatch& patch, AccountRecord& record) {
    record.name = patch.name.value_or(record.name);
    record.tier = patch.tier.value_or(record.tier);
    record.weight = patch.weight.value_or(record.weight);
    record.status = patch.status.value_or(record.status);
    if (patch.policy) record.policy = shape::write(*patch.policy);
    record.updated_ms = std::max(context.clock.now_ms(), record.updated_ms + 1);
    if (patch.settings.empty()) return Done{};
    const Provider* provider = context.accounts.provider(record.channel, record.provider);
    if (provider == nullptr) {
        return make_error(ErrorCode::conflict,
                          "This program has no provider " + record.provider + " any more.");
    }
    auto all = object_of(record.settings);
    for (const auto& entry : secrets_of(context, record)) all[entry.key()] = entry.value();
    for (const auto& entry : object_of(patch.settings)) {
        if (entry.value().is_null())
            all.erase(entry.key());
        else
            all[entry.key()] = entry.value();
    }
    return store_settings(context, *provider, all, record);
}

void change_account(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_account());
    auto patch = shape::read<AccountPatch>(request.body);
    if (!patch) return responder.fail(patch.error());
    change(context, std::move(responder), Reload::yes,
           [&context, id = *id, tenant = caller_of(request).tenant_id, patch = std::move(*patch)](
               Session& session, delivery::Counts&) -> Result<Answer> {
               auto record = table::find_account(session, tenant, id);
               if (!record) return no_such_account();
               if (auto applied = apply(context, patch, *record); !applied) return applied.error();
               if (is_name_taken(session, *record)) return name_taken();
               if (!table::update_account(session, *record)) return no_such_account();
               return answer(view_of(context, *record));
           });
}

void delete_account(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_account());
    change(context, std::move(responder), Reload::yes,
           [id = *id, tenant = caller_of(request).tenant_id](Session& session,
                                                             delivery::Counts&) -> Result<Answer> {
               if (!table::delete_account(session, tenant, id)) return no_such_account();
               return Answer{"", 204, ""};
           });
}

delivery::AccountPtr live_account(const Context& context, const http::Request& request) {
    const auto id = id_param(request, "id");
    auto live = id ? context.accounts.find(*id) : nullptr;
    return live && live->record().tenant_id == caller_of(request).tenant_id ? live : nullptr;
}

void test_account(Context& context, http::Request& request, http::Responder responder) {
    auto live = live_account(context, request);
    if (!live) return responder.fail(no_such_account());
    if (live->account() == nullptr)
        return respond(responder, answer(AccountTestReply{false, live->trouble(), 0}));
    live->account()->test(
        [live, responder = std::move(responder)](const AccountTest& found) mutable {
            respond(responder, answer(AccountTestReply{found.ok, found.detail, found.duration_ms}));
        });
}

void reset_account(Context& context, http::Request& request, http::Responder responder) {
    auto live = live_account(context, request);
    if (!live) return responder.fail(no_such_account());
    live->reset_breaker(context.clock.now_ms());
    respond(responder, answer(health_of(*live, context.clock.now_ms())));
}

void add_reads(Routes& routes) {
    routes.read({.path = "/api/providers",
                 .operation = "list_providers",
                 .tag = "providers",
                 .summary = "List providers",
                 .description = "Every protocol this server speaks, with the JSON Schemas of its "
                                "settings, options and recipients.",
                 .scope = "read",
                 .reply = &shape::description_of<ProviderPage>()},
                list_providers);
    routes.read({.path = "/api/accounts",
                 .operation = "list_accounts",
                 .tag = "providers",
                 .summary = "List provider accounts",
                 .description = "With health: breaker, adaptive limit, outcomes, last error.",
                 .scope = "manage",
                 .query = &shape::description_of<AccountQuery>(),
                 .reply = &shape::description_of<AccountPage>()},
                list_accounts);
    routes.read({.path = "/api/accounts/{id}",
                 .operation = "get_account",
                 .tag = "providers",
                 .summary = "Show a provider account",
                 .description = "Secrets are never shown; secrets_set names those that are there.",
                 .scope = "manage",
                 .reply = &shape::description_of<AccountReply>(),
                 .errors = {ErrorCode::not_found}},
                get_account);
}

}  // namespace

void add_account_routes(Routes& routes) {
    add_reads(routes);
    routes.plain(
        {.method = http::Method::post,
         .path = "/api/accounts",
         .operation = "create_account",
         .tag = "providers",
         .summary = "Add a provider account",
         .description = "It is used as soon as the answer is there. From a channel's first "
                        "account on, the channel's sandbox gets no more messages of the "
                        "tenant.",
         .scope = "admin",
         .body = &shape::description_of<AccountRequest>(),
         .reply = &shape::description_of<AccountReply>(),
         .status = 201,
         .errors = {ErrorCode::conflict}},
        create_account);
    routes.plain({.method = http::Method::patch,
                  .path = "/api/accounts/{id}",
                  .operation = "change_account",
                  .tag = "providers",
                  .summary = "Change a provider account",
                  .description = "What is under way finishes on the old settings.",
                  .scope = "admin",
                  .body = &shape::description_of<AccountPatch>(),
                  .reply = &shape::description_of<AccountReply>(),
                  .errors = {ErrorCode::not_found, ErrorCode::conflict}},
                 change_account);
    routes.plain({.method = http::Method::del,
                  .path = "/api/accounts/{id}",
                  .operation = "delete_account",
                  .tag = "providers",
                  .summary = "Remove a provider account",
                  .description = "What is under way finishes; its receipts are no longer heard.",
                  .scope = "admin",
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 delete_account);
    routes.plain({.method = http::Method::post,
                  .path = "/api/accounts/{id}/test",
                  .operation = "test_account",
                  .tag = "providers",
                  .summary = "Test a provider account",
                  .description = "Tries credentials and connection; nobody gets a message.",
                  .scope = "manage",
                  .reply = &shape::description_of<AccountTestReply>(),
                  .errors = {ErrorCode::not_found}},
                 test_account);
    routes.plain({.method = http::Method::post,
                  .path = "/api/accounts/{id}/reset",
                  .operation = "reset_account",
                  .tag = "providers",
                  .summary = "Close an account's breaker by hand",
                  .description = "Forgets its pauses and failures.",
                  .scope = "manage",
                  .reply = &shape::description_of<AccountHealth>(),
                  .errors = {ErrorCode::not_found}},
                 reset_account);
}

}  // namespace hongyan::api
