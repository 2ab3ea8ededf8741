#include "api/keys.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "table/keys.hpp"

namespace hongyan::api {

struct KeyView {
    std::int64_t id = 0;
    std::string name;
    std::string prefix;
    std::string tenant;
    std::vector<std::string> scopes;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> expires_at;
    std::optional<std::int64_t> revoked_at;
    std::optional<std::int64_t> last_used_at;
    std::string created_by;
};
struct KeyPage {
    std::vector<KeyView> items;
};
struct KeyRequest {
    std::string name;
    std::vector<std::string> scopes;
    std::optional<std::int64_t> expires_at;
    std::optional<std::string> tenant;
};
struct KeyRotateRequest {
    int overlap_hours = 24;
};
struct NewKey {
    std::int64_t id = 0;
    std::string key;
    std::string prefix;
    std::string name;
    std::vector<std::string> scopes;
    std::string tenant;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> expires_at;
};

namespace {

using shape::field;

constexpr std::array<std::string_view, 4> scope_names{"send", "read", "manage", "admin"};
/// The tenant that every database begins with; the administrator's key belongs to it.
constexpr std::int64_t default_tenant = 1;
constexpr std::int64_t every_tenant = 0;

std::optional<std::int64_t> time_or_none(std::int64_t ms) {
    return ms > 0 ? std::optional(ms) : std::nullopt;
}

/// Names come to terminals and logs.
std::optional<std::string> check_label(std::string_view text) {
    if (trim(text).size() != text.size() || text.empty())
        return "must not be empty, nor begin or end with a space";
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    return plain ? std::nullopt
                 : std::optional<std::string>(
                       "must not have line breaks or other control characters");
}

/// In the order of scope_names, each once.
std::string scope_words(const std::vector<std::string>& scopes) {
    std::string words;
    for (const auto name : scope_names) {
        if (std::find(scopes.begin(), scopes.end(), name) == scopes.end()) continue;
        words += words.empty() ? "" : " ";
        words += name;
    }
    return words;
}

KeyView view_of(const KeyRecord& k) {
    return {k.id,
            k.name,
            k.prefix,
            k.tenant,
            split(k.scopes, ' '),
            k.created_ms,
            time_or_none(k.expires_ms),
            time_or_none(k.revoked_ms),
            time_or_none(k.last_used_ms),
            k.created_by};
}

/// Whose keys a caller may see and revoke.
std::int64_t reach_of(const Caller& caller) {
    return caller.tenant_id == default_tenant ? every_tenant : caller.tenant_id;
}

}  // namespace

const shape::Object& describe(shape::Tag<KeyView>) {
    using V = KeyView;
    static const shape::Object object =
        shape::object<V>("Key", "An API key, without the secret itself.",
                         field("id", &V::id, "Id of the key.").example(3),
                         field("name", &V::name, "What it is for.").example("shop backend"),
                         field("prefix", &V::prefix, "Its first characters, to recognise it by.")
                             .example("hy_7Kq2Zd"),
                         field("tenant", &V::tenant, "The tenant that all it does belongs to.")
                             .example("default"),
                         field("scopes", &V::scopes, "What it may do.")
                             .one_of(scope_names)
                             .example_json(R"(["send","read"])"),
                         field("created_at", &V::created_at, "When it was made.")
                             .date_time()
                             .example("2026-11-23T08:00:00.000Z"),
                         field("expires_at", &V::expires_at, "It is void from then on.")
                             .date_time()
                             .example("2027-11-23T00:00:00.000Z"),
                         field("revoked_at", &V::revoked_at, "When it was revoked.")
                             .date_time()
                             .example("2026-12-01T08:00:00.000Z"),
                         field("last_used_at", &V::last_used_at,
                               "When a request last came with it, within half a minute.")
                             .date_time()
                             .example("2026-11-30T08:00:00.000Z"),
                         field("created_by", &V::created_by,
                               "Name of the key that made it; absent for the first one.")
                             .omit_empty()
                             .example("administrator"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<KeyPage>) {
    static const shape::Object object =
        shape::object<KeyPage>("KeyPage", "Keys, oldest first, revoked ones too.",
                               field("items", &KeyPage::items, "The keys."))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<KeyRequest>) {
    using R = KeyRequest;
    static const shape::Object object =
        shape::object<R>(
            "KeyRequest", "A key to be made.",
            field("name", &R::name, "What it is for.")
                .required()
                .length(1, 128)
                .check(check_label)
                .example("shop backend"),
            field("scopes", &R::scopes,
                  "What it may do. send: send and cancel; read: see; manage: templates, dead "
                  "letters; admin: all.")
                .required()
                .items(1, 4)
                .one_of(scope_names)
                .example_json(R"(["send","read"])"),
            field("expires_at", &R::expires_at,
                  "It is void from then on; without it, it holds until revoked.")
                .date_time()
                .example("2027-11-23T00:00:00Z"),
            field(
                "tenant", &R::tenant,
                "Name of the tenant, made if it is new; only the default tenant may name another.")
                .length(1, 64)
                .check(check_label)
                .example("default"))
            .example_text(R"({"name":"shop backend","scopes":["send","read"]})");
    return object;
}

const shape::Object& describe(shape::Tag<KeyRotateRequest>) {
    static const shape::Object object =
        shape::object<KeyRotateRequest>(
            "KeyRotateRequest", "How a key is replaced.",
            field("overlap_hours", &KeyRotateRequest::overlap_hours,
                  "So long the old key still holds; 0: no longer than this answer.")
                .between(0, 720)
                .default_value(24))
            .example_text(R"({"overlap_hours":24})");
    return object;
}

const shape::Object& describe(shape::Tag<NewKey>) {
    using V = NewKey;
    static const shape::Object object =
        shape::object<V>(
            "NewKey", "A key just made, with its secret.",
            field("id", &V::id, "Id of the key.").example(3),
            field("key", &V::key, "The secret. It is shown only here; the server keeps a hash.")
                .example("hy_7Kq2ZdR0v9XyTtB3mNcLwEa8sUfPjHgQo1i5D6kV"),
            field("prefix", &V::prefix, "Its first characters, to recognise it by.")
                .example("hy_7Kq2Zd"),
            field("name", &V::name, "What it is for.").example("shop backend"),
            field("scopes", &V::scopes, "What it may do.")
                .one_of(scope_names)
                .example_json(R"(["send","read"])"),
            field("tenant", &V::tenant, "The tenant that all it does belongs to.")
                .example("default"),
            field("created_at", &V::created_at, "When it was made.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("expires_at", &V::expires_at, "It is void from then on.")
                .date_time()
                .example("2027-11-23T00:00:00.000Z"))
            .reply();
    return object;
}

namespace {

Result<Answer> list_keys(const Call& call, Session& session) {
    KeyPage page;
    for (const auto& record : table::list_keys(session, reach_of(call.caller)))
        page.items.push_back(view_of(record));
    return answer(page);
}

Error wrong_expiry() {
    auto error = make_error(ErrorCode::invalid_fields, "expires_at must be in the future.");
    error.problems.push_back({"$.expires_at", "out_of_range", "must be in the future"});
    return error;
}

Error foreign_tenant() {
    return make_error(ErrorCode::forbidden,
                      "Only keys of the default tenant may make keys for another tenant.");
}

/// The tenant the new key is for. What it refuses it has not made.
Result<std::int64_t> tenant_for(Session& session, const KeyRecord& wanted,
                                std::int64_t caller_tenant) {
    if (wanted.tenant.empty()) return caller_tenant;
    if (caller_tenant == default_tenant)
        return table::find_or_make_tenant(session, wanted.tenant, wanted.created_ms);
    // The caller's own key is in the table, and with it the name of its tenant.
    const auto own = table::list_keys(session, caller_tenant);
    if (own.empty() || own.front().tenant != wanted.tenant) return foreign_tenant();
    return caller_tenant;
}

/// Writes a new key of a known tenant.
Answer insert_new_key(Session& session, KeyRecord record, const std::string& key) {
    record.id = table::insert_key(session, record);
    for (const auto& stored : table::list_keys(session, record.tenant_id)) {
        if (stored.id == record.id) record.tenant = stored.tenant;
    }
    auto created =
        answer(NewKey{record.id, key, record.prefix, record.name, split(record.scopes, ' '),
                      record.tenant, record.created_ms, time_or_none(record.expires_ms)},
               201);
    created.location = "/api/keys/" + std::to_string(record.id);
    return created;
}

Result<Answer> store_key(Session& session, KeyRecord record, const std::string& key,
                         std::int64_t caller_tenant) {
    const auto tenant = tenant_for(session, record, caller_tenant);
    if (!tenant) return tenant.error();
    record.tenant_id = *tenant;
    return insert_new_key(session, std::move(record), key);
}

struct Rotation {
    std::int64_t id = 0;
    std::int64_t reach = every_tenant;
    std::int64_t now_ms = 0;
    std::int64_t until_ms = 0;
    std::string by;
    std::string key;
};

/// The same name, scopes, tenant and end under a new secret.
Result<Answer> rotate(Session& session, const Rotation& rotation) {
    const auto old = table::find_key(session, rotation.reach, rotation.id);
    if (!old || old->revoked_ms != 0)
        return make_error(ErrorCode::not_found, "There is no such key, or it is revoked already.");
    if (old->expires_ms != 0 && old->expires_ms <= rotation.now_ms)
        return make_error(ErrorCode::conflict, "The key has expired: make a new one.");
    KeyRecord next = *old;
    next.prefix = key_prefix(rotation.key);
    next.hash = sha256(rotation.key);
    next.created_ms = rotation.now_ms;
    next.created_by = rotation.by;
    table::expire_key(session, old->id, rotation.until_ms);
    return insert_new_key(session, std::move(next), rotation.key);
}

void rotate_key(Context& context, http::Request& request, http::Responder responder) {
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(make_error(ErrorCode::not_found, "There is no such key."));
    auto asked = shape::read<KeyRotateRequest>(request.body.empty() ? "{}" : request.body);
    if (!asked) return responder.fail(asked.error());
    Rotation rotation;
    rotation.id = *id;
    rotation.reach = reach_of(caller_of(request));
    rotation.now_ms = context.clock.now_ms();
    rotation.until_ms = rotation.now_ms + std::int64_t{asked->overlap_hours} * 3'600'000;
    rotation.by = context.keys.actor(caller_of(request).key_id).name;
    rotation.key = make_key();
    change(context, std::move(responder), Reload::yes,
           [rotation = std::move(rotation)](Session& session, delivery::Counts&) {
               return rotate(session, rotation);
           });
}

void create_key(Context& context, http::Request& request, http::Responder responder) {
    auto asked = shape::read<KeyRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    const Caller& caller = caller_of(request);
    const auto now = context.clock.now_ms();
    if (asked->expires_at && *asked->expires_at <= now) return responder.fail(wrong_expiry());
    KeyRecord record;
    record.scopes = scope_words(asked->scopes);
    if ((scope_bits(record.scopes) & ~caller.scopes) != 0) {
        return responder.fail(make_error(ErrorCode::forbidden,
                                         "A key cannot give scopes that it does not have itself."));
    }
    const std::string key = make_key();
    record.name = asked->name;
    record.tenant = asked->tenant.value_or("");
    record.prefix = key_prefix(key);
    record.hash = sha256(key);
    record.created_ms = now;
    record.created_by = context.keys.actor(caller.key_id).name;
    record.expires_ms = asked->expires_at.value_or(0);
    change(context, std::move(responder), Reload::yes,
           [record = std::move(record), key, tenant = caller.tenant_id](Session& session,
                                                                        delivery::Counts&) {
               return store_key(session, record, key, tenant);
           });
}

void revoke_key(Context& context, http::Request& request, http::Responder responder) {
    const auto no_such_key = [] {
        return make_error(ErrorCode::not_found, "There is no such key, or it is revoked already.");
    };
    const auto id = id_param(request, "id");
    if (!id) return responder.fail(no_such_key());
    change(context, std::move(responder), Reload::yes,
           [no_such_key, id = *id, reach = reach_of(caller_of(request)),
            now = context.clock.now_ms()](Session& session, delivery::Counts&) -> Result<Answer> {
               if (!table::revoke_key(session, reach, id, now)) return no_such_key();
               return Answer{"", 204, ""};
           });
}

}  // namespace

void store_key_uses(Context& context) {
    auto uses = context.keys.take_uses();
    if (uses.empty()) return;
    context.delivery.change(
        [uses = std::move(uses)](Session& session, delivery::Counts&) {
            for (const auto& [id, at_ms] : uses) table::note_key_use(session, id, at_ms);
        },
        [](const Status&) {});  // it is a note for people: the next use writes it again
}

void add_key_routes(Routes& routes) {
    routes.read({.path = "/api/keys",
                 .operation = "list_keys",
                 .tag = "operations",
                 .summary = "List API keys",
                 .description = "Keys of the key's tenant; the default tenant sees all. Secrets "
                                "are never shown again.",
                 .scope = "admin",
                 .reply = &shape::description_of<KeyPage>()},
                list_keys);
    routes.plain({.method = http::Method::post,
                  .path = "/api/keys",
                  .operation = "create_key",
                  .tag = "operations",
                  .summary = "Make an API key",
                  .description = "The answer is the only place that shows the key. It works as "
                                 "soon as the answer is there.",
                  .scope = "admin",
                  .body = &shape::description_of<KeyRequest>(),
                  .reply = &shape::description_of<NewKey>(),
                  .status = 201,
                  .errors = {ErrorCode::forbidden}},
                 create_key);
    routes.plain({.method = http::Method::post,
                  .path = "/api/keys/{id}/rotate",
                  .operation = "rotate_key",
                  .tag = "operations",
                  .summary = "Replace an API key",
                  .description = "Makes a key with the same name, scopes, tenant and end, shown "
                                 "only in this answer; the old one still holds for the overlap.",
                  .scope = "admin",
                  .body = &shape::description_of<KeyRotateRequest>(),
                  .reply = &shape::description_of<NewKey>(),
                  .status = 201,
                  .errors = {ErrorCode::not_found, ErrorCode::conflict}},
                 rotate_key);
    routes.plain({.method = http::Method::del,
                  .path = "/api/keys/{id}",
                  .operation = "revoke_key",
                  .tag = "operations",
                  .summary = "Revoke an API key",
                  .description = "It is refused as soon as the answer is there, and for ever.",
                  .scope = "admin",
                  .status = 204,
                  .errors = {ErrorCode::not_found}},
                 revoke_key);
}

}  // namespace hongyan::api
