#include "api/node_report.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/nodes.hpp"
#include "jobs/leadership.hpp"
#include "jobs/membership.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

constexpr int minute = 60;
constexpr int hour = 3'600;

json::array array_of(const delivery::LiveSums& sums) {
    return {sums.accepted, sums.sent, sums.failed, sums.response_ms};
}

std::int64_t number(const json::value& value) { return value.is_int64() ? value.get_int64() : 0; }

delivery::LiveSums sums_of(const json::value* value) {
    if (value == nullptr || !value->is_array() || value->get_array().size() != 4) return {};
    const auto& a = value->get_array();
    return {number(a[0]), number(a[1]), number(a[2]), number(a[3])};
}

/// Calls use with the report of each living node but this one.
template <class Use>
void each_other(const Context& context, const Use& use) {
    if (context.membership == nullptr) return;
    for (const auto& node : context.membership->nodes()) {
        if (node.number == context.membership->number() || node.state != "living") continue;
        boost::system::error_code error;
        const auto report = json::parse(node.report, error);
        if (!error && report.is_object()) use(report.get_object());
    }
}

}  // namespace

std::string node_report(const Context& context) {
    const auto& live = context.delivery.live();
    json::object tenants;
    for (const auto tenant : live.tenants()) {
        json::object windows;
        windows["60"] = array_of(live.last(tenant, minute));
        windows["3600"] = array_of(live.last(tenant, hour));
        tenants[std::to_string(tenant)] = std::move(windows);
    }
    const auto depth = context.delivery.depth();
    json::array by_priority;
    for (const auto count : depth.by_priority) by_priority.push_back(count);
    json::object report;
    report["live"] = std::move(tenants);
    report["by_priority"] = std::move(by_priority);
    report["waiting"] = depth.total - depth.in_broker;
    report["scheduled"] = context.delivery.scheduled();
    report["in_flight"] = context.delivery.sender().view().active_count;
    report["leads"] = context.leadership->is_leading();
    report["engines"] = engines_report(context);
    return json::serialize(report);
}

delivery::LiveSums live_of_all(const Context& context, std::int64_t tenant_id, int seconds) {
    auto total = context.delivery.live().last(tenant_id, seconds);
    const auto tenant = std::to_string(tenant_id);
    const auto window = std::to_string(seconds);
    each_other(context, [&](const json::object& report) {
        const auto inside = [](const json::value* from, const std::string& name) {
            return from != nullptr && from->is_object() ? from->get_object().if_contains(name)
                                                        : nullptr;
        };
        const auto sums = sums_of(inside(inside(report.if_contains("live"), tenant), window));
        total.accepted += sums.accepted;
        total.sent += sums.sent;
        total.failed += sums.failed;
        total.response_ms += sums.response_ms;
    });
    return total;
}

QueueView queue_of_all(const Context& context) {
    auto view = queue_view(context.delivery);
    each_other(context, [&](const json::object& report) {
        if (const auto* waiting = report.if_contains("waiting")) view.total += number(*waiting);
        if (const auto* timed = report.if_contains("scheduled")) view.scheduled += number(*timed);
        const auto* by_priority = report.if_contains("by_priority");
        if (by_priority == nullptr || !by_priority->is_array()) return;
        const auto& counts = by_priority->get_array();
        for (auto& depth : view.by_priority) {
            const auto at = static_cast<std::size_t>(depth.priority);
            if (at < counts.size()) depth.count += number(counts[at]);
        }
    });
    return view;
}

}  // namespace hongyan::api
