#include <algorithm>
#include <cstdint>

#include "base/assert.hpp"
#include "table/messages.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "id, tenant_id, task_id, template_id, template_version, channel, priority, status, attempts, "
    "recipient, subject, content,"
    " html, callback_url, metadata, due_ms, deliver_by_ms, finished_ms, next_attempt_ms, timing, "
    "provider,"
    " provider_message_id, reason, attempts_before, options, account_id";

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
    m.by_account = row.provider.empty() || m.account_id != 0;
    return row;
}

/// The first id of that moment; moments that no id can have (the year 9999) become the nearest one.
MessageId id_bound(std::int64_t unix_ms) {
    constexpr std::int64_t latest_ms = INT64_MAX >> id_counter_bits;
    return first_id_at(std::clamp<std::int64_t>(unix_ms, 0, latest_ms));
}

/// The WHERE clause of a filter, with what it binds.
class Where {
  public:
    explicit Where(const MessageFilter& filter) {
        add("tenant_id = ", filter.tenant_id);
        if (filter.status) status(*filter.status);
        if (filter.channel) add("channel = ", std::string(to_text(*filter.channel)));
        if (filter.template_id) add("template_id = ", *filter.template_id);
        if (filter.task_id) add("task_id = ", *filter.task_id);
        if (filter.id) add("id = ", *filter.id);
        if (!filter.recipient.empty()) add("recipient = ", filter.recipient);
        if (!filter.error.empty()) {
            add("instr(reason, ", filter.error, ") > 0");
        }
        if (filter.created_after_ms) add("id >= ", id_bound(*filter.created_after_ms));
        if (filter.created_before_ms) add("id < ", id_bound(*filter.created_before_ms));
        if (filter.before_id > 0) add("id < ", filter.before_id);
    }
    [[nodiscard]] const std::string& text() const { return text_; }
    void bind(Statement& statement) const {
        int index = 0;
        for (const auto& value : values_) {
            ++index;
            if (value.is_text)
                statement.bind(index, std::string_view(value.text));
            else
                statement.bind(index, value.number);
        }
    }
    void add(std::string_view condition, std::int64_t number, std::string_view after = "") {
        put(condition, after);
        values_.push_back({false, number, ""});
    }
    void add(std::string_view condition, std::string text, std::string_view after = "") {
        put(condition, after);
        values_.push_back({true, 0, std::move(text)});
    }
    /// Appends text and a number that is no condition, e.g. LIMIT.
    void append(std::string_view text, std::int64_t number) {
        values_.push_back({false, number, ""});
        text_ += std::string(text) + "$" + std::to_string(values_.size());
    }

  private:
    struct Value {
        bool is_text;
        std::int64_t number;
        std::string text;
    };
    void put(std::string_view condition, std::string_view after) {
        text_ += text_.empty() ? " WHERE " : " AND ";
        text_ +=
            std::string(condition) + "$" + std::to_string(values_.size() + 1) + std::string(after);
    }
    void status(MessageStatus wanted) {
        // The words of a partial index's own condition let it be used.
        if (wanted == MessageStatus::pending) {
            text_ += " AND status = 'pending'";
        } else if (wanted == MessageStatus::success) {
            text_ += " AND status = 'success'";
        } else {
            text_ += " AND status NOT IN ('pending', 'success')";
            add("status = ", std::string(to_text(wanted)));
        }
    }
    std::string text_;
    std::vector<Value> values_;
};

}  // namespace

std::optional<MessageRow> find_message(Session& session, MessageId id) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM message_records WHERE id = $1";
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
    Where where(filter);
    where.append(" ORDER BY id DESC LIMIT ", filter.limit);
    const std::string sql =
        "SELECT " + std::string(columns) + " FROM message_records" + where.text();
    Statement& statement = session.prepare(sql);
    where.bind(statement);
    Rows rows(statement);
    std::vector<MessageRow> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

std::int64_t count_messages(Session& session, const MessageFilter& filter) {
    Where where(filter);
    const std::string sql = "SELECT count(*) FROM message_records" + where.text();
    Statement& statement = session.prepare(sql);
    where.bind(statement);
    Rows rows(statement);
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

std::vector<DeadGroup> dead_groups(Session& session, std::int64_t tenant_id) {
    auto rows = session.query(
        "SELECT coalesce(reason, ''), channel, count(*), min(id), max(id) FROM message_records "
        "WHERE status NOT IN ('pending', 'success')"
        " AND status = 'failed' AND tenant_id = $1 GROUP BY reason, channel ORDER BY count(*) DESC "
        "LIMIT 200",
        tenant_id);
    std::vector<DeadGroup> found;
    while (rows.next()) {
        found.push_back(
            {rows.text(0),
             from_text<ChannelKind>(channel_names, rows.view(1)).value_or(ChannelKind::sms),
             rows.integer(2), rows.integer(3), rows.integer(4)});
    }
    return found;
}

}  // namespace hongyan::table
