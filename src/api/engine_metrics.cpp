#include "api/engine_metrics.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace hongyan::api {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

MetricFamily& add(Families& families, std::string name, std::string help, MetricType type) {
    auto& family = families.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
}

template <class Number>
void gauge(Families& families, std::string name, std::string help, Number value) {
    auto& family = add(families, std::move(name), std::move(help), MetricType::Gauge);
    family.metric.emplace_back().gauge.value = static_cast<double>(value);
}

template <class Number>
void counter(Families& families, std::string name, std::string help, Number value) {
    auto& family = add(families, std::move(name), std::move(help), MetricType::Counter);
    family.metric.emplace_back().counter.value = static_cast<double>(value);
}

void add_queue_state(Families& to, const Queue& queue, std::int64_t now_ms) {
    const auto health = queue.health();
    const auto marks = queue.marks();
    gauge(to, "hongyan_queue_connected", "1 while the broker is there.", health.connected);
    gauge(to, "hongyan_queue_blocked", "1 while the broker takes nothing.", health.blocked);
    gauge(to, "hongyan_queue_in_broker", "Jobs that only the broker has, estimated.",
          queue.depth().in_broker);
    gauge(to, "hongyan_queue_held", "Jobs that wait or are lent in this node.", marks.held);
    gauge(to, "hongyan_queue_held_let_go", "Of these, such that the broker no longer has.",
          marks.held_let_go);
    const auto age_ms = std::max<std::int64_t>(0, now_ms - marks.confirmed_before_ms);
    gauge(to, "hongyan_queue_unconfirmed_age_seconds",
          "Age of the oldest job that the broker has not confirmed.",
          static_cast<double>(age_ms) / 1'000);
}

void add_queue_counts(Families& to, const Queue& queue) {
    const auto stats = queue.stats();
    counter(to, "hongyan_queue_published_total", "Jobs sent to the broker.", stats.published);
    counter(to, "hongyan_queue_carriers_total", "Messages of the broker that carried them.",
            stats.carriers);
    counter(to, "hongyan_queue_confirmed_total", "Jobs that the broker confirmed.",
            stats.confirmed);
    counter(to, "hongyan_queue_republished_total",
            "Jobs sent again: refused, returned, or not confirmed.", stats.republished);
    counter(to, "hongyan_queue_dropped_total",
            "Jobs given up because too many waited for the broker; the store has them.",
            stats.dropped);
    counter(to, "hongyan_queue_received_total", "Jobs that the broker delivered.", stats.received);
    counter(to, "hongyan_queue_redelivered_total", "Of these, such that it had delivered before.",
            stats.redelivered);
    counter(to, "hongyan_queue_duplicates_total", "Of these, such that were here already.",
            stats.duplicates);
    counter(to, "hongyan_queue_let_go_total", "Jobs acknowledged before they were done.",
            stats.let_go);
    counter(to, "hongyan_queue_rejected_total", "Messages of the broker that could not be read.",
            stats.rejected);
    counter(to, "hongyan_queue_connects_total", "Connections made to the broker.", stats.connects);
}

void add_coordination(Families& to, const Coordination& coordination) {
    const auto health = coordination.health();
    gauge(to, "hongyan_coordination_connected", "1 while Redis is there.", health.connected);
    counter(to, "hongyan_coordination_connects_total", "Connections made to Redis.",
            health.connects);
    counter(to, "hongyan_coordination_failures_total", "Commands to Redis without an answer.",
            health.failures);
    gauge(to, "hongyan_coordination_round_trip_seconds", "Time of a command of late.",
          static_cast<double>(health.round_trip_us) / 1e6);
    gauge(to, "hongyan_coordination_limits_degraded",
          "1 while each node goes by its part of limits.", health.limits_degraded);
    gauge(to, "hongyan_coordination_locks_fallen_back", "1 while locks come from the store.",
          health.locks_fallen_back);
    gauge(to, "hongyan_coordination_nodes", "Nodes that share limits, as far as is known.",
          health.nodes);
    counter(to, "hongyan_coordination_trace_written_total", "Steps written to live traces.",
            health.traces.written);
    counter(to, "hongyan_coordination_trace_dropped_total", "Steps that live traces did not take.",
            health.traces.dropped);
}

}  // namespace

Families engine_metrics(const Queue* queue, const Coordination* coordination, std::int64_t now_ms) {
    Families families;
    if (queue != nullptr) {
        add_queue_state(families, *queue, now_ms);
        add_queue_counts(families, *queue);
    }
    if (coordination != nullptr) add_coordination(families, *coordination);
    return families;
}

}  // namespace hongyan::api
