#include "engine/sqlite/statement.hpp"

#include <sqlite3.h>

#include "base/text.hpp"
#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

constexpr int max_parameters = 32'766;

/// SQLite takes a null pointer for NULL; an empty text must stay a text.
const char* never_null(std::string_view text) { return text.data() != nullptr ? text.data() : ""; }

}  // namespace

SqliteStatement::SqliteStatement(sqlite3* db, std::string_view sql, bool& lost)
    : db_(db), lost_(lost), sql_(sql) {
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(db, sql_.c_str(), static_cast<int>(sql_.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &statement_, &tail);
    if (code != SQLITE_OK) throw_failure(db, code, sql_);
    try {
        if (statement_ == nullptr || !trim(tail).empty()) {
            throw SqliteFailure(SQLITE_MISUSE, "prepare() takes exactly one statement", sql_);
        }
        read_parameters();
    } catch (...) {
        sqlite3_finalize(statement_);
        throw;
    }
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::read_parameters() {
    const int count = sqlite3_bind_parameter_count(statement_);
    for (int place = 1; place <= count; ++place) {
        const char* name = sqlite3_bind_parameter_name(statement_, place);
        const auto index = name != nullptr && *name == '$' ? parse_int(name + 1) : std::nullopt;
        if (!index || *index < 1 || *index > max_parameters) {
            throw SqliteFailure(SQLITE_MISUSE, "parameters are named $1, $2, ...", sql_);
        }
        const auto slot = static_cast<std::size_t>(*index);
        if (places_.size() < slot) places_.resize(slot);
        places_[slot - 1] = place;
    }
}

int SqliteStatement::place_of(int index) {
    dirty_ = true;
    const auto slot = static_cast<std::size_t>(index - 1);
    return slot < places_.size() ? places_[slot] : 0;
}

void SqliteStatement::check(int code) {
    if (code != SQLITE_OK) throw_failure(db_, code, sql_);
}

void SqliteStatement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(statement_, place_of(index), value));
}

void SqliteStatement::bind(int index, double value) {
    check(sqlite3_bind_double(statement_, place_of(index), value));
}

void SqliteStatement::bind(int index, std::string_view text) {
    check(sqlite3_bind_text64(statement_, place_of(index), never_null(text), text.size(),
                              SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteStatement::bind_blob(int index, std::string_view bytes) {
    check(sqlite3_bind_blob64(statement_, place_of(index), never_null(bytes), bytes.size(),
                              SQLITE_STATIC));
}

void SqliteStatement::bind_null(int index) {
    check(sqlite3_bind_null(statement_, place_of(index)));
}

bool SqliteStatement::step() {
    if (done_) return false;
    if (lost_) throw SqliteFailure(SQLITE_ABORT, "the transaction has failed before", sql_);
    dirty_ = true;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    done_ = true;
    if (code == SQLITE_DONE) return false;
    lost_ = sqlite3_get_autocommit(db_) != 0;
    throw_failure(db_, code, sql_);
}

void SqliteStatement::reset() {
    if (!dirty_) return;
    sqlite3_reset(statement_);
    // The bound texts may be gone by now.
    sqlite3_clear_bindings(statement_);
    dirty_ = false;
    done_ = false;
}

bool SqliteStatement::null_at(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t SqliteStatement::int_at(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double SqliteStatement::real_at(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string_view SqliteStatement::text_at(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    if (bytes == nullptr) return {};
    const int size = sqlite3_column_bytes(statement_, column);
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace hongyan::sqlite
