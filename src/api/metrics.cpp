#include "api/metrics.hpp"

#include "api/engine_metrics.hpp"
#include "api/live_hub.hpp"
#include "jobs/leadership.hpp"
#include "jobs/membership.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>

namespace hongyan::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// Collects families in the form that the serializer takes.
class Families {
  public:
    MetricFamily& add(std::string name, std::string help, MetricType type) {
        auto& family = families_.emplace_back();
        family.name = std::move(name);
        family.help = std::move(help);
        family.type = type;
        return family;
    }
    void counter(std::string name, std::string help, double value) {
        put(add(std::move(name), std::move(help), MetricType::Counter), {}, value);
    }
    void gauge(std::string name, std::string help, double value) {
        put(add(std::move(name), std::move(help), MetricType::Gauge), {}, value);
    }
    static void put(MetricFamily& family, Labels labels, double value) {
        auto& metric = family.metric.emplace_back();
        metric.label = std::move(labels);
        if (family.type == MetricType::Counter)
            metric.counter.value = value;
        else
            metric.gauge.value = value;
    }
    void append(std::vector<MetricFamily> more) {
        for (auto& family : more) families_.push_back(std::move(family));
    }
    [[nodiscard]] std::string text() const {
        return prometheus::TextSerializer().Serialize(families_);
    }

  private:
    std::vector<MetricFamily> families_;
};

std::string word(std::string_view text) { return std::string(text); }

void add_by_channel(Families& families, const char* name, const char* help,
                    const delivery::Counters::ByChannel& counts) {
    auto& family = families.add(name, help, MetricType::Counter);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        Families::put(family, {{"channel", word(channel_names[i])}},
                      static_cast<double>(counts[i]));
    }
}

void add_messages(Families& families, const Context& context) {
    const auto& counters = context.delivery.counters();
    add_by_channel(families, "hongyan_messages_accepted_total", "Messages accepted and on disk.",
                   counters.accepted);
    add_by_channel(families, "hongyan_attempts_total", "Attempts handed to a channel.",
                   counters.attempts);
    add_by_channel(families, "hongyan_retries_total", "Attempts that are to be repeated.",
                   counters.retries);
    auto& finished = families.add("hongyan_messages_finished_total",
                                  "Messages that reached a final status.", MetricType::Counter);
    for (std::size_t status = 0; status < counters.finished.size(); ++status) {
        if (!is_final(static_cast<MessageStatus>(status))) continue;
        for (std::size_t i = 0; i < channel_names.size(); ++i) {
            Families::put(finished,
                          {{"channel", word(channel_names[i])},
                           {"status", word(message_status_names[status])}},
                          static_cast<double>(counters.finished[status][i]));
        }
    }
    families.counter("hongyan_illegal_transitions_total", "Changes of state that were refused.",
                     static_cast<double>(counters.illegal_changes));
    families.counter("hongyan_messages_resumed_total", "Waiting messages loaded at the start.",
                     static_cast<double>(counters.loaded));
}

void add_accounts(Families& families, const Context& context) {
    auto& calls =
        families.add("hongyan_account_calls_total",
                     "Calls to provider accounts by class of outcome.", MetricType::Counter);
    auto& in_flight = families.add("hongyan_account_in_flight",
                                   "Messages under way on a provider account.", MetricType::Gauge);
    auto& limit = families.add("hongyan_account_limit",
                               "Messages that may be under way on it, found while sending.",
                               MetricType::Gauge);
    auto& health = families.add("hongyan_account_health",
                                "Share of its calls that succeeded of late.", MetricType::Gauge);
    auto& open = families.add("hongyan_account_closed",
                              "1 while nothing is sent on it: breaker open, or told to wait.",
                              MetricType::Gauge);
    for (const auto& one : context.accounts.all()) {
        const auto f = one->figures(context.clock.now_ms());
        const auto labels = [&] {
            return Labels{{"account", std::to_string(one->record().id)},
                          {"channel", word(to_text(one->record().channel))},
                          {"provider", word(one->provider().name())}};
        };
        for (std::size_t i = 0; i < f.by_class.size(); ++i) {
            if (f.by_class[i] == 0) continue;
            auto with_outcome = labels();
            with_outcome.push_back({"outcome", word(outcome_class_names[i])});
            Families::put(calls, std::move(with_outcome), static_cast<double>(f.by_class[i]));
        }
        Families::put(in_flight, labels(), f.in_flight);
        Families::put(limit, labels(), f.limit);
        Families::put(health, labels(), f.health);
        Families::put(open, labels(), f.closed_until_ms > 0 ? 1 : 0);
    }
    families.gauge("hongyan_messages_parked", "Messages that wait for a place on an account.",
                   static_cast<double>(context.accounts.parked().total));
    families.gauge("hongyan_webhooks_in_flight", "Reports to senders under way.",
                   static_cast<double>(context.webhooks.in_flight()));
}

void add_queue(Families& families, const Context& context) {
    const auto depth = context.delivery.depth();
    auto& family =
        families.add("hongyan_queue_depth", "Messages ready to be sent.", MetricType::Gauge);
    for (std::size_t i = 0; i < depth.by_priority.size(); ++i) {
        Families::put(family, {{"priority", std::to_string(i)}},
                      static_cast<double>(depth.by_priority[i]));
    }
    families.gauge("hongyan_scheduled", "Messages that wait for a time or another attempt.",
                   static_cast<double>(context.delivery.scheduled()));
    families.gauge("hongyan_live_connections", "Monitoring screens that are connected.",
                   static_cast<double>(context.live->screens()));
    const auto committer = context.delivery.committer();
    families.gauge("hongyan_committer_accepts_waiting", "Messages waiting for their transaction.",
                   static_cast<double>(committer.accepts_waiting));
    families.gauge("hongyan_committer_outcomes_waiting", "Outcomes waiting for their transaction.",
                   static_cast<double>(committer.outcomes_waiting));
}

void add_pools(Families& families, const Context& context) {
    auto& size = families.add("hongyan_pool_size", "Size of a worker pool.", MetricType::Gauge);
    std::vector<delivery::PoolView> views;
    for (const auto* pool : context.pools) views.push_back(pool->view());
    for (const auto& view : views) Families::put(size, {{"pool", view.rule.name}}, view.size);
    auto& active = families.add("hongyan_pool_active_count", "Workers at work.", MetricType::Gauge);
    for (const auto& view : views)
        Families::put(active, {{"pool", view.rule.name}}, static_cast<double>(view.active_count));
    auto& queued =
        families.add("hongyan_pool_queue_size", "Tasks waiting for a worker.", MetricType::Gauge);
    for (const auto& view : views)
        Families::put(queued, {{"pool", view.rule.name}}, static_cast<double>(view.queue_size));
    auto& completed =
        families.add("hongyan_pool_completed_tasks_total", "Tasks done.", MetricType::Counter);
    for (const auto& view : views)
        Families::put(completed, {{"pool", view.rule.name}},
                      static_cast<double>(view.completed_tasks));
}

void add_limits(Families& families, const Context& context) {
    const auto usage = context.limiter.usage();
    const auto labels = [](const LimitUsage& one) {
        return Labels{{"resource", one.rule.resource},
                      {"type", word(to_text(one.rule.type))},
                      {"id", std::to_string(one.rule.id)}};
    };
    auto& passed = families.add("hongyan_limit_passed_total", "Requests a limit let pass.",
                                MetricType::Counter);
    for (const auto& one : usage)
        Families::put(passed, labels(one), static_cast<double>(one.passed));
    auto& refused = families.add("hongyan_limit_refused_total", "Requests a limit refused.",
                                 MetricType::Counter);
    for (const auto& one : usage)
        Families::put(refused, labels(one), static_cast<double>(one.refused));
}

/// Resident memory from /proc/self/statm; 0 where there is none.
double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double processor_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void add_cluster(Families& families, const Context& context) {
    if (context.membership == nullptr) return;
    families.gauge("hongyan_leader",
                   "1 while this node does what one node at a time does (retention, webhooks).",
                   context.leadership->is_leading() ? 1 : 0);
    std::map<std::string, int> by_state{{"living", 0}, {"left", 0}, {"gone", 0}};
    for (const auto& node : context.membership->nodes()) ++by_state[node.state];
    auto& nodes =
        families.add("hongyan_nodes", "Nodes of the cluster as this one sees them, by state.",
                     MetricType::Gauge);
    for (const auto& [state, count] : by_state) Families::put(nodes, {{"state", state}}, count);
    const auto& counts = context.membership->counts();
    families.counter("hongyan_nodes_buried_total", "Silent nodes that this one declared dead.",
                     static_cast<double>(counts.buried));
    families.counter("hongyan_messages_taken_over_total",
                     "Messages of nodes that are gone, taken over by this one.",
                     static_cast<double>(counts.taken_over));
    families.counter("hongyan_messages_republished_total",
                     "Messages put into the queue again because it may have lost them.",
                     static_cast<double>(counts.republished));
    families.counter("hongyan_node_pauses_total",
                     "Times that this node stopped sending because it could not tell the store "
                     "that it lives.",
                     static_cast<double>(counts.late_beats));
}

}  // namespace

std::string metrics_text(const Context& context) {
    Families families;
    add_messages(families, context);
    add_queue(families, context);
    add_accounts(families, context);
    add_pools(families, context);
    add_limits(families, context);
    add_cluster(families, context);
    const auto& settings = context.settings;
    families.append(
        engine_metrics(settings.queue.url.empty() ? nullptr : context.queue,
                       settings.coordination.url.empty() ? nullptr : context.coordination,
                       context.clock.now_ms()));
    const auto health = context.store.health();
    families.counter("hongyan_store_commits_total", "Write transactions synced to disk.",
                     static_cast<double>(health.commits));
    families.counter("hongyan_store_statements_total", "SQL statements run.",
                     static_cast<double>(health.statements));
    families.gauge("hongyan_store_wal_bytes", "Size of the write-ahead log.",
                   static_cast<double>(health.wal_bytes));
    families.gauge("hongyan_store_writable", "1 while the store can be written.",
                   health.writable && health.reachable ? 1 : 0);
    families.gauge("process_resident_memory_bytes", "Resident memory.", resident_bytes());
    families.counter("process_cpu_seconds_total", "Processor time.", processor_seconds());
    auto& info =
        families.add("hongyan_build_info", "1, with the version as a label.", MetricType::Gauge);
    Families::put(info, {{"version", HONGYAN_VERSION}}, 1);
    return families.text();
}

}  // namespace hongyan::api
