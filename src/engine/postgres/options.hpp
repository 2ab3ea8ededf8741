// PostgresOptions: where the server is and how long we wait for it. Plain values.
#pragma once

#include <chrono>
#include <string>

namespace hongyan::postgres {

using Milliseconds = std::chrono::milliseconds;

struct PostgresOptions {
    /// postgres://user:password@host[,host2]/database?sslmode=verify-full&... or "host=...
    /// dbname="; whatever libpq takes. With several hosts the one that takes writes is found by
    /// itself.
    std::string url;
    /// How its connections are named on the server, unless the URL says otherwise.
    std::string program = "hongyan";
    int readers = 4;                      ///< read connections; opened at the first need
    int max_waiting_readers = 256;        ///< read() calls that may wait for one; more are refused
    Milliseconds connect_timeout{3'000};  ///< for one try to connect
    Milliseconds statement_timeout{30'000};  ///< the server ends a statement after this time, and
                                             ///< we end the connection two seconds later
    Milliseconds lock_timeout{5'000};        ///< for one lock
    Milliseconds patience{5'000};  ///< how long a call waits for a server that is away, and a
                                   ///< reader for a connection, before it fails as unavailable
    /// How long write() tries to learn what became of a commit whose answer was lost. Nobody can go
    /// on with work that is half known, so it is as long as it takes, or until hurry().
    Milliseconds resolve_timeout{std::chrono::hours(24)};
    Milliseconds start_patience{10'000};  ///< how long open() waits for a server that is away
};

}  // namespace hongyan::postgres
