// SQL of provider accounts, suppressed recipients and outcome rules. Called inside a transaction or
// a snapshot; a failing statement throws StoreError.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

[[nodiscard]] std::vector<AccountRecord> all_accounts(Session& session);
[[nodiscard]] std::vector<AccountRecord> list_accounts(Session& session, std::int64_t tenant_id,
                                                       std::optional<ChannelKind> channel);
[[nodiscard]] std::optional<AccountRecord> find_account(Session& session, std::int64_t tenant_id,
                                                        std::int64_t id);
/// Throws ConstraintError if the name is taken in this tenant and channel.
[[nodiscard]] std::int64_t insert_account(Session& session, const AccountRecord& record);
[[nodiscard]] bool update_account(Session& session, const AccountRecord& record);
[[nodiscard]] bool delete_account(Session& session, std::int64_t tenant_id, std::int64_t id);
/// New sealed secrets alone, for a new master key.
void reseal_account(Session& session, std::int64_t id, std::string_view secrets);

/// Adds one, or leaves the one that stands.
void suppress(Session& session, const SuppressionRecord& record);
[[nodiscard]] std::optional<SuppressionRecord> find_suppression(Session& session,
                                                                std::int64_t tenant_id,
                                                                ChannelKind channel,
                                                                std::string_view recipient);
/// In the order of recipients, after the given one.
[[nodiscard]] std::vector<SuppressionRecord> list_suppressions(Session& session,
                                                               std::int64_t tenant_id,
                                                               std::optional<ChannelKind> channel,
                                                               std::string_view after, int limit);
[[nodiscard]] bool delete_suppression(Session& session, std::int64_t tenant_id, ChannelKind channel,
                                      std::string_view recipient);

/// What an operator says of a class of outcome; 0 in a number: the server's setting holds.
struct OutcomeRuleRow {
    OutcomeClass outcome = OutcomeClass::transient;
    std::string action = "retry";  ///< retry, wait (free of attempts), hold, fail
    bool fail_over = false;
    std::int64_t attempts = 0;
    std::int64_t base_ms = 0;
    std::int64_t max_ms = 0;
    std::int64_t version = 1;
};
[[nodiscard]] std::vector<OutcomeRuleRow> list_outcome_rules(Session& session);
/// Raises the rule's version.
[[nodiscard]] bool update_outcome_rule(Session& session, const OutcomeRuleRow& row);

}  // namespace hongyan::table
