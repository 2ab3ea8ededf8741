#include "api/session.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::api {

struct SessionKey {
    std::int64_t id = 0;
    std::string name;
    std::string prefix;
    std::vector<std::string> scopes;
    std::optional<std::int64_t> expires_at;
};
struct SessionServer {
    std::string version;
    std::int64_t started_at = 0;
    std::int64_t now = 0;
    std::string store;
    std::string queue;
    std::string coordination;
    bool sandbox = false;
    std::string api_url;
};
struct SessionChannel {
    std::string name;
    std::vector<std::string> providers;
    bool has_account = false;
};
struct SessionView {
    SessionKey key;
    std::int64_t tenant_id = 1;
    std::string tenant;
    SessionServer server;
    std::vector<SessionChannel> channels;
};

namespace {

using shape::field;

SessionKey key_view(const Context& context, const Caller& caller) {
    SessionKey view;
    view.id = caller.key_id;
    // Revoked between the guard and here: then it is shown without its name.
    const auto record = context.keys.find(caller.key_id);
    if (record == nullptr) return view;
    view.name = record->name;
    view.prefix = record->prefix;
    view.scopes = split(record->scopes, ' ');
    if (record->expires_ms != 0) view.expires_at = record->expires_ms;
    return view;
}

std::vector<SessionChannel> channel_views(const Context& context, std::int64_t tenant_id) {
    std::vector<SessionChannel> views;
    for (std::size_t i = 0; i < channel_names.size(); ++i) {
        const auto kind = static_cast<ChannelKind>(i);
        SessionChannel& view = views.emplace_back();
        view.name = channel_names[i];
        for (const auto& provider : context.accounts.providers()) {
            if (provider->channel() == kind) view.providers.emplace_back(provider->name());
        }
        std::sort(view.providers.begin(), view.providers.end());
        view.has_account = context.accounts.serves(tenant_id, kind);
    }
    return views;
}

}  // namespace

const shape::Object& describe(shape::Tag<SessionKey>) {
    using V = SessionKey;
    static const shape::Object object =
        shape::object<V>(
            "SessionKey", "The key that was sent.",
            field("id", &V::id, "Its id; 0: the administrator's key of the settings.").example(3),
            field("name", &V::name, "What it is for.").example("shop backend"),
            field("prefix", &V::prefix, "Its first characters; empty for the settings' key.")
                .example("hy_7Kq2Zd"),
            field("scopes", &V::scopes, "What it may do.")
                .example_json(R"(["send","read","manage","admin"])"),
            field("expires_at", &V::expires_at, "It is void from then on.")
                .date_time()
                .example("2027-11-23T00:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SessionServer>) {
    using V = SessionServer;
    static const shape::Object object =
        shape::object<V>(
            "SessionServer", "The server.",
            field("version", &V::version, "The program's version.").example("0.1.0"),
            field("started_at", &V::started_at, "When it started.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("now", &V::now, "Its clock.").date_time().example("2026-11-23T09:00:00.000Z"),
            field("store", &V::store, "Where the records are.")
                .one_of({"sqlite", "postgres"})
                .example("sqlite"),
            field("queue", &V::queue, "Where messages wait.")
                .one_of({"local", "rabbitmq"})
                .example("local"),
            field("coordination", &V::coordination, "Where limits are counted.")
                .one_of({"local", "redis"})
                .example("local"),
            field("sandbox", &V::sandbox,
                  "Whether the built-in sandbox takes what no account does.")
                .example(true),
            field("api_url", &V::api_url, "Where it is reached from outside.")
                .example("http://localhost:8000"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SessionChannel>) {
    using V = SessionChannel;
    static const shape::Object object =
        shape::object<V>(
            "SessionChannel", "A channel as this tenant has it.",
            field("name", &V::name, "The channel.").one_of(channel_names).example("sms"),
            field("providers", &V::providers, "Providers that an account can be made for.")
                .example_json(R"(["aliyun","smpp"])"),
            field("has_account", &V::has_account, "Whether the tenant has an account on it.")
                .example(false))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SessionView>) {
    using V = SessionView;
    static const shape::Object object =
        shape::object<V>("Session", "Who is calling, and whom.", field("key", &V::key, "The key."),
                         field("tenant_id", &V::tenant_id, "Id of its tenant.").example(1),
                         field("tenant", &V::tenant, "Name of its tenant.").example("default"),
                         field("server", &V::server, "The server."),
                         field("channels", &V::channels, "Every channel."))
            .reply();
    return object;
}

namespace {

void read_session(Context& context, http::Request& request, http::Responder responder) {
    const Caller& caller = caller_of(request);
    SessionView view;
    view.key = key_view(context, caller);
    view.tenant_id = caller.tenant_id;
    if (const auto record = context.keys.find(caller.key_id)) view.tenant = record->tenant;
    if (view.tenant.empty() && caller.tenant_id == 1) view.tenant = "default";
    view.server.version = HONGYAN_VERSION;
    view.server.started_at = context.started_ms;
    view.server.now = context.clock.now_ms();
    view.server.store = context.settings.store.url.empty() ? "sqlite" : "postgres";
    view.server.queue = context.settings.queue.url.empty() ? "local" : "rabbitmq";
    view.server.coordination = context.settings.coordination.url.empty() ? "local" : "redis";
    view.server.sandbox = context.inbox != nullptr;
    view.server.api_url = context.public_url(request);
    view.channels = channel_views(context, caller.tenant_id);
    respond(responder, answer(view));
}

}  // namespace

void add_session_routes(Routes& routes) {
    routes.plain({.path = "/api/session",
                  .operation = "get_session",
                  .tag = "console",
                  .summary = "Who is calling",
                  .description = "The key, its tenant, the server and its channels.",
                  .scope = "any",
                  .reply = &shape::description_of<SessionView>()},
                 read_session);
}

}  // namespace hongyan::api
