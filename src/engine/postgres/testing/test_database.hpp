// TestDatabase: for tests, an empty schema of its own in the PostgreSQL server that the tests share
// (started by ctest, see CMakeLists.txt; by hand: test/cluster/postgres.py). It goes with its
// owner. TestServer: a server of its own, for tests that stop and kill it. Both end the test with
// the command that helps when there is no server.
#pragma once

#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/text.hpp"

namespace hongyan::postgres {

/// Runs statements on a connection of their own; gives the first value.
inline std::string ask(const std::string& url, const std::string& sql) {
    PGconn* link = PQconnectdb(url.c_str());
    PQsetNoticeProcessor(
        link, [](void*, const char*) {}, nullptr);
    PGresult* result = PQexec(link, sql.c_str());
    const auto status = PQresultStatus(result);
    const std::string failure = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                                    ? ""
                                    : sql + ": " + PQerrorMessage(link);
    const std::string value =
        status == PGRES_TUPLES_OK && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    PQfinish(link);
    if (!failure.empty()) throw std::runtime_error(failure);
    return value;
}

/// What test/cluster/postgres.py prints; throws with its words if it fails.
inline std::string server_script(const std::string& arguments) {
    const std::string command =
        "python3 " HONGYAN_SOURCE_DIR "/test/cluster/postgres.py " + arguments + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    std::string printed;
    std::array<char, 512> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) printed += piece.data();
    if (::pclose(pipe) != 0) throw std::runtime_error(command + ":\n" + printed);
    return std::string(trim(printed));
}

/// "postgres://user@127.0.0.1:5432/postgres" of the shared server.
inline std::string shared_server_url() {
    const char* given = std::getenv("HONGYAN_TEST_POSTGRES");
    const std::filesystem::path folder = given != nullptr ? given : HONGYAN_POSTGRES_FOLDER;
    std::string url;
    std::getline(std::ifstream(folder / "url"), url);
    if (url.empty()) {
        throw std::runtime_error(
            "No PostgreSQL server for the tests. ctest starts one; by hand run "
            "test/cluster/postgres.py start " +
            folder.string());
    }
    return url;
}

inline int port_of(const std::string& url) {
    const auto colon = url.find(':', url.find('@'));
    return std::atoi(url.c_str() + colon + 1);
}

/// The same URL by way of another port, as of a proxy.
inline std::string with_port(const std::string& url, int port) {
    const auto colon = url.find(':', url.find('@'));
    return url.substr(0, colon + 1) + std::to_string(port) + url.substr(url.find('/', colon));
}

class TestDatabase {
  public:
    explicit TestDatabase(const std::string& server = shared_server_url()) : server_(server) {
        static std::atomic<int> made{0};
        schema_ = "t" + std::to_string(::getpid()) + "_" + std::to_string(++made);
        ask(server_, "DROP SCHEMA IF EXISTS " + schema_ + " CASCADE; CREATE SCHEMA " + schema_);
    }
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;
    ~TestDatabase() {
        try {
            ask(server_, "SET client_min_messages = error; DROP SCHEMA " + schema_ + " CASCADE");
        } catch (const std::runtime_error& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
        }
    }
    /// Leads into the schema.
    [[nodiscard]] std::string url() const {
        return server_ + "?options=-csearch_path%3D" + schema_;
    }
    std::string ask_here(const std::string& sql) const { return ask(url(), sql); }
    [[nodiscard]] const std::string& schema() const { return schema_; }

  private:
    const std::string server_;
    std::string schema_;
};

class TestServer {
  public:
    explicit TestServer(const std::string& settings = "") : TestServer("start ", " " + settings) {}
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    ~TestServer() {
        try {
            server_script("stop " + folder_ + " --mode immediate --remove");
        } catch (const std::runtime_error& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
        }
    }
    /// A replica of that server.
    static std::unique_ptr<TestServer> standby_of(const TestServer& primary) {
        return std::unique_ptr<TestServer>(new TestServer("standby ", " --of " + primary.folder_));
    }
    void promote() const { server_script("promote " + folder_); }
    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    void start() const { server_script("start " + folder_); }
    void stop() const { server_script("stop " + folder_); }
    void restart(const std::string& mode) const {
        server_script("restart " + folder_ + " --mode " + mode);
    }
    /// As when the machine's out-of-memory killer takes all of it.
    void kill() const { server_script("kill " + folder_); }

  private:
    TestServer(const std::string& command, const std::string& arguments) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "hongyan-pg-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = pattern;
        url_ = server_script(command + folder_ + arguments);
    }
    std::string folder_;
    std::string url_;
};

}  // namespace hongyan::postgres
