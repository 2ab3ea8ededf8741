#include "api/nodes.hpp"

#include <array>

#include "base/text.hpp"
#include "jobs/leadership.hpp"
#include "jobs/membership.hpp"

namespace hongyan::api {

struct ClusterNodeView {
    std::int64_t number = 0;
    std::string name;
    std::string state;
    std::vector<std::string> roles;
    std::string url;
    std::string version;
    std::int64_t started_at = 0;
    std::int64_t silent_ms = 0;
    std::int64_t held = 0;
    bool self = false;
};
struct EngineView {
    std::string role;
    std::string engine;
    bool ok = true;
    std::optional<std::string> detail;
};
struct NodesView {
    std::string name;
    bool leads = true;
    std::vector<ClusterNodeView> items;
    std::vector<EngineView> engines;
};

namespace {

using shape::field;
constexpr std::array<std::string_view, 3> states{"living", "left", "gone"};

ClusterNodeView view_of(const table::NodeRow& node, int self) {
    ClusterNodeView view;
    view.number = node.number;
    view.name = node.name;
    view.state = node.state;
    for (const auto& role : split(node.roles, ',')) view.roles.emplace_back(trim(role));
    view.url = node.url;
    view.version = node.version;
    view.started_at = node.started_ms;
    view.silent_ms = node.silent_ms;
    view.held = node.marks.held;
    view.self = node.number == self;
    return view;
}

ClusterNodeView only_node(const Context& context) {
    ClusterNodeView view;
    view.name = context.node_name;
    view.state = "living";
    view.roles = {"api", "worker", "jobs"};
    view.url = context.listen_url;
    view.version = HONGYAN_VERSION;
    view.started_at = context.started_ms;
    view.self = true;
    return view;
}

std::optional<std::string> words(std::string text) {
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::vector<EngineView> engines_of(const Context& context) {
    const auto store = context.store.health();
    const auto queue = context.queue->health();
    const auto coordination = context.coordination->health();
    const auto& s = context.settings;
    return {{"store", s.store.url.empty() ? "sqlite" : "postgres",
             store.writable && store.reachable, words(store.detail)},
            {"queue", s.queue.url.empty() ? "local" : "rabbitmq", queue.connected && !queue.blocked,
             words(queue.detail)},
            {"coordination", s.coordination.url.empty() ? "local" : "redis", coordination.connected,
             words(coordination.detail)}};
}

void list_nodes(Context& context, http::Request&, http::Responder responder) {
    NodesView view;
    view.name = context.node_name;
    view.leads = context.leadership->is_leading();
    if (context.membership == nullptr) {
        view.items.push_back(only_node(context));
    } else {
        for (const auto& node : context.membership->nodes()) {
            if (node.state == "gone") continue;
            view.items.push_back(view_of(node, context.membership->number()));
        }
    }
    view.engines = engines_of(context);
    respond(responder, answer(view));
}

}  // namespace

const shape::Object& describe(shape::Tag<ClusterNodeView>) {
    using V = ClusterNodeView;
    static const shape::Object object =
        shape::object<V>(
            "Node", "A node of the cluster.",
            field("number", &V::number, "Stands in the ids of messages it accepted.").example(2),
            field("name", &V::name, "Its name.").example("mail-2:8000"),
            field("state", &V::state,
                  "living; left: stopped or declared dead, its messages are being taken over.")
                .one_of(states)
                .example("living"),
            field("roles", &V::roles, "What it does.").example_json(R"(["api","worker","jobs"])"),
            field("url", &V::url, "Where it listens.").example("http://10.0.0.2:8000"),
            field("version", &V::version, "The program's version.").example("0.1.0"),
            field("started_at", &V::started_at, "When it started.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("silent_ms", &V::silent_ms, "Time since it last told that it lives.")
                .example(840),
            field("held", &V::held, "Messages that it has taken and not finished.").example(120),
            field("self", &V::self, "Whether it is the one that answers.").example(true))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<EngineView>) {
    using V = EngineView;
    static const shape::Object object =
        shape::object<V>(
            "Engine", "What the node keeps its messages and agreements in.",
            field("role", &V::role, "store, queue or coordination.")
                .one_of({"store", "queue", "coordination"})
                .example("store"),
            field("engine", &V::engine, "Its kind.").example("postgres"),
            field("ok", &V::ok, "Whether it works at this moment.").example(true),
            field("detail", &V::detail, "What holds, or what is wrong.").example("connected"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<NodesView>) {
    using V = NodesView;
    static const shape::Object object =
        shape::object<V>(
            "NodeList", "The nodes, and the engines of the one that answers.",
            field("name", &V::name, "Name of the node that answers.").example("mail-2:8000"),
            field("leads", &V::leads,
                  "Whether it does what one node at a time does: retention, webhooks, taking over.")
                .example(true),
            field("items", &V::items, "Every node that lives, or left and is not taken over yet."),
            field("engines", &V::engines, "Store, queue and coordination."))
            .reply();
    return object;
}

void add_node_routes(Routes& routes) {
    routes.plain({.path = "/api/nodes",
                  .operation = "list_nodes",
                  .tag = "system",
                  .summary = "The nodes of the cluster",
                  .description = "Who is there, what each does, and how the engines are, as the "
                                 "node that answers saw them at its last beat (every 2 s).",
                  .scope = "read",
                  .reply = &shape::description_of<NodesView>()},
                 list_nodes);
}

}  // namespace hongyan::api
