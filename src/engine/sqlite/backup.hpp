// The online copy of a database. Pages are copied from a connection of its own that stays inside
// one read transaction, so the copy is one snapshot, is never restarted by writes and never stalls
// the writer; against VACUUM INTO it keeps the pages as they are (no rebuilding), reports its
// progress and can be ended. Blocks; safe from every thread, for different targets.
#pragma once

#include <filesystem>

#include "engine/sqlite/sqlite_store.hpp"

namespace hongyan::sqlite {

/// See SqliteStore::backup_to().
Status back_up(const SqliteOptions& source, const std::filesystem::path& target,
               const BackupWatcher& watch);

}  // namespace hongyan::sqlite
