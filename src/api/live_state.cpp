#include "api/live_state.hpp"

#include <algorithm>
#include <cmath>

#include "api/node_report.hpp"
#include "table/message_search.hpp"

namespace hongyan::api {
namespace {

constexpr int days = 7;
constexpr int last_messages = 50;
constexpr std::size_t shown_characters = 200;

/// Where the text's first so many characters end, whole UTF-8 sequences only.
std::string beginning_of(const std::string& text) {
    std::size_t characters = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (begins && ++characters > shown_characters) return text.substr(0, at) + "…";
    }
    return text;
}

std::optional<std::int64_t> number_or_none(std::int64_t number) {
    return number > 0 ? std::optional(number) : std::nullopt;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

LivePool view_of(const delivery::PoolView& pool) {
    LivePool view;
    view.id = pool.id;
    view.name = pool.rule.name;
    view.size = pool.size;
    view.core = pool.rule.core_pool_size;
    view.max = pool.rule.max_pool_size;
    view.active = pool.active_count;
    view.queue_size = pool.queue_size;
    view.queue_capacity = pool.rule.queue_capacity;
    if (pool.size > 0)
        view.use = rounded(std::min(1.0, static_cast<double>(pool.active_count) / pool.size));
    return view;
}

LiveLimit view_of(const LimitUsage& usage) {
    return {usage.rule.id,          usage.rule.resource,    std::string(to_text(usage.rule.type)),
            rounded(usage.current), rounded(usage.allowed), usage.refused};
}

LiveAccount view_of(delivery::LiveAccount& account, std::int64_t now_ms) {
    const auto& record = account.record();
    const auto figures = account.figures(now_ms);
    LiveAccount view;
    view.id = record.id;
    view.channel = to_text(record.channel);
    view.name = record.name;
    view.provider = record.provider;
    view.status = record.status;
    view.breaker = route::breaker_state_names[static_cast<std::size_t>(figures.breaker)];
    view.health = account.trouble().empty() ? rounded(figures.health) : 0;
    return view;
}

std::int64_t count_of(Session& session, std::int64_t tenant_id, MessageStatus status) {
    table::MessageFilter filter;
    filter.tenant_id = tenant_id;
    filter.status = status;
    return table::count_up_to(session, filter, most_counted_live);
}

}  // namespace

MessageSummary summary_of(const table::MessageRow& row) {
    const Message& m = row.message;
    MessageSummary view;
    view.message_id = m.id;
    view.trace_id = trace_id_of(m.id);
    view.task_id = number_or_none(m.task_id);
    view.template_id = number_or_none(m.template_id);
    view.channel = to_text(m.channel);
    view.recipient = m.recipient;
    view.subject = beginning_of(m.subject);
    view.content = beginning_of(m.content);
    view.priority = m.priority;
    view.status = to_text(m.status);
    if (!row.reason.empty()) view.reason = row.reason;
    view.attempts = m.attempts;
    if (!row.provider.empty()) view.provider = row.provider;
    view.created_at = m.created_ms();
    view.finished_at = number_or_none(row.finished_ms);
    if (m.status == MessageStatus::success || m.status == MessageStatus::delivered)
        view.sent_at = view.finished_at;
    return view;
}

void read_stored(LiveState& state, Session& session, std::int64_t tenant_id, std::int64_t now_ms) {
    const auto rows = table::list_statistics(session, tenant_id, report::first_day(now_ms, days));
    const auto sums = report::make_overview(rows, now_ms, days);
    state.totals.week = totals_view(sums.totals);
    state.totals.today = totals_view(sums.by_day.back().totals);
    for (const auto& one : sums.by_day) state.by_day.push_back(api::view_of(one));
    for (const auto& one : sums.by_channel) state.by_channel.push_back(api::view_of(one));
    table::MessageFilter filter;
    filter.tenant_id = tenant_id;
    filter.limit = last_messages;
    const auto page = table::search_messages(session, filter, {[] { return true; }});
    for (const auto& row : page.rows) state.messages.push_back(summary_of(row));
    state.unknown_count = count_of(session, tenant_id, MessageStatus::unknown);
    state.dead_letter_count = count_of(session, tenant_id, MessageStatus::failed);
}

void read_gauges(LiveState& state, const Context& context, std::int64_t tenant_id) {
    state.realtime.last_minute = live_view(live_of_all(context, tenant_id, 60), 60);
    state.realtime.last_hour = live_view(live_of_all(context, tenant_id, 3'600), 3'600);
    state.queue = queue_of_all(context);
    for (const auto* pool : context.pools) state.pools.push_back(view_of(pool->view()));
    for (const auto& usage : context.limiter.usage()) state.limits.push_back(view_of(usage));
    const auto now_ms = context.clock.now_ms();
    for (const auto& account : context.accounts.all()) {
        if (account->record().tenant_id == tenant_id)
            state.accounts.push_back(view_of(*account, now_ms));
    }
}

}  // namespace hongyan::api
