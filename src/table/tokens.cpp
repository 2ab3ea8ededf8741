#include "table/tokens.hpp"

namespace hongyan::table {

void keep_token(Session& session, const ProviderToken& token) {
    session.run(
        "INSERT INTO provider_tokens (message_id, account_id, token, given_ms) VALUES ($1, $2, $3, "
        "$4) ON CONFLICT (message_id, account_id) DO UPDATE SET token = excluded.token, given_ms = "
        "excluded.given_ms",
        token.message_id, token.account_id, token.token, token.given_ms);
}

std::optional<ProviderToken> find_token(Session& session, std::int64_t message_id) {
    auto rows = session.query(
        "SELECT message_id, account_id, token, given_ms FROM provider_tokens WHERE message_id = $1 "
        "ORDER BY given_ms DESC LIMIT 1",
        message_id);
    if (!rows.next()) return std::nullopt;
    return ProviderToken{rows.integer(0), rows.integer(1), rows.text(2), rows.integer(3)};
}

std::int64_t delete_tokens(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM provider_tokens WHERE (message_id, account_id) IN (SELECT message_id, "
        "account_id FROM provider_tokens WHERE given_ms < $1 LIMIT $2)",
        before_ms, limit);
}

}  // namespace hongyan::table
