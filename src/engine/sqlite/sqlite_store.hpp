// SqliteStore: the store in one SQLite file. One write connection, guarded by a mutex, takes the
// committer's transactions: WAL, synchronous=FULL, so that a write() that returned is on disk. A
// few read connections serve read(), each call on one consistent snapshot; readers never block the
// writer. All members are safe from every thread; read(), write() and the helpers block on the
// disk, so they never run on an I/O thread. Foreign keys are not enforced: the tables do without,
// which saves a look-up for every row. The file stays usable with the sqlite3 shell while the
// program runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/log.hpp"
#include "contract/store.hpp"

namespace hongyan::sqlite {

struct SqliteOptions {
    std::filesystem::path file;  ///< created with mode 0600 if missing; its folder must exist
    int cache_mib =
        32;  ///< page cache: three quarters for the writer, the rest shared by the readers
    int checkpoint_pages =
        1000;         ///< WAL pages after which a commit copies the log back into the file
    int readers = 2;  ///< read connections; opened at the first need
    int max_waiting_readers =
        256;  ///< read() calls that may wait for a connection; more are refused as overloaded
    int busy_timeout_ms = 5000;  ///< patience with a foreign program's lock, per try
    bool read_only = false;      ///< no writer; the file must exist
};

/// How far a backup is; the backup goes on while this returns true.
struct BackupProgress {
    std::int64_t pages_done = 0;
    std::int64_t pages_total = 0;
};
using BackupWatcher = std::function<bool(const BackupProgress&)>;

class SqliteStore final : public Store {
  public:
    /// Errors: storage_failed (not a database, no permission, ...), io_failed. log must outlive the
    /// store.
    static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options, Log& log);
    ~SqliteStore() override;

    /// One immediate transaction. Errors: conflict (a constraint refused a row), unavailable with
    /// retry_after (another program held the write lock for about 10 s), storage_failed (anything
    /// else; "disk is full" leaves the store usable, an I/O error, a failed sync or a damaged file
    /// makes it unwritable until it is opened again). Nothing of a failed transaction stays.
    /// Exceptions other than StoreError roll back and pass through.
    Status write(const std::function<void(Session&)>& work) override;
    /// Errors: overloaded (too many wait, or none became free in time), storage_failed.
    Status read(const std::function<void(Session&)>& work) override;
    [[nodiscard]] StoreHealth health() const override;

    /// Copies one consistent snapshot to target while reads and writes go on; the copy is checked
    /// (quick_check), synced and only then renamed to target, replacing what was there. The log
    /// cannot be reset meanwhile, so it grows by what is written during the copy. Errors:
    /// io_failed, storage_failed, unavailable (the watcher ended it, or another one runs).
    Status backup_to(const std::filesystem::path& target, const BackupWatcher& watch = {});
    /// Gives up to pages free pages at the file's end back to the file system, as one write
    /// transaction. Answers how many.
    Result<std::int64_t> incremental_vacuum(int pages);

  private:
    struct Parts;
    explicit SqliteStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace hongyan::sqlite
