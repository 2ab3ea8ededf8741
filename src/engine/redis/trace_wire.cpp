#include "engine/redis/trace_wire.hpp"

#include "base/text.hpp"

namespace hongyan {

const shape::Object& describe(shape::Tag<LiveNode>) {
    using shape::field;
    static const shape::Object object =
        shape::object<LiveNode>(
            "LiveNode", "One step of a message that is on its way.",
            field("name", &LiveNode::name, "queue, process, send or callback."),
            field("status", &LiveNode::status, "success, failed or pending."),
            field("started_ms", &LiveNode::started_ms, "Milliseconds since 1970."),
            field("finished_ms", &LiveNode::finished_ms, "0 while it lasts.").default_value(0),
            field("attempt", &LiveNode::attempt, "Of a send node.").default_value(0),
            field("channel", &LiveNode::channel, "The kind of channel.").default_value(""),
            field("provider", &LiveNode::provider, "Who took it.").default_value(""),
            field("reason", &LiveNode::reason, "Why it failed.").default_value(""),
            field("node", &LiveNode::node, "The node of the cluster.").default_value(""))
            .open();
    return object;
}

}  // namespace hongyan

namespace hongyan::redis {

// By hand, for it is written several times a message.
std::string to_json(const LiveNode& node) {
    std::string out;
    out.reserve(192);
    const auto text = [&out](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        out += out.empty() ? "{\"" : ",\"";
        out += name;
        out += "\":\"";
        append_json_escaped(out, value);
        out += '"';
    };
    const auto number = [&out](std::string_view name, std::int64_t value) {
        out += ",\"";
        out += name;
        out += "\":";
        out += std::to_string(value);
    };
    text("name", node.name);
    text("status", node.status);
    number("started_ms", node.started_ms);
    if (node.finished_ms != 0) number("finished_ms", node.finished_ms);
    if (node.attempt != 0) number("attempt", node.attempt);
    text("channel", node.channel);
    text("provider", node.provider);
    text("reason", node.reason);
    text("node", node.node);
    out += '}';
    return out;
}

std::optional<LiveNode> node_from_json(std::string_view text) {
    auto node = shape::read<LiveNode>(text);
    if (!node) return std::nullopt;
    return std::move(*node);
}

}  // namespace hongyan::redis
