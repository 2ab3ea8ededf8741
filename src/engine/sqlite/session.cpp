#include "engine/sqlite/session.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <vector>

#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {

SqliteSession::Slot& SqliteSession::slot_of(std::string_view sql) {
    const auto address = reinterpret_cast<std::uintptr_t>(sql.data());
    const std::uint64_t mixed = (address ^ (sql.size() << 40)) * 0x9e3779b97f4a7c15ULL;
    static_assert(std::tuple_size_v<decltype(slots_)> == 1U << 9);
    return slots_[mixed >> (64 - 9)];
}

Statement& SqliteSession::prepare(std::string_view sql) {
    Slot& slot = slot_of(sql);
    // The text is compared too: a text built at run time may stand where another one stood before.
    if (slot.statement == nullptr || slot.text != sql.data() || slot.statement->sql() != sql) {
        slot = Slot{};
        SqliteStatement& found = find(sql);
        slot = Slot{sql.data(), &found};
    }
    slot.statement->reset();
    slot.statement->last_used = ++statements_;
    return *slot.statement;
}

SqliteStatement& SqliteSession::find(std::string_view sql) {
    if (const auto found = by_text_.find(sql); found != by_text_.end()) return *found->second;
    auto made = std::make_unique<SqliteStatement>(connection_.get(), sql, lost_);
    return *by_text_.emplace(std::string(sql), std::move(made)).first->second;
}

void SqliteSession::execute_script(const std::string& sql) {
    ++statements_;
    if (lost_) throw SqliteFailure(SQLITE_ABORT, "the transaction has failed before", sql);
    const int code = connection_.execute(sql.c_str());
    if (code == SQLITE_OK) return;
    lost_ = sqlite3_get_autocommit(connection_.get()) != 0;
    throw_failure(connection_.get(), code, sql);
}

std::int64_t SqliteSession::changes() const { return sqlite3_changes64(connection_.get()); }

void SqliteSession::reset_all() {
    for (const auto& [text, statement] : by_text_) statement->reset();
}

void SqliteSession::end_transaction() {
    reset_all();
    lost_ = false;
    if (by_text_.size() <= max_cached) return;
    std::vector<std::uint64_t> ages;
    for (const auto& [text, statement] : by_text_) ages.push_back(statement->last_used);
    // A quarter goes at once, so that trimming is rare.
    const auto keep_from = ages.end() - static_cast<std::ptrdiff_t>(max_cached / 4 * 3);
    std::nth_element(ages.begin(), keep_from, ages.end());
    std::erase_if(by_text_, [oldest = *keep_from](const auto& entry) {
        return entry.second->last_used < oldest;
    });
    slots_ = {};
}

}  // namespace hongyan::sqlite
