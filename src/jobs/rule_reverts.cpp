#include "jobs/rule_reverts.hpp"

#include <future>

#include "table/nodes.hpp"
#include "table/rule_changes.hpp"

namespace hongyan::jobs {
namespace {

using table::RuleChange;
using table::RuleKind;

/// As the snapshot has it; looked at again under the row's lock.
bool needs_end(const RuleChange& change, std::int64_t now_ms,
               const std::vector<std::pair<std::int64_t, std::string>>& rows) {
    if (change.revert_ms <= now_ms) return true;
    for (const auto& [id, text] : rows) {
        if (id == change.row_id) return text != change.after;
    }
    return true;
}

std::vector<RuleChange> find_ended(Session& session) {
    auto waiting = table::waiting_rule_changes(session);
    if (waiting.empty()) return waiting;
    std::vector<std::pair<std::int64_t, std::string>> pools;
    std::vector<std::pair<std::int64_t, std::string>> limits;
    for (const auto& row : table::list_pools(session))
        pools.emplace_back(row.id, table::rule_text(row.rule));
    std::vector<Problem> ignored;
    for (const auto& rule : table::list_limits(session, ignored))
        limits.emplace_back(rule.id, table::rule_text(rule));
    const auto now = table::database_now_ms(session);
    std::erase_if(waiting, [&](const RuleChange& change) {
        return !needs_end(change, now, change.kind == RuleKind::pool ? pools : limits);
    });
    return waiting;
}

}  // namespace

int end_rule_changes(Store& store, delivery::Delivery& delivery, Log& log) {
    std::vector<RuleChange> due;
    const auto read = store.read([&](Session& session) { due = find_ended(session); });
    if (!read || due.empty()) return 0;
    std::vector<RuleChange> ended;
    std::promise<bool> written;
    delivery.change(
        [&](Session& session, delivery::Counts&) {
            ended.clear();
            for (const auto& change : due) {
                if (auto done = table::settle_rule(session, change)) ended.push_back(*done);
            }
        },
        [&](const Status& status) { written.set_value(status.ok()); });
    if (!written.get_future().get()) return 0;
    for (const auto& change : ended) {
        log.info("rule_change_ended",
                 {{"kind", table::rule_kind_names[static_cast<std::size_t>(change.kind)]},
                  {"id", change.row_id},
                  {"state", change.state}});
    }
    return static_cast<int>(ended.size());
}

}  // namespace hongyan::jobs
