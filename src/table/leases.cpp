#include "table/leases.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::table {
namespace {

// A lease's row holds "OWNER HOLDS"; neither owners nor names of locks have blanks or braces. A
// place in line is a row named "{ID}", held by the lock's name, whose token is its number.

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t not_in_line = std::numeric_limits<std::int64_t>::max();

/// A statement in both dialects, which differ in the clock and in the larger of two numbers.
class Statements {
  public:
    explicit Statements(std::string_view shared)
        : texts_{in(shared, "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "max"),
                 in(shared, "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
                    "greatest")} {}
    [[nodiscard]] const std::string& of(const Session& session) const {
        return texts_[session.dialect() == Dialect::postgres ? 1 : 0];
    }

  private:
    static std::string in(std::string_view shared, std::string_view now, std::string_view larger) {
        std::string text = replace_all(std::string(shared), "{now}", now);
        return replace_all(std::move(text), "{larger}", larger);
    }
    static std::string replace_all(std::string text, std::string_view what, std::string_view by) {
        for (auto at = text.find(what); at != std::string::npos;
             at = text.find(what, at + by.size()))
            text.replace(at, what.size(), by);
        return text;
    }
    std::array<std::string, 2> texts_;
};

// $1 name, $2 owner, $3 above, $4 ttl, $5 1 if the owner may enter again, $6 number and $7 name of
// its place in line. The clock is read once: what is excluded ends at now + ttl.
const std::string& acquire_sql(const Session& session) {
    static const Statements statements(R"sql(
INSERT INTO leases (name, holder, token, until_ms)
SELECT $1, $2 || ' 1', {larger}($3 + 1, {now} * 1000), {now} + $4
 WHERE NOT EXISTS (SELECT 1 FROM leases AS place
                    WHERE place.holder = $1 AND substr(place.name, 1, 1) = '{' AND place.until_ms > {now}
                      AND (place.token < $6 OR (place.token = $6 AND place.name < $7)))
    OR ($5 = 1 AND EXISTS (SELECT 1 FROM leases AS own
                            WHERE own.name = $1 AND own.until_ms > {now}
                              AND substr(own.holder, 1, length($2) + 1) = $2 || ' '))
ON CONFLICT (name) DO UPDATE SET
  holder = CASE WHEN leases.until_ms > excluded.until_ms - $4
                THEN $2 || ' ' || (CAST(substr(leases.holder, length($2) + 2) AS BIGINT) + 1)
                ELSE excluded.holder END,
  token = CASE WHEN leases.until_ms > excluded.until_ms - $4 THEN leases.token
               ELSE {larger}(leases.token + 1, excluded.token) END,
  until_ms = {larger}(leases.until_ms, excluded.until_ms)
 WHERE leases.until_ms <= excluded.until_ms - $4
    OR ($5 = 1 AND substr(leases.holder, 1, length($2) + 1) = $2 || ' ')
RETURNING token, holder)sql");
    return statements.of(session);
}

// $1 the place's name, $2 the lock's, $3 how long it lasts.
const std::string& line_up_sql(const Session& session) {
    static const Statements statements(R"sql(
INSERT INTO leases (name, holder, token, until_ms)
SELECT $1, $2, coalesce(max(token), 0) + 1, {now} + $3
  FROM leases WHERE holder = $2 AND substr(name, 1, 1) = '{'
ON CONFLICT (name) DO UPDATE SET until_ms = excluded.until_ms
RETURNING token)sql");
    return statements.of(session);
}

// $1 name, $2 owner, $3 token, $4 ttl.
const std::string& renew_sql(const Session& session) {
    static const Statements statements(R"sql(
UPDATE leases SET until_ms = {now} + $4
 WHERE name = $1 AND token = $3 AND until_ms > {now}
   AND substr(holder, 1, length($2) + 1) = $2 || ' '
RETURNING holder)sql");
    return statements.of(session);
}

// The row of a lock that was given back stays for a day, so that tokens rise. $1 name, $2 owner, $3
// token.
const std::string& release_sql(const Session& session) {
    static const Statements statements(R"sql(
UPDATE leases SET
  holder = $2 || ' ' || (CAST(substr(holder, length($2) + 2) AS BIGINT) - 1),
  until_ms = CASE WHEN holder = $2 || ' 1' THEN {now} ELSE until_ms END
 WHERE name = $1 AND token = $3 AND until_ms > {now}
   AND substr(holder, 1, length($2) + 1) = $2 || ' '
RETURNING holder)sql");
    return statements.of(session);
}

const std::string& look_sql(const Session& session) {
    static const Statements statements(R"sql(
SELECT (SELECT count(*) FROM leases AS place WHERE place.holder = $1 AND substr(place.name, 1, 1) = '{'
                                               AND place.until_ms > {now}),
       lease.holder, lease.token, lease.until_ms - {now}
  FROM (SELECT 1) AS one LEFT JOIN leases AS lease ON lease.name = $1)sql");
    return statements.of(session);
}

// $1 a day, in milliseconds.
const std::string& sweep_sql(const Session& session) {
    static const Statements statements(R"sql(
DELETE FROM leases WHERE until_ms < {now} - $1 OR (substr(name, 1, 1) = '{' AND until_ms <= {now}))sql");
    return statements.of(session);
}

struct Holder {
    std::string owner;
    int holds = 0;
};

Holder read_holder(std::string_view text) {
    const auto blank = text.rfind(' ');
    if (blank == std::string_view::npos) return {std::string(text), 1};
    const auto holds = parse_int(text.substr(blank + 1)).value_or(1);
    return {std::string(text.substr(0, blank)), static_cast<int>(holds)};
}

}  // namespace

bool pass_fence(Session& session, std::string_view name, std::int64_t token) {
    auto rows = session.query(
        "INSERT INTO fences (name, token) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET token = excluded.token"
        " WHERE fences.token <= excluded.token RETURNING token",
        name, token);
    return rows.next();
}

struct LeaseLock::Answer {
    std::optional<Lease> lease;
    Millis rest{0};  ///< of the lease that bars it; 0 if it is a line that does
};

LeaseLock::LeaseLock(Store& store, Write write, const Clock& clock, Options options)
    : store_(store), write_(std::move(write)), clock_(clock), options_(options) {}

/// Locks know one word for an engine that cannot be asked.
Status LeaseLock::write(const std::function<void(Session&)>& work) {
    auto written = write_(work);
    if (written) return written;
    Error error = make_error(ErrorCode::unavailable, "the store: " + written.error().detail);
    error.retry_after = std::max(Millis(1'000), written.error().retry_after);
    return error;
}

Result<LeaseLock::Answer> LeaseLock::try_once(const LockRequest& request,
                                              const std::string& place) {
    Answer answer;
    const std::int64_t asked_us = clock_.steady_us();
    const auto work = [&](Session& session) {
        answer = {};
        std::int64_t number = not_in_line;
        if (!place.empty()) {
            auto rows = session.query(line_up_sql(session), place, request.name,
                                      options_.place_ttl.count());
            if (rows.next()) number = rows.integer(0);
        }
        const bool may_enter_again = request.kind != LockKind::simple;
        {
            auto rows =
                session.query(acquire_sql(session), request.name, request.owner, request.above,
                              request.ttl.count(), std::int64_t{may_enter_again}, number, place);
            if (rows.next()) {
                const auto holds = read_holder(rows.view(1)).holds;
                answer.lease =
                    Lease{request.name, request.owner, rows.integer(0),
                          holds,        request.ttl,   asked_us + request.ttl.count() * 1000};
            }
        }
        if (!answer.lease) {
            auto rows = session.query(look_sql(session), request.name);
            if (rows.next() && !rows.null(1))
                answer.rest = Millis(std::max<std::int64_t>(0, rows.integer(3)));
            return;
        }
        if (!place.empty()) session.run("DELETE FROM leases WHERE name = $1", place);
        if (answer.lease->holds == 1) session.run(sweep_sql(session), day_ms);
    };
    if (auto written = write(work); !written) return written.error();
    return answer;
}

Result<Lease> LeaseLock::acquire(const LockRequest& request) {
    if (auto checked = check_lock_request(request); !checked) return checked.error();
    const bool in_line = request.kind == LockKind::fair && request.wait > Millis(0);
    const std::string place = in_line ? "{" + to_hex(random_bytes(12)) + "}" : "";
    const std::int64_t until_us = clock_.steady_us() + request.wait.count() * 1000;
    Result<Lease> result = lock_is_taken(request.name, Millis(0));
    while (true) {
        const std::uint64_t seen = *releases_.lock();
        auto answer = try_once(request, place);
        if (!answer) {
            result = answer.error();
            break;
        }
        if (answer->lease) return std::move(*answer->lease);
        result = lock_is_taken(request.name, answer->rest);
        const std::int64_t left_us = until_us - clock_.steady_us();
        if (left_us <= 0) break;
        Millis pause = std::min(options_.look_every, Millis((left_us + 999) / 1000));
        if (answer->rest > Millis(0)) pause = std::min(pause, answer->rest + Millis(1));
        rest(seen, pause);
    }
    if (in_line) leave_line(place);
    return result;
}

void LeaseLock::rest(std::uint64_t releases_seen, Millis most) {
    auto releases = releases_.lock();
    released_.wait_for(releases.lock(), most, [&] { return *releases != releases_seen; });
}

/// If it cannot be told, the place ends by its time.
void LeaseLock::leave_line(const std::string& place) {
    (void)write(
        [&](Session& session) { session.run("DELETE FROM leases WHERE name = $1", place); });
}

Result<Lease> LeaseLock::renew(const Lease& lease) {
    Lease renewed = lease;
    renewed.holds = 0;
    const std::int64_t asked_us = clock_.steady_us();
    const auto work = [&](Session& session) {
        renewed.holds = 0;
        auto rows = session.query(renew_sql(session), lease.name, lease.owner, lease.token,
                                  lease.ttl.count());
        if (rows.next()) renewed.holds = read_holder(rows.view(0)).holds;
    };
    if (auto written = write(work); !written) return written.error();
    if (renewed.holds == 0) return lease_is_over(lease);
    renewed.valid_until_us = asked_us + lease.ttl.count() * 1000;
    return renewed;
}

Status LeaseLock::release(const Lease& lease) {
    bool had_it = false;
    const auto work = [&](Session& session) {
        auto rows = session.query(release_sql(session), lease.name, lease.owner, lease.token);
        had_it = rows.next();
    };
    if (auto written = write(work); !written) return written;
    if (!had_it) return lease_is_over(lease);
    ++*releases_.lock();
    released_.notify_all();
    return Done{};
}

Result<LockState> LeaseLock::look(const std::string& name) {
    LockState state;
    const auto read = store_.read([&](Session& session) {
        auto rows = session.query(look_sql(session), name);
        if (!rows.next()) return;
        state.waiting = rows.integer(0);
        if (rows.null(1) || rows.integer(3) <= 0) return;
        auto [owner, holds] = read_holder(rows.view(1));
        state.held = true;
        state.owner = std::move(owner);
        state.holds = holds;
        state.token = rows.integer(2);
        state.rest = Millis(rows.integer(3));
    });
    if (!read) return make_error(ErrorCode::unavailable, "the store: " + read.error().detail);
    return state;
}

}  // namespace hongyan::table
