#include "engine/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <mutex>
#include <system_error>

#include "engine/sqlite/backup.hpp"
#include "engine/sqlite/readers.hpp"
#include "engine/sqlite/writer.hpp"

namespace hongyan::sqlite {

struct SqliteStore::Parts {
    Parts(const SqliteOptions& with, Log& to) : options(with), readers(with, condition, to) {}
    const SqliteOptions options;
    Condition condition;
    std::unique_ptr<Writer> writer;  ///< none when read-only
    Readers readers;
    std::mutex backup;  ///< held while one runs
};

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options, Log& log) {
    auto parts = std::make_unique<Parts>(options, log);
    if (!options.read_only) {
        auto writer = Writer::open(options, parts->condition, log);
        if (!writer) return writer.error();
        parts->writer = std::move(*writer);
    }
    std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(parts)));
    // A first question: a file that cannot be read should fail here, not later.
    auto readable = store->read([](Session& session) {
        Rows rows = session.query("SELECT count(*) FROM sqlite_schema");
        (void)rows.next();
    });
    if (!readable) return readable.error();
    return store;
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteStore::~SqliteStore() = default;

Status SqliteStore::write(const std::function<void(Session&)>& work) {
    if (parts_->writer != nullptr) return parts_->writer->write(work);
    return make_error(ErrorCode::storage_failed, "the database was opened for reading only");
}

Status SqliteStore::read(const std::function<void(Session&)>& work) {
    return parts_->readers.read(work);
}

StoreHealth SqliteStore::health() const {
    const Condition& condition = parts_->condition;
    StoreHealth health;
    health.writable = parts_->writer != nullptr && condition.writable();
    health.detail = parts_->writer != nullptr ? condition.detail() : "opened for reading only";
    health.commits = condition.commits.load(std::memory_order_relaxed);
    health.statements = condition.statements.load(std::memory_order_relaxed);
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(parts_->options.file.string() + "-wal", missing);
    health.wal_bytes = missing ? 0 : bytes;
    return health;
}

Status SqliteStore::backup_to(const std::filesystem::path& target, const BackupWatcher& watch) {
    const std::unique_lock only_one(parts_->backup, std::try_to_lock);
    if (!only_one) return make_error(ErrorCode::unavailable, "another backup is under way");
    std::error_code different;
    if (std::filesystem::equivalent(target, parts_->options.file, different)) {
        return make_error(ErrorCode::io_failed, "a database cannot be backed up onto itself");
    }
    return back_up(parts_->options, target, watch);
}

Result<std::int64_t> SqliteStore::incremental_vacuum(int pages) {
    std::int64_t freed = 0;
    const auto free_pages = [](Session& session) {
        Rows rows = session.query("PRAGMA freelist_count");
        return rows.next() ? rows.integer(0) : 0;
    };
    auto done = write([&](Session& session) {
        const std::int64_t before = free_pages(session);
        // Without free pages even this pragma would touch the file.
        if (before == 0) return;
        session.execute_script("PRAGMA incremental_vacuum(" + std::to_string(std::max(1, pages)) +
                               ")");
        freed = before - free_pages(session);
    });
    if (!done) return done.error();
    return freed;
}

}  // namespace hongyan::sqlite
