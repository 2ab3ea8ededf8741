#include "engine/postgres/session.hpp"

#include "base/storable.hpp"

#include <algorithm>
#include <cstdlib>

namespace hongyan::postgres {
namespace {

/// For scripts, as migrations and long locks are.
constexpr Milliseconds script_patience{600'000};

}  // namespace

template <class Call>
auto PostgresSession::guarded(std::string_view sql, const Call& call) {
    ++statements_;
    if (state_.spent)
        throw PostgresFailure(FailureKind::again, "the transaction has failed before", sql);
    try {
        return call();
    } catch (const PostgresFailure& failure) {
        state_.spent = failure.kind() == FailureKind::lost || failure.kind() == FailureKind::again;
        throw;
    }
}

Statement& PostgresSession::prepare(std::string_view sql) {
    auto found = by_text_.find(sql);
    if (found == by_text_.end()) {
        auto made = std::make_unique<PostgresStatement>(connection_, state_,
                                                        "s" + std::to_string(++names_), sql);
        found = by_text_.emplace(std::string(sql), std::move(made)).first;
    }
    found->second->reset();
    found->second->last_used = ++statements_;
    return *found->second;
}

void PostgresSession::execute_script(const std::string& sql) {
    (void)guarded(sql, [&] { return connection_.execute(sql, script_patience); });
}

void PostgresSession::copy_in(std::string_view sql, std::string_view rows) {
    const auto result = guarded(sql, [&] {
        if (is_storable(rows)) return connection_.copy_in(std::string(sql), rows);
        return connection_.copy_in(std::string(sql), storable(rows));
    });
    state_.changes = std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
}

void PostgresSession::reset_all() {
    for (const auto& [text, statement] : by_text_) statement->reset();
}

void PostgresSession::end_transaction() {
    reset_all();
    state_ = {};
    if (by_text_.size() > max_cached) trim();
}

void PostgresSession::trim() {
    std::vector<std::uint64_t> ages;
    for (const auto& [text, statement] : by_text_) ages.push_back(statement->last_used);
    // A quarter goes at once, so that trimming is rare.
    const auto keep_from = ages.end() - static_cast<std::ptrdiff_t>(max_cached / 4 * 3);
    std::nth_element(ages.begin(), keep_from, ages.end());
    std::string script;
    std::erase_if(by_text_, [&, oldest = *keep_from](const auto& entry) {
        if (entry.second->last_used >= oldest) return false;
        if (!entry.second->server_name().empty())
            script += "DEALLOCATE " + entry.second->server_name() + ";";
        return true;
    });
    if (!script.empty()) (void)connection_.execute(script);
}

}  // namespace hongyan::postgres
