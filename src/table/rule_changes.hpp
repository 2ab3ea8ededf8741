// SQL of rule_changes: what was changed of pools and limits through the API, by whom, and whether
// it holds for good or only for a while (docs/decisions/0074). A change for a while ends once: it
// is taken back when its time is over, or kept, or void because the row was changed otherwise
// meanwhile, by any hand. Whoever ends one holds the lock on the rule's row first, so that nodes
// that come at the same moment do it one after the other. Called inside a transaction or a
// snapshot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"
#include "shape/shape.hpp"
#include "table/rules.hpp"

namespace hongyan::table {

enum class RuleKind : std::uint8_t { pool, limit };
inline constexpr std::array<std::string_view, 2> rule_kind_names{"pool", "limit"};

/// Stands for the row that is not there, before a limit was made.
inline constexpr std::string_view no_row;

struct RuleChange {
    std::int64_t id = 0;
    RuleKind kind = RuleKind::pool;
    std::int64_t row_id = 0;
    std::int64_t made_ms = 0;
    Actor made_by;
    std::string before;  ///< the row as JSON; no_row: the change made it
    std::string after;
    std::string state;           ///< lasting, waiting, kept, reverted, void, replaced
    std::int64_t revert_ms = 0;  ///< 0: for good
    std::int64_t ended_ms = 0;   ///< 0: lasting or waiting
    std::string ended_by;        ///< name of a key; "": its time was over, or the hand is unknown
};

/// The row as JSON: the same values give the same text.
[[nodiscard]] std::string rule_text(const PoolRule& rule);
[[nodiscard]] std::string rule_text(const LimitRule& rule);
/// The row as it is now, locked to the end of the transaction; no_row if it is gone.
[[nodiscard]] std::string lock_rule(Session& session, RuleKind kind, std::int64_t row_id);

/// Newest first, at most `most` of each row. row_id 0: of every row of the kind.
[[nodiscard]] std::vector<RuleChange> list_rule_changes(Session& session, RuleKind kind,
                                                        std::int64_t row_id, int most);
/// Every change that waits for its end.
[[nodiscard]] std::vector<RuleChange> waiting_rule_changes(Session& session);

struct NewRuleChange {
    RuleKind kind = RuleKind::pool;
    std::int64_t row_id = 0;
    std::string before;
    std::string after;
    Actor by;
    std::int64_t for_seconds = 0;  ///< 0: for good
};
/// Notes a change that was just written, in its transaction and under lock_rule(). What waited on
/// this row ends: a change for good makes it void, or keeps it if it changes nothing; one for a
/// while takes its place, and what it will go back to. Nothing is noted if nothing changed;
/// false if that was to be for a while, for it has nothing to go back to.
[[nodiscard]] bool note_rule_change(Session& session, const NewRuleChange& change);
/// The row is being deleted: what waits on it is void, and its history goes with it.
void forget_rule_changes(Session& session, RuleKind kind, std::int64_t row_id);

/// Keeps what waits on a row; nullopt if nothing waits.
[[nodiscard]] std::optional<RuleChange> keep_rule(Session& session, RuleKind kind,
                                                  std::int64_t row_id, const std::string& by);
/// Takes back what waits on a row, or makes it void if the row is not as the change left it. by "":
/// its time is over. Gives the change with its end; nullopt if nothing waits.
[[nodiscard]] std::optional<RuleChange> revert_rule(Session& session, RuleKind kind,
                                                    std::int64_t row_id, const std::string& by);
/// What has to be done with a waiting change now: it is due, or the row was changed otherwise. Ends
/// it then and gives it; nullopt if it still waits, or no longer.
[[nodiscard]] std::optional<RuleChange> settle_rule(Session& session, const RuleChange& change);

}  // namespace hongyan::table
