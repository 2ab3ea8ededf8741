#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <unordered_map>

#include "table/bulk.hpp"
#include "table/message_where.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "id, tenant_id, task_id, template_id, template_version, channel, priority, status, attempts, "
    "recipient, subject, content,"
    " html, callback_url, metadata, due_ms, deliver_by_ms, finished_ms, next_attempt_ms, timing, "
    "provider,"
    " provider_message_id, reason, attempts_before, options, account_id, traceparent";

MessageRow read_row(const Rows& rows) {
    MessageRow row;
    Message& m = row.message;
    m.id = rows.integer(0);
    m.tenant_id = rows.integer(1);
    m.task_id = rows.integer(2);
    m.template_id = rows.integer(3);
    m.template_version = static_cast<std::int32_t>(rows.integer(4));
    const auto channel = from_text<ChannelKind>(channel_names, rows.view(5));
    const auto status = from_text<MessageStatus>(message_status_names, rows.view(7));
    m.channel = channel.value_or(ChannelKind::sms);
    m.priority = static_cast<std::uint8_t>(rows.integer(6));
    m.status = status.value_or(MessageStatus::failed);
    m.attempts = static_cast<std::int32_t>(rows.integer(8));
    m.recipient = rows.text(9);
    m.subject = rows.text(10);
    m.content = rows.text(11);
    m.html = rows.text(12);
    m.callback_url = rows.text(13);
    m.metadata = rows.text(14);
    m.due_ms = rows.integer(15);
    m.deliver_by_ms = rows.integer(16);
    if (is_final(m.status)) row.finished_ms = rows.integer(17);
    row.next_attempt_ms = rows.integer(18);
    row.timing = unpack_timing(rows.integer(19));
    row.provider = rows.text(20);
    row.provider_message_id = rows.text(21);
    row.reason = rows.text(22);
    m.attempts_before = static_cast<std::int32_t>(rows.integer(23));
    m.options = rows.text(24);
    m.account_id = rows.integer(25);
    m.traceparent = rows.text(26);
    m.by_account = row.provider.empty() || m.account_id != 0;
    return row;
}

/// The WHERE clause of a filter, with what it binds.
Conditions where_of(const MessageFilter& filter) {
    Conditions where;
    where.add("tenant_id = ", filter.tenant_id);
    const auto statuses = statuses_of(filter);
    if (statuses.size() == 1)
        where.add_status(statuses.front());
    else
        where.add_any_status(statuses);
    if (filter.channel) where.add("channel = ", std::string(to_text(*filter.channel)));
    if (filter.template_id) where.add("template_id = ", *filter.template_id);
    if (filter.task_id) where.add("task_id = ", *filter.task_id);
    if (filter.id) where.add("id = ", *filter.id);
    if (filter.priority) where.add("priority = ", *filter.priority);
    if (!filter.provider.empty()) where.add("provider = ", filter.provider);
    if (!filter.recipient.empty()) where.add("recipient = ", filter.recipient);
    if (!filter.error.empty()) where.add_reason(filter.error);
    if (filter.created_after_ms) where.add("id >= ", id_bound(*filter.created_after_ms));
    if (filter.created_before_ms) where.add("id < ", id_bound(*filter.created_before_ms));
    if (filter.before_id > 0) where.add("id < ", filter.before_id);
    return where;
}

}  // namespace

std::optional<MessageRow> find_message(Session& session, MessageId id) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM message_records WHERE id = $1";
    auto rows = session.query(sql, id);
    if (!rows.next()) return std::nullopt;
    return read_row(rows);
}

std::vector<std::optional<MessageRow>> find_messages(Session& session,
                                                     std::span<const MessageId> ids) {
    std::vector<std::optional<MessageRow>> found(ids.size());
    if (session.dialect() != Dialect::postgres || ids.size() < 2) {
        for (std::size_t i = 0; i < ids.size(); ++i) found[i] = find_message(session, ids[i]);
        return found;
    }
    ArrayText array;
    for (const auto id : ids) array.number(id);
    const auto [lowest, highest] = std::minmax_element(ids.begin(), ids.end());
    static const std::string sql = "SELECT " + std::string(columns) +
                                   " FROM message_records WHERE id = ANY ($1::bigint[]) AND id "
                                   "BETWEEN $2 AND $3";
    std::unordered_map<MessageId, std::size_t> places;
    for (std::size_t i = 0; i < ids.size(); ++i) places.emplace(ids[i], i);
    auto rows = session.query(sql, array.close(), *lowest, *highest);
    while (rows.next()) {
        auto row = read_row(rows);
        found[places.at(row.message.id)] = std::move(row);
    }
    return found;
}

std::optional<MessageRow> find_for_change(Session& session, MessageId id) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM message_records WHERE id = $1 FOR UPDATE";
    if (session.dialect() != Dialect::postgres) return find_message(session, id);
    auto rows = session.query(sql, id);
    if (!rows.next()) return std::nullopt;
    return read_row(rows);
}

std::optional<MessageStatus> find_status(Session& session, std::int64_t tenant_id, MessageId id) {
    auto rows = session.query("SELECT status FROM message_records WHERE id = $1 AND tenant_id = $2",
                              id, tenant_id);
    if (!rows.next()) return std::nullopt;
    return from_text<MessageStatus>(message_status_names, rows.view(0));
}

std::vector<MessageRow> list_messages(Session& session, const MessageFilter& filter) {
    Query query;
    query.text("SELECT ").text(columns).text(" FROM message_records WHERE ");
    where_of(filter).put_into(query);
    query.text(" ORDER BY id DESC LIMIT ").number(filter.limit);
    Rows rows = query.rows(session);
    std::vector<MessageRow> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

std::int64_t count_messages(Session& session, const MessageFilter& filter) {
    Query query;
    query.text("SELECT count(*) FROM message_records WHERE ");
    where_of(filter).put_into(query);
    Rows rows = query.rows(session);
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<Attempt> list_attempts(Session& session, MessageId id) {
    auto rows = session.query(
        "SELECT attempt, provider, outcome, code, detail, started_ms, duration_ms, "
        "next_attempt_ms, rule_version, account_id, route"
        " FROM message_attempts WHERE message_id = $1 ORDER BY attempt",
        id);
    std::vector<Attempt> found;
    while (rows.next()) {
        Attempt a;
        a.message_id = id;
        a.attempt = static_cast<std::int32_t>(rows.integer(0));
        a.provider = rows.text(1);
        a.outcome = from_text<OutcomeClass>(outcome_class_names, rows.view(2))
                        .value_or(OutcomeClass::unknown);
        a.code = rows.text(3);
        a.detail = rows.text(4);
        a.started_ms = rows.integer(5);
        a.duration_ms = rows.integer(6);
        a.next_attempt_ms = rows.integer(7);
        a.rule_version = rows.text(8);
        a.account_id = rows.integer(9);
        a.route = rows.text(10);
        found.push_back(std::move(a));
    }
    return found;
}

namespace {

using GroupKey = std::tuple<std::string, ChannelKind, std::string, std::int64_t>;

/// The dead letters of one priority, newest first, at most so many; gives how many there were.
std::int64_t add_groups(Session& session, std::int64_t tenant_id, int priority, std::int64_t most,
                        std::map<GroupKey, DeadGroup>& groups) {
    auto rows = session.query(
        "SELECT reason, channel, provider, template_id, count(*), min(id), max(id) FROM"
        " (SELECT coalesce(reason, '') AS reason, channel, coalesce(provider, '') AS provider,"
        " coalesce(template_id, 0) AS template_id, id FROM message_records"
        " WHERE status NOT IN ('pending', 'success') AND status = 'failed' AND priority = $2"
        " AND tenant_id = $1 ORDER BY id DESC LIMIT $3) AS newest GROUP BY 1, 2, 3, 4",
        tenant_id, priority, most);
    std::int64_t seen = 0;
    while (rows.next()) {
        const auto channel =
            from_text<ChannelKind>(channel_names, rows.view(1)).value_or(ChannelKind::sms);
        auto& group = groups[{rows.text(0), channel, rows.text(2), rows.integer(3)}];
        group.count += rows.integer(4);
        group.first = group.first == 0 ? rows.integer(5) : std::min(group.first, rows.integer(5));
        group.last = std::max(group.last, rows.integer(6));
        seen += rows.integer(4);
    }
    return seen;
}

}  // namespace

DeadGroups dead_groups(Session& session, std::int64_t tenant_id, std::int64_t most) {
    constexpr std::size_t shown = 200;
    std::map<GroupKey, DeadGroup> groups;
    std::int64_t left = most;
    for (int priority = priority_levels - 1; priority >= 0 && left > 0; --priority)
        left -= add_groups(session, tenant_id, priority, left, groups);
    DeadGroups found;
    found.capped = left <= 0;
    for (auto& [key, group] : groups) {
        std::tie(group.reason, group.channel, group.provider, group.template_id) = key;
        found.groups.push_back(std::move(group));
    }
    std::sort(found.groups.begin(), found.groups.end(), [](const auto& a, const auto& b) {
        return std::pair(a.count, a.last) > std::pair(b.count, b.last);
    });
    if (found.groups.size() > shown) found.groups.resize(shown);
    return found;
}

}  // namespace hongyan::table
