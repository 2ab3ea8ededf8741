#include "table/accounts.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "id, tenant_id, channel, provider, name, settings, secrets, status, tier, weight, policy, "
    "callback_key, created_ms, updated_ms";

std::optional<AccountRecord> read_row(const Rows& rows) {
    const auto channel = from_text<ChannelKind>(channel_names, rows.view(2));
    if (!channel) return std::nullopt;  // of a channel that this program does not have
    AccountRecord a;
    a.id = rows.integer(0);
    a.tenant_id = rows.integer(1);
    a.channel = *channel;
    a.provider = rows.text(3);
    a.name = rows.text(4);
    a.settings = rows.text(5);
    a.secrets = rows.text(6);
    a.status = rows.text(7);
    a.tier = static_cast<std::int32_t>(rows.integer(8));
    a.weight = static_cast<std::int32_t>(rows.integer(9));
    a.policy = rows.text(10);
    a.callback_key = rows.text(11);
    a.created_ms = rows.integer(12);
    a.updated_ms = rows.integer(13);
    return a;
}

std::vector<AccountRecord> read_all(Rows rows) {
    std::vector<AccountRecord> found;
    while (rows.next()) {
        if (auto row = read_row(rows)) found.push_back(std::move(*row));
    }
    return found;
}

std::string select(std::string_view rest) {
    return "SELECT " + std::string(columns) + " FROM provider_accounts " + std::string(rest);
}

void bind_secrets(Statement& s, int index, std::string_view secrets) {
    if (secrets.empty())
        s.bind_null(index);
    else
        s.bind_blob(index, secrets);
}

void finish(Statement& s) {
    while (s.step()) {
    }
    s.reset();
}

/// Of an INSERT ... RETURNING id.
std::int64_t new_id(Statement& s) {
    const std::int64_t id = s.step() ? s.int_at(0) : 0;
    finish(s);
    return id;
}

SuppressionRecord read_suppression(const Rows& rows) {
    SuppressionRecord s;
    s.tenant_id = rows.integer(0);
    s.channel = from_text<ChannelKind>(channel_names, rows.view(1)).value_or(ChannelKind::sms);
    s.recipient = rows.text(2);
    s.reason = rows.text(3);
    s.message_id = rows.integer(4);
    s.created_ms = rows.integer(5);
    return s;
}

}  // namespace

std::vector<AccountRecord> all_accounts(Session& session) {
    static const std::string sql = select("ORDER BY id");
    return read_all(session.query(sql));
}

std::vector<AccountRecord> list_accounts(Session& session, std::int64_t tenant_id,
                                         std::optional<ChannelKind> channel) {
    static const std::string sql =
        select("WHERE tenant_id = $1 AND ($2 = '' OR channel = $2) ORDER BY channel, tier, id");
    return read_all(
        session.query(sql, tenant_id, channel ? to_text(*channel) : std::string_view()));
}

std::optional<AccountRecord> find_account(Session& session, std::int64_t tenant_id,
                                          std::int64_t id) {
    static const std::string sql = select("WHERE id = $1 AND tenant_id = $2");
    auto rows = session.query(sql, id, tenant_id);
    if (!rows.next()) return std::nullopt;
    return read_row(rows);
}

std::int64_t insert_account(Session& session, const AccountRecord& a) {
    Statement& s = session.prepare(
        "INSERT INTO provider_accounts (tenant_id, channel, provider, name, settings, secrets, "
        "status, tier, weight, policy, callback_key, created_ms, updated_ms) VALUES ($1, $2, $3, "
        "$4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id");
    s.bind(1, a.tenant_id);
    s.bind(2, to_text(a.channel));
    s.bind(3, std::string_view(a.provider));
    s.bind(4, std::string_view(a.name));
    s.bind(5, std::string_view(a.settings));
    bind_secrets(s, 6, a.secrets);
    s.bind(7, std::string_view(a.status));
    s.bind(8, std::int64_t{a.tier});
    s.bind(9, std::int64_t{a.weight});
    s.bind(10, std::string_view(a.policy));
    s.bind(11, std::string_view(a.callback_key));
    s.bind(12, a.created_ms);
    return new_id(s);
}

bool update_account(Session& session, const AccountRecord& a) {
    Statement& s = session.prepare(
        "UPDATE provider_accounts SET name = $3, settings = $4, secrets = $5, status = $6, "
        "tier = $7, weight = $8, policy = $9, updated_ms = $10 WHERE id = $1 AND tenant_id = $2");
    s.bind(1, a.id);
    s.bind(2, a.tenant_id);
    s.bind(3, std::string_view(a.name));
    s.bind(4, std::string_view(a.settings));
    bind_secrets(s, 5, a.secrets);
    s.bind(6, std::string_view(a.status));
    s.bind(7, std::int64_t{a.tier});
    s.bind(8, std::int64_t{a.weight});
    s.bind(9, std::string_view(a.policy));
    s.bind(10, a.updated_ms);
    finish(s);
    return session.changes() == 1;
}

bool delete_account(Session& session, std::int64_t tenant_id, std::int64_t id) {
    return session.run("DELETE FROM provider_accounts WHERE id = $1 AND tenant_id = $2", id,
                       tenant_id) == 1;
}

void reseal_account(Session& session, std::int64_t id, std::string_view secrets) {
    Statement& s = session.prepare("UPDATE provider_accounts SET secrets = $2 WHERE id = $1");
    s.bind(1, id);
    bind_secrets(s, 2, secrets);
    finish(s);
}

void suppress(Session& session, const SuppressionRecord& record) {
    session.run(
        "INSERT INTO suppressions (tenant_id, channel, recipient, reason, message_id, created_ms) "
        "VALUES ($1, $2, $3, $4, nullif($5, 0), $6) ON CONFLICT DO NOTHING",
        record.tenant_id, to_text(record.channel), record.recipient, record.reason,
        record.message_id, record.created_ms);
}

std::optional<SuppressionRecord> find_suppression(Session& session, std::int64_t tenant_id,
                                                  ChannelKind channel, std::string_view recipient) {
    auto rows = session.query(
        "SELECT tenant_id, channel, recipient, reason, message_id, created_ms FROM suppressions "
        "WHERE tenant_id = $1 AND channel = $2 AND recipient = $3",
        tenant_id, to_text(channel), recipient);
    if (!rows.next()) return std::nullopt;
    return read_suppression(rows);
}

std::vector<SuppressionRecord> list_suppressions(Session& session, std::int64_t tenant_id,
                                                 std::optional<ChannelKind> channel,
                                                 std::string_view after, int limit) {
    auto rows = session.query(
        "SELECT tenant_id, channel, recipient, reason, message_id, created_ms FROM suppressions "
        "WHERE tenant_id = $1 AND ($2 = '' OR channel = $2) AND channel || '/' || recipient > $3 "
        "ORDER BY channel || '/' || recipient LIMIT $4",
        tenant_id, channel ? to_text(*channel) : std::string_view(), after, limit);
    std::vector<SuppressionRecord> found;
    while (rows.next()) found.push_back(read_suppression(rows));
    return found;
}

bool delete_suppression(Session& session, std::int64_t tenant_id, ChannelKind channel,
                        std::string_view recipient) {
    return session.run(
               "DELETE FROM suppressions WHERE tenant_id = $1 AND channel = $2 AND recipient = $3",
               tenant_id, to_text(channel), recipient) == 1;
}

std::vector<OutcomeRuleRow> list_outcome_rules(Session& session) {
    auto rows = session.query(
        "SELECT outcome, action, fail_over, attempts, base_ms, max_ms, version FROM outcome_rules");
    std::vector<OutcomeRuleRow> found;
    while (rows.next()) {
        const auto outcome = from_text<OutcomeClass>(outcome_class_names, rows.view(0));
        if (!outcome) continue;
        found.push_back({*outcome, rows.text(1), rows.integer(2) != 0, rows.integer(3),
                         rows.integer(4), rows.integer(5), rows.integer(6)});
    }
    return found;
}

bool update_outcome_rule(Session& session, const OutcomeRuleRow& row) {
    return session.run(
               "UPDATE outcome_rules SET action = $2, fail_over = $3, attempts = nullif($4, 0), "
               "base_ms = nullif($5, 0), max_ms = nullif($6, 0), version = version + 1 "
               "WHERE outcome = $1",
               to_text(row.outcome), row.action, row.fail_over, row.attempts, row.base_ms,
               row.max_ms) == 1;
}

}  // namespace hongyan::table
