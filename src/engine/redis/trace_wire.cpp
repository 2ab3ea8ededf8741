#include "engine/redis/trace_wire.hpp"

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
            field("channel", &LiveNode::channel, "The kind of channel.")
                .default_value("")
                .omit_empty(),
            field("provider", &LiveNode::provider, "Who took it.").default_value("").omit_empty(),
            field("reason", &LiveNode::reason, "Why it failed.").default_value("").omit_empty(),
            field("node", &LiveNode::node, "The node of the cluster.")
                .default_value("")
                .omit_empty())
            .open();
    return object;
}

}  // namespace hongyan

namespace hongyan::redis {

std::string to_json(const LiveNode& node) { return shape::write(node); }

std::optional<LiveNode> node_from_json(std::string_view text) {
    auto node = shape::read<LiveNode>(text);
    if (!node) return std::nullopt;
    return std::move(*node);
}

}  // namespace hongyan::redis
