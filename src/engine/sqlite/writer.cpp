#include "engine/sqlite/writer.hpp"

#include <sqlite3.h>

#include <chrono>
#include <utility>

#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

constexpr int page_size = 4096;
/// The log file is cut back to this once all of it is in the database; its blocks are used again.
constexpr std::int64_t min_log_limit = 16 * 1024 * 1024;

std::string settings_of(const SqliteOptions& options) {
    const std::int64_t limit =
        std::max<std::int64_t>(min_log_limit, 20LL * options.checkpoint_pages * page_size);
    // auto_vacuum takes effect in a new file only. Checkpoints are ours, see checkpointer.hpp.
    return "PRAGMA page_size=" + std::to_string(page_size) +
           "; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
           "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=" +
           std::to_string(limit);
}

/// One step of a statement without rows; 0 or an extended result code.
int run(sqlite3_stmt* statement) {
    sqlite3_step(statement);
    return sqlite3_reset(statement);
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(const SqliteOptions& options, Condition& condition,
                                             Log& log) {
    if (auto created = create_private_file(options.file); !created) return created.error();
    ConnectionOptions how;
    how.writer = true;
    how.cache_kib = options.cache_mib * 1024 / 4 * 3;
    how.busy_timeout_ms = options.busy_timeout_ms;
    auto connection = Connection::open(options.file, how);
    if (!connection) return connection.error();
    std::unique_ptr<Writer> writer(new Writer(std::move(*connection), options, condition, log));
    if (const int code = writer->prepare(); code != SQLITE_OK) {
        return to_error(
            code, options.file.string() + ": " + failure_text(writer->connection_.get(), code));
    }
    if (writer->connection_.ask("PRAGMA journal_mode") != "wal") {
        return make_error(ErrorCode::storage_failed,
                          options.file.string() +
                              " cannot use a write-ahead log; is it on a "
                              "network file system?");
    }
    auto checkpointer = Checkpointer::open(options, condition, log);
    if (!checkpointer) return checkpointer.error();
    writer->checkpointer_ = std::move(*checkpointer);
    sqlite3_wal_hook(writer->connection_.get(), on_commit, writer.get());
    return writer;
}

Writer::Writer(Connection connection, const SqliteOptions& options, Condition& condition, Log& log)
    : options_(options),
      condition_(condition),
      log_(log),
      connection_(std::move(connection)),
      session_(connection_) {}

Writer::~Writer() {
    checkpointer_.reset();
    for (sqlite3_stmt* statement : {begin_, commit_, rollback_}) sqlite3_finalize(statement);
}

int Writer::prepare() {
    if (const int code = connection_.execute(settings_of(options_).c_str()); code != 0) return code;
    const auto compile = [this](const char* sql, sqlite3_stmt*& into) {
        return sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &into,
                                  nullptr);
    };
    if (const int code = compile("BEGIN IMMEDIATE", begin_); code != 0) return code;
    if (const int code = compile("COMMIT", commit_); code != 0) return code;
    if (const int code = compile("ROLLBACK", rollback_); code != 0) return code;
    return SQLITE_OK;
}

Status Writer::write(const std::function<void(Session&)>& work) {
    const std::lock_guard lock(mutex_);
    if (!condition_.writable()) {
        return make_error(ErrorCode::storage_failed,
                          "the database is closed for writing: " + condition_.detail());
    }
    if (auto begun = begin(); !begun) return begun;
    try {
        work(session_);
        commit();
        return Done{};
    } catch (const ConstraintError& refused) {
        roll_back();
        return make_error(ErrorCode::conflict, refused.what());
    } catch (const SqliteFailure& failure) {
        roll_back();
        return failed(failure.code(), failure.what(), failure.sql());
    } catch (const StoreError& error) {
        roll_back();
        return make_error(ErrorCode::storage_failed, error.what());
    } catch (...) {
        roll_back();
        throw;
    }
}

Status Writer::begin() {
    using std::chrono::steady_clock;
    // Another program, e.g. the sqlite3 shell, may hold the lock: SQLite waits busy_timeout_ms in
    // each try.
    const auto patience = std::chrono::milliseconds(2 * options_.busy_timeout_ms);
    const auto until = steady_clock::now() + patience;
    int code = run(begin_);
    while (kind_of(code) == FailureKind::busy && steady_clock::now() < until) code = run(begin_);
    if (code == SQLITE_OK) return Done{};
    return failed(code, failure_text(connection_.get(), code), "BEGIN IMMEDIATE");
}

void Writer::commit() {
    session_.reset_all();
    // After some failures SQLite has already rolled back; work that caught the exception must not
    // pass for a success.
    if (sqlite3_get_autocommit(connection_.get()) != 0) {
        throw SqliteFailure(SQLITE_ABORT, "the transaction was ended inside", "");
    }
    if (const int code = run(commit_); code != SQLITE_OK) {
        throw_failure(connection_.get(), code, "COMMIT");
    }
    session_.end_transaction();
    condition_.commits.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t statements = session_.statements();
    condition_.statements.fetch_add(statements - std::exchange(counted_statements_, statements),
                                    std::memory_order_relaxed);
    condition_.clear_trouble();
}

void Writer::roll_back() {
    session_.end_transaction();
    if (sqlite3_get_autocommit(connection_.get()) == 0) run(rollback_);
    if (sqlite3_get_autocommit(connection_.get()) == 0) {
        condition_.give_up("a failed transaction could not be rolled back");
    }
}

Error Writer::failed(int code, const std::string& text, std::string_view sql) {
    const FailureKind kind = kind_of(code);
    // A full disk is logged once, not for every transaction that meets it.
    const bool news = kind != FailureKind::full || condition_.set_trouble(text);
    if (news) log_.error("store_write_failed", {{"detail", text}, {"code", code}, {"sql", sql}});
    if (kind == FailureKind::fatal) condition_.give_up(text);
    return to_error(code, text);
}

int Writer::on_commit(void* self, sqlite3*, const char*, int log_pages) {
    auto* writer = static_cast<Writer*>(self);
    if (writer->checkpointer_->on_commit(log_pages)) {
        run_checkpoint(writer->connection_, writer->condition_, writer->log_);
    }
    return SQLITE_OK;
}

}  // namespace hongyan::sqlite
