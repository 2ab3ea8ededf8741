#include "engine/sqlite/failure.hpp"

#include <sqlite3.h>

namespace hongyan::sqlite {

FailureKind kind_of(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return FailureKind::busy;
        case SQLITE_FULL:
            return FailureKind::full;
        case SQLITE_IOERR:
            // Running out of memory in the file layer says nothing about the disk; the shared index
            // of the log cannot grow when the disk is full.
            if (code == SQLITE_IOERR_NOMEM) return FailureKind::other;
            return code == SQLITE_IOERR_SHMSIZE ? FailureKind::full : FailureKind::fatal;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return FailureKind::fatal;
        default:
            return FailureKind::other;
    }
}

std::string failure_text(sqlite3* db, int code) {
    if (kind_of(code) == FailureKind::full) return "disk is full";
    std::string text = sqlite3_errstr(code);
    if (db != nullptr && sqlite3_extended_errcode(db) == code) text = sqlite3_errmsg(db);
    return text + " (SQLite code " + std::to_string(code) + ")";
}

void throw_failure(sqlite3* db, int code, std::string_view sql) {
    if ((code & 0xff) == SQLITE_CONSTRAINT) throw ConstraintError(sqlite3_errmsg(db));
    throw SqliteFailure(code, failure_text(db, code), sql);
}

Error to_error(int code, const std::string& text) {
    if (kind_of(code) != FailureKind::busy) return make_error(ErrorCode::storage_failed, text);
    Error error =
        make_error(ErrorCode::unavailable, "another program holds the database's lock: " + text);
    error.retry_after = std::chrono::seconds(1);
    return error;
}

}  // namespace hongyan::sqlite
