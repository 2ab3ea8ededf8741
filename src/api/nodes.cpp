#include "api/nodes.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "api/node_report.hpp"
#include "base/text.hpp"
#include "jobs/leadership.hpp"
#include "jobs/membership.hpp"

namespace hongyan::api {

struct EngineView {
    std::string role;
    std::string engine;
    bool ok = true;
    std::optional<std::string> detail;
};
struct ClusterNodeView {
    std::int64_t number = 0;
    std::string name;
    std::string state;
    std::vector<std::string> roles;
    std::string url;
    std::string version;
    std::int64_t started_at = 0;
    std::int64_t silent_ms = 0;
    std::int64_t seen_at = 0;
    std::int64_t held = 0;
    std::optional<std::int64_t> waiting;
    std::optional<std::int64_t> scheduled;
    std::optional<std::int64_t> in_flight;
    bool self = false;
    bool leads = false;
    std::vector<EngineView> engines;
    std::optional<std::string> ended;
    std::optional<std::string> taken_by;
};
struct NodesView {
    std::string name;
    bool leads = true;
    bool cluster = false;
    std::vector<ClusterNodeView> items;
    std::vector<ClusterNodeView> ended;
    std::vector<EngineView> engines;
};

namespace {

namespace json = boost::json;
using shape::field;
constexpr std::array<std::string_view, 3> states{"living", "left", "gone"};
constexpr std::array<std::string_view, 3> ends{"stopped", "dead", "restarted"};
constexpr std::int64_t shown_ended_ms = 86'400'000;
constexpr std::size_t most_ended = 20;

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

std::string text_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || !value->is_string()) return "";
    return {value->get_string().data(), value->get_string().size()};
}

bool flag_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> number_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->get_int64();
}

/// What the node told of itself. One of an older version tells less.
void read_report(ClusterNodeView& view, const std::string& text) {
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error || !parsed.is_object()) return;
    const auto& report = parsed.get_object();
    view.waiting = number_of(report, "waiting");
    view.scheduled = number_of(report, "scheduled");
    view.in_flight = number_of(report, "in_flight");
    view.leads = flag_of(report, "leads");
    const auto* engines = report.if_contains("engines");
    if (engines == nullptr || !engines->is_array()) return;
    for (const auto& one : engines->get_array()) {
        if (!one.is_object()) continue;
        const auto& engine = one.get_object();
        view.engines.push_back({text_of(engine, "role"), text_of(engine, "engine"),
                                flag_of(engine, "ok"), words(text_of(engine, "detail"))});
    }
}

ClusterNodeView view_of(const Context& context, const table::NodeRow& node) {
    ClusterNodeView view;
    view.number = node.number;
    view.name = node.name;
    view.state = node.state;
    for (const auto& role : split(node.roles, ',')) view.roles.emplace_back(trim(role));
    view.url = node.url;
    view.version = node.version;
    view.started_at = node.started_ms;
    view.silent_ms = node.silent_ms;
    view.seen_at = node.seen_ms;
    view.self = node.number == context.membership->number();
    view.ended = words(node.ended);
    view.taken_by = words(node.taken_by);
    if (node.state != "living") return view;
    view.held = node.marks.held;
    read_report(view, view.self ? node_report(context) : node.report);
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
    view.seen_at = context.clock.now_ms();
    view.self = true;
    read_report(view, node_report(context));
    return view;
}

/// Newest first.
std::vector<ClusterNodeView> ended_nodes(const Context& context,
                                         const std::vector<table::NodeRow>& nodes) {
    std::vector<ClusterNodeView> found;
    for (const auto& node : nodes) {
        if (node.state == "gone" && node.silent_ms < shown_ended_ms)
            found.push_back(view_of(context, node));
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.silent_ms < b.silent_ms; });
    if (found.size() > most_ended) found.resize(most_ended);
    return found;
}

void list_nodes(Context& context, http::Request&, http::Responder responder) {
    NodesView view;
    view.name = context.node_name;
    view.leads = context.leadership->is_leading();
    view.cluster = context.membership != nullptr;
    if (view.cluster) {
        const auto nodes = context.membership->nodes();
        for (const auto& node : nodes) {
            if (node.state != "gone") view.items.push_back(view_of(context, node));
        }
        view.ended = ended_nodes(context, nodes);
    } else {
        view.items.push_back(only_node(context));
    }
    view.engines = engines_of(context);
    respond(responder, answer(view));
}

}  // namespace

boost::json::array engines_report(const Context& context) {
    json::array report;
    for (const auto& engine : engines_of(context)) {
        report.push_back(json::object{{"role", engine.role},
                                      {"engine", engine.engine},
                                      {"ok", engine.ok},
                                      {"detail", engine.detail.value_or("")}});
    }
    return report;
}

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
            field("seen_at", &V::seen_at, "When it last told that it lives.")
                .date_time()
                .example("2026-11-23T09:00:00.000Z"),
            field("held", &V::held, "Messages that it has taken and not finished.").example(120),
            field("waiting", &V::waiting, "Messages that wait inside it for a free place.")
                .example(80),
            field("scheduled", &V::scheduled, "Messages whose time it keeps.").example(12),
            field("in_flight", &V::in_flight, "Messages on their way to a provider.").example(20),
            field("self", &V::self, "Whether it is the one that answers.").example(true),
            field("leads", &V::leads, "Whether it does what one node at a time does.")
                .example(false),
            field("engines", &V::engines, "Store, queue and coordination as it saw them last."),
            field("ended", &V::ended,
                  "How it ended: stopped; dead, the others declared it so; restarted, a new start "
                  "from its folder took its place. Absent while it lives.")
                .one_of(ends)
                .example("dead"),
            field("taken_by", &V::taken_by,
                  "Name of the node that took its messages over; absent while nobody has.")
                .example("mail-3:8000"))
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
            field("cluster", &V::cluster,
                  "Whether there can be other nodes: the store is PostgreSQL.")
                .example(true),
            field("items", &V::items, "Every node that lives, or left and is not taken over yet."),
            field("ended", &V::ended,
                  "Up to 20 nodes that ended within a day and are taken over, newest first."),
            field("engines", &V::engines, "Store, queue and coordination of the one that answers."))
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
