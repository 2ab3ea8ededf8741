#include "engine/sqlite/backup.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/sqlite/connection.hpp"
#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

constexpr int pages_per_step = 256;

/// The copy under way: removed with its side files unless it is renamed at the end.
class PartFile {
  public:
    explicit PartFile(std::filesystem::path target)
        : target_(std::move(target)), part_(target_.string() + ".part") {}
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    ~PartFile() {
        if (!kept_) remove();
    }
    [[nodiscard]] const std::filesystem::path& path() const { return part_; }

    Status create() {
        remove();
        return create_private_file(part_);
    }
    /// Durable under its final name, or not there at all.
    Status keep() {
        const int fd = ::open(part_.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0 || ::fsync(fd) != 0) return failure("sync", fd);
        ::close(fd);
        if (::rename(part_.c_str(), target_.c_str()) != 0) return failure("rename", -1);
        kept_ = true;
        return sync_folder(target_.parent_path());
    }

  private:
    [[nodiscard]] Error failure(const char* what, int fd) const {
        const std::string reason = std::strerror(errno);
        if (fd >= 0) ::close(fd);
        return make_error(ErrorCode::io_failed,
                          std::string("cannot ") + what + " " + part_.string() + ": " + reason);
    }
    void remove() const {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
            std::filesystem::remove(part_.string() + suffix, ignored);
        }
    }
    const std::filesystem::path target_;
    const std::filesystem::path part_;
    bool kept_ = false;
};

Error copy_error(sqlite3* db, int code) {
    return to_error(code, "backup: " + failure_text(db, code));
}

Status copy_pages(const Connection& from, const Connection& to, const BackupWatcher& watch) {
    sqlite3_backup* backup = sqlite3_backup_init(to.get(), "main", from.get(), "main");
    if (backup == nullptr) return copy_error(to.get(), sqlite3_extended_errcode(to.get()));
    int code = SQLITE_OK;
    bool wanted = true;
    while (code == SQLITE_OK && wanted) {
        code = sqlite3_backup_step(backup, pages_per_step);
        const std::int64_t total = sqlite3_backup_pagecount(backup);
        wanted = !watch || watch({total - sqlite3_backup_remaining(backup), total});
    }
    const int finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE && finished == SQLITE_OK) return Done{};
    if (code == SQLITE_OK) return make_error(ErrorCode::unavailable, "the backup was ended early");
    return copy_error(to.get(), code != SQLITE_DONE ? code : finished);
}

Status copy_snapshot(const SqliteOptions& source, const Connection& to,
                     const BackupWatcher& watch) {
    ConnectionOptions how;
    how.busy_timeout_ms = source.busy_timeout_ms;
    auto from = Connection::open(source.file, how);
    if (!from) return from.error();
    // The first read takes the snapshot; it is held until the connection closes.
    const int code = from->execute("BEGIN; SELECT count(*) FROM sqlite_schema");
    if (code != SQLITE_OK) return copy_error(from->get(), code);
    return copy_pages(*from, to, watch);
}

Status verify(const Connection& copy) {
    const std::string verdict = copy.ask("PRAGMA quick_check(1)");
    if (verdict == "ok") return Done{};
    return make_error(ErrorCode::storage_failed, "the backup is damaged: " + verdict);
}

}  // namespace

Status back_up(const SqliteOptions& source, const std::filesystem::path& target,
               const BackupWatcher& watch) {
    PartFile part(target);
    if (auto created = part.create(); !created) return created;
    {
        ConnectionOptions how;
        how.writer = true;
        auto to = Connection::open(part.path(), how);
        if (!to) return to.error();
        // Nothing to protect yet: the file is synced as a whole before it gets its name.
        (void)to->execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF");
        if (auto copied = copy_snapshot(source, *to, watch); !copied) return copied;
        if (auto sound = verify(*to); !sound) return sound;
        // One file without side files, wherever it is opened next.
        const int code = to->execute("PRAGMA journal_mode=DELETE");
        if (code != SQLITE_OK) return copy_error(to->get(), code);
    }
    return part.keep();
}

}  // namespace hongyan::sqlite
