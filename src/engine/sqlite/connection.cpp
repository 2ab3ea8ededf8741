#include "engine/sqlite/connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

Error file_error(const std::filesystem::path& path, const char* what) {
    return make_error(ErrorCode::io_failed, std::string("cannot ") + what + " " + path.string() +
                                                ": " + std::strerror(errno));
}

}  // namespace

Status sync_folder(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder.empty() ? "." : folder;
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return file_error(path, "open");
    const int failed = ::fsync(fd);
    const Error error = failed != 0 ? file_error(path, "sync") : Error{};
    ::close(fd);
    if (failed != 0) return error;
    return Done{};
}

Status create_private_file(const std::filesystem::path& file) {
    // Only a new file is opened here: closing a second descriptor of an open database would drop
    // its POSIX locks.
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno == EEXIST ? Status(Done{}) : Status(file_error(file, "create"));
    ::close(fd);
    return sync_folder(file.parent_path());
}

Result<Connection> Connection::open(const std::filesystem::path& file,
                                    const ConnectionOptions& options) {
    // SQLite's count of its own memory costs a mutex in every allocation; nobody reads it. Only the
    // first call can have an effect, so the answer does not matter.
    static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(uncounted);
    sqlite3* db = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    // A leading "./" keeps a name such as "file:x" from being taken as a URI.
    const std::string name = file.is_absolute() ? file.string() : "./" + file.string();
    int code = sqlite3_open_v2(name.c_str(), &db, flags, nullptr);
    Connection connection(db);
    if (code == SQLITE_OK) code = connection.configure(options);
    if (code == SQLITE_OK) return connection;
    Error error = to_error(code, failure_text(db, code));
    error.detail = file.string() + ": " + error.detail;
    return error;
}

int Connection::configure(const ConnectionOptions& options) const {
    sqlite3_busy_timeout(db_, options.busy_timeout_ms);
    for (const auto& [what, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_DQS_DML, 0},
                                      {SQLITE_DBCONFIG_DQS_DDL, 0}}) {
        if (const int code = sqlite3_db_config(db_, what, value, nullptr); code != 0) return code;
    }
    // secure_delete FAST: Debian's build defaults to ON, which writes freed pages only to blank
    // them.
    std::string sql =
        "PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
        "PRAGMA secure_delete=FAST; PRAGMA synchronous=FULL; PRAGMA cache_size=-" +
        std::to_string(options.cache_kib) + ";";
    if (!options.writer) sql += "PRAGMA query_only=ON;";
    // Reading the schema version opens the file for real, so that a foreign file is found now.
    sql += "PRAGMA schema_version;";
    return execute(sql.c_str());
}

Connection::Connection(Connection&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}

Connection::~Connection() { sqlite3_close_v2(db_); }

int Connection::execute(const char* sql) const {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
}

std::string Connection::ask(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    std::string answer;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        if (const auto* text = sqlite3_column_text(statement, 0)) {
            answer = reinterpret_cast<const char*>(text);
        }
    }
    sqlite3_finalize(statement);
    return answer;
}

}  // namespace hongyan::sqlite
