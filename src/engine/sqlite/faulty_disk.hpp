// FaultyDisk: for tests, a file layer for SQLite that fails on demand. While it lives it is
// SQLite's default; files opened then must be closed before it goes. Faults may be switched from
// every thread.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>

#include "base/assert.hpp"

namespace hongyan::sqlite {

class FaultyDisk {
  public:
    FaultyDisk() : real_(sqlite3_vfs_find(nullptr)) {
        vfs_ = *real_;
        vfs_.zName = "faulty";
        vfs_.szOsFile = real_->szOsFile + static_cast<int>(sizeof(File));
        vfs_.pAppData = this;
        vfs_.xOpen = open;
        HY_ASSERT(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
    }
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;
    ~FaultyDisk() { sqlite3_vfs_unregister(&vfs_); }

    std::atomic<bool> full{false};         ///< writes answer "no space left"
    std::atomic<bool> sync_fails{false};   ///< syncs fail
    std::atomic<bool> write_fails{false};  ///< writes fail
    std::atomic<bool> database_sync_fails{
        false};  ///< syncs of the database file only, as in a checkpoint
    std::atomic<int> syncs{0};

  private:
    /// Stands before the real file object, which follows it in memory.
    struct File {
        sqlite3_file base;
        FaultyDisk* disk;
        sqlite3_io_methods methods;
        bool is_database;
        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };
    static File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
        auto* disk = static_cast<FaultyDisk*>(vfs->pAppData);
        File* mine = own(file);
        std::memset(static_cast<void*>(mine), 0, sizeof(File));
        mine->disk = disk;
        mine->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
        const int code = disk->real_->xOpen(disk->real_, name, mine->real(), flags, out);
        if (mine->real()->pMethods == nullptr) return code;
        mine->methods = forwarding();
        mine->base.pMethods = &mine->methods;
        return code;
    }
    template <auto Member, class... Args>
    static int forward(sqlite3_file* file, Args... args) {
        sqlite3_file* real = own(file)->real();
        return (real->pMethods->*Member)(real, args...);
    }
    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
        if (own(file)->disk->full) return SQLITE_FULL;
        if (own(file)->disk->write_fails) return SQLITE_IOERR_WRITE;
        return forward<&sqlite3_io_methods::xWrite>(file, bytes, size, at);
    }
    static int sync(sqlite3_file* file, int flags) {
        FaultyDisk* disk = own(file)->disk;
        ++disk->syncs;
        if (disk->sync_fails) return SQLITE_IOERR_FSYNC;
        if (disk->database_sync_fails && own(file)->is_database) return SQLITE_IOERR_FSYNC;
        return forward<&sqlite3_io_methods::xSync>(file, flags);
    }
    static void shm_barrier(sqlite3_file* file) {
        sqlite3_file* real = own(file)->real();
        real->pMethods->xShmBarrier(real);
    }
    static sqlite3_io_methods forwarding() {
        using M = sqlite3_io_methods;
        M m{};
        m.iVersion = 2;  // without memory-mapped reads
        m.xClose = [](sqlite3_file* f) { return forward<&M::xClose>(f); };
        m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
            return forward<&M::xRead>(f, to, n, at);
        };
        m.xWrite = write;
        m.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return forward<&M::xTruncate>(f, n); };
        m.xSync = sync;
        m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
            return forward<&M::xFileSize>(f, n);
        };
        m.xLock = [](sqlite3_file* f, int kind) { return forward<&M::xLock>(f, kind); };
        m.xUnlock = [](sqlite3_file* f, int kind) { return forward<&M::xUnlock>(f, kind); };
        m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
            return forward<&M::xCheckReservedLock>(f, out);
        };
        m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
            return forward<&M::xFileControl>(f, op, arg);
        };
        m.xSectorSize = [](sqlite3_file* f) { return forward<&M::xSectorSize>(f); };
        m.xDeviceCharacteristics = [](sqlite3_file* f) {
            return forward<&M::xDeviceCharacteristics>(f);
        };
        m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** at) {
            return forward<&M::xShmMap>(f, page, size, extend, at);
        };
        m.xShmLock = [](sqlite3_file* f, int at, int n, int flags) {
            return forward<&M::xShmLock>(f, at, n, flags);
        };
        m.xShmBarrier = shm_barrier;
        m.xShmUnmap = [](sqlite3_file* f, int remove) { return forward<&M::xShmUnmap>(f, remove); };
        return m;
    }

    sqlite3_vfs* const real_;
    sqlite3_vfs vfs_{};
};

}  // namespace hongyan::sqlite
