#include "jobs/rule_watch.hpp"

namespace hongyan::jobs {

RuleWatch::RuleWatch(Store& store, Log& log, RuleReaders readers)
    : store_(store), log_(log), readers_(std::move(readers)) {}

Status RuleWatch::poll() {
    const std::lock_guard lock(mutex_);
    table::RuleVersions now;
    std::vector<table::PoolRow> pools;
    std::vector<LimitRule> limits;
    std::vector<Problem> problems;
    auto read = store_.read([&](Session& session) {
        now = table::rule_versions(session);
        if (now.pools != seen_.pools) pools = table::list_pools(session);
        if (now.limits != seen_.limits) limits = table::list_limits(session, problems);
    });
    if (!read) return read;
    for (const auto& problem : problems)
        log_.warn("rule_ignored", {{"row", problem.path}, {"detail", problem.detail}});
    if (now.pools != seen_.pools) readers_.pools(pools);
    if (now.limits != seen_.limits) readers_.limits(limits);
    if (now.templates != seen_.templates) readers_.templates();
    if (now.keys != seen_.keys) readers_.keys();
    if (now.outcomes != seen_.outcomes) readers_.outcomes();
    if (now.suppressed != seen_.suppressed) readers_.suppressing(now.suppressed > 0);
    if (now.accounts != seen_.accounts) readers_.accounts();
    seen_ = now;
    return Done{};
}

}  // namespace hongyan::jobs
