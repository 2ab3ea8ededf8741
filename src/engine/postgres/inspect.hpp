// What `hongyan doctor` and other commands ask of a server beside its store: who it is, what it
// promises and how long it takes, on one connection that is closed again. Writes nothing but a word
// into the server's log of changes, to time a commit. Blocks for the connection and some dozen
// round trips; safe from every thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "engine/postgres/options.hpp"

namespace hongyan::postgres {

struct Inspection {
    std::string version;   ///< "15.8"
    std::string database;  ///< "hongyan on 10.0.0.7:5432"
    std::string synchronous_commit;
    std::string standbys;  ///< synchronous_standby_names
    std::string warning;   ///< of a setting that loses data, or ""
    int schema_version = 0;
    std::int64_t messages = 0;  ///< about
    std::int64_t bytes = 0;
    std::int64_t round_trip_us = 0;   ///< median
    std::int64_t commit_us = 0;       ///< median
    std::int64_t clock_ahead_ms = 0;  ///< of the server's clock against ours
    int free_connections = 0;         ///< that the server would still take
    bool may_create = true;           ///< tables, in the schema that they belong to
    int nodes = 0;                    ///< connections of running servers like this one
};

/// Errors: config_invalid (the URL), storage_failed (log-in refused, too old, wrong encoding),
/// unavailable (not there).
[[nodiscard]] Result<Inspection> inspect(const PostgresOptions& options);
/// The URL as "host='db1' dbname='hongyan'", for tools like pg_dump; without the password.
[[nodiscard]] std::string without_password(const std::string& url);

}  // namespace hongyan::postgres
