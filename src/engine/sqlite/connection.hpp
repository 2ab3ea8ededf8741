// Connection: one owned SQLite handle with the settings that all connections of the store share.
// Used by one thread at a time (SQLite's own mutexes are off); who calls it makes sure of that.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

struct sqlite3;

namespace hongyan::sqlite {

struct ConnectionOptions {
    bool writer = false;  ///< may write; others are query_only
    int cache_kib = 2000;
    int busy_timeout_ms = 5000;
};

class Connection {
  public:
    /// The file must exist (it may be empty).
    static Result<Connection> open(const std::filesystem::path& file,
                                   const ConnectionOptions& options);
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&&) = delete;
    ~Connection();

    [[nodiscard]] sqlite3* get() const { return db_; }
    /// Runs statements without results; 0 or an extended result code.
    [[nodiscard]] int execute(const char* sql) const;
    /// The first column of the first row as text, "" if there is none or it failed.
    [[nodiscard]] std::string ask(const char* sql) const;

  private:
    explicit Connection(sqlite3* db) : db_(db) {}
    [[nodiscard]] int configure(const ConnectionOptions& options) const;
    sqlite3* db_;
};

/// Creates the file for its owner only, if it is missing, and makes its name durable.
Status create_private_file(const std::filesystem::path& file);
/// Makes a folder's entries durable.
Status sync_folder(const std::filesystem::path& folder);

}  // namespace hongyan::sqlite
