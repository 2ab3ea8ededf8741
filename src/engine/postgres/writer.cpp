#include "engine/postgres/writer.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::postgres {
namespace {

using std::chrono::steady_clock;

constexpr int most_attempts = 8;
constexpr Milliseconds shortest_pause{20};
constexpr Milliseconds longest_pause{1'000};
constexpr Milliseconds roll_back_patience{2'000};

// No table of the schema's versions: the engine needs it before the first migration.
constexpr const char* make_writers =
    "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.store_writers'));"
    "CREATE TABLE IF NOT EXISTS store_writers (writer TEXT PRIMARY KEY, last_commit BIGINT NOT "
    "NULL, fenced BOOLEAN NOT NULL DEFAULT FALSE, started TIMESTAMPTZ NOT NULL DEFAULT now())"
    " WITH (fillfactor = 20);"
    "DELETE FROM store_writers WHERE started < now() - INTERVAL '90 days'";

}  // namespace

Writer::Writer(const PostgresOptions& options, Condition& condition, Log& log)
    : options_(options),
      condition_(condition),
      log_(log),
      name_(to_hex(random_bytes(16))),
      random_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>{}(name_))) {}

Result<std::unique_ptr<Writer>> Writer::open(const PostgresOptions& options, Condition& condition,
                                             Log& log) {
    std::unique_ptr<Writer> writer(new Writer(options, condition, log));
    if (auto up = writer->connect(steady_clock::now() + options.start_patience); !up)
        return up.error();
    try {
        (void)writer->link_->connection->execute(make_writers);
        writer->register_writer();
    } catch (const PostgresFailure& failure) {
        return to_error(failure.kind(), failure.what());
    } catch (const ConstraintError& refused) {
        return make_error(ErrorCode::storage_failed, refused.what());
    }
    if (!writer->link_->connection->warning().empty())
        log.warn("store_is_not_safe", {{"detail", writer->link_->connection->warning()}});
    return writer;
}

Writer::~Writer() {
    if (!link_ || link_->connection->lost()) return;
    try {
        // A fenced row stays, for this process' next start is another writer anyway.
        (void)link_->connection->execute(
            "DELETE FROM store_writers WHERE writer = '" + name_ + "' AND NOT fenced",
            roll_back_patience);
    } catch (const StoreError&) {
        return;  // it goes after 90 days
    }
}

Deadline Writer::patience() const {
    // While the server is known to be away, nobody waits for the same discovery.
    return condition_.away() ? steady_clock::now() : steady_clock::now() + options_.patience;
}

Status Writer::write(const std::function<void(Session&)>& work) {
    const std::lock_guard lock(mutex_);
    const Deadline until = patience();
    Status last = make_error(ErrorCode::unavailable, "PostgreSQL did not answer");
    for (int tries = 0; tries < most_attempts; ++tries) {
        if (!condition_.writable()) {
            return make_error(ErrorCode::storage_failed,
                              "the database is closed for writing: " + condition_.detail());
        }
        if (tries > 0) pause(tries);
        if (auto up = connect(until); !up) return up;
        fresh_ = false;
        last = attempt(work);
        if (last || !fresh_) return last;
        if (tries > 0 && steady_clock::now() >= until) return last;
    }
    return last;
}

// fresh_ is set when the same work may pass in a new transaction.
Status Writer::attempt(const std::function<void(Session&)>& work) {
    try {
        begin();
        work(link_->session);
        commit();
        return Done{};
    } catch (const ConstraintError& refused) {
        roll_back();
        return make_error(ErrorCode::conflict, refused.what());
    } catch (const PostgresFailure& failure) {
        return failed(failure);
    } catch (const StoreError& error) {
        // Work may have made another failure of the one that ended the transaction.
        const bool spent = link_->session.spent();
        roll_back();
        fresh_ = spent;
        return make_error(ErrorCode::storage_failed, error.what());
    } catch (...) {
        roll_back();
        throw;
    }
}

void Writer::begin() {
    committing_ = false;
    ++number_;
    if (mark()) return;
    const auto fenced = link_->connection->execute("SELECT 1 FROM store_writers WHERE writer = '" +
                                                   name_ + "' AND fenced");
    if (PQntuples(fenced.get()) == 1) {
        condition_.give_up("another node has taken over (this one is fenced)");
        throw StoreError("another node has taken over");
    }
    // A server that was promoted without our row. It is committed first: resolve() can wait only
    // for a row that is there.
    (void)link_->connection->execute("ROLLBACK");
    register_writer();
    if (!mark()) throw StoreError("the row in store_writers went away");
}

/// Begins the transaction; false if there is no row to write into.
bool Writer::mark() {
    const auto marked = link_->connection->execute(
        "BEGIN ISOLATION LEVEL READ COMMITTED; UPDATE store_writers SET last_commit = " +
        std::to_string(number_) + " WHERE writer = '" + name_ + "' AND NOT fenced");
    return std::string_view(PQcmdTuples(marked.get())) == "1";
}

/// With the number of no transaction: what is read there later must come from a commit.
void Writer::register_writer() {
    (void)link_->connection->execute("INSERT INTO store_writers (writer, last_commit) VALUES ('" +
                                     name_ + "', 0) ON CONFLICT (writer) DO NOTHING");
}

void Writer::commit() {
    link_->session.reset_all();
    if (link_->session.spent())
        throw PostgresFailure(FailureKind::again, "the transaction has failed before", "");
    const auto state = link_->connection->transaction();
    if (state == PQTRANS_IDLE) throw StoreError("the transaction was ended inside");
    if (state != PQTRANS_INTRANS) throw StoreError("a statement failed and the work went on");
    old_process_ = link_->connection->process();
    old_process_start_ = link_->connection->process_start();
    committing_ = true;
    const auto done = link_->connection->execute("COMMIT");
    committing_ = false;
    if (std::string_view(PQcmdStatus(done.get())) != "COMMIT")
        throw StoreError("the transaction was undone");
    condition_.commits.fetch_add(1, std::memory_order_relaxed);
    const auto statements = link_->session.statements();
    condition_.statements.fetch_add(statements - std::exchange(link_->counted, statements),
                                    std::memory_order_relaxed);
    condition_.clear_trouble();
    try {
        link_->session.end_transaction();
    } catch (const PostgresFailure&) {
        link_.reset();  // it is committed all the same
    }
}

void Writer::roll_back() noexcept {
    if (!link_) return;
    try {
        if (!link_->connection->lost() && link_->connection->transaction() != PQTRANS_IDLE)
            (void)link_->connection->execute("ROLLBACK", roll_back_patience);
        link_->session.end_transaction();
        if (!link_->connection->lost()) return;
    } catch (const StoreError&) {
        link_.reset();
    }
    link_.reset();
}

Status Writer::failed(const PostgresFailure& failure) {
    const auto kind = failure.kind();
    const bool unknown = committing_ && link_->connection->lost();
    if (kind == FailureKind::lost)
        link_.reset();  // also from a server that only reads now
    else
        roll_back();
    bool news = kind != FailureKind::again;
    if (kind == FailureKind::full) news = condition_.set_trouble(Trouble::full, "disk is full");
    if (kind == FailureKind::lost) news = condition_.set_trouble(Trouble::away, failure.what());
    if (news)
        log_.error("store_write_failed", {{"detail", failure.what()}, {"sql", failure.sql()}});
    if (unknown) {
        const auto fate = resolve();
        if (!fate) return fate.error();
        log_.warn("commit_resolved", {{"written", *fate == Fate::committed ? 1 : 0}});
        if (*fate == Fate::committed) {
            condition_.commits.fetch_add(1, std::memory_order_relaxed);
            return Done{};
        }
    }
    fresh_ = kind == FailureKind::lost || kind == FailureKind::again;
    return to_error(kind, failure.what());
}

Result<Writer::Fate> Writer::resolve() {
    const Deadline until = steady_clock::now() + options_.resolve_timeout;
    for (int tries = 1;; ++tries) {
        if (auto up = connect(until); up) {
            try {
                end_old_process();
                const Fate fate = ask_fate();
                committing_ = false;
                condition_.clear_trouble();
                return fate;
            } catch (const StoreError& failure) {
                roll_back();
                log_.warn("commit_not_resolved_yet", {{"detail", failure.what()}});
            }
        }
        if (steady_clock::now() >= until || condition_.hurried) break;
        pause(tries);
    }
    committing_ = false;
    Error error = make_error(ErrorCode::commit_unknown,
                             "PostgreSQL went away while this was being committed and did not come "
                             "back in time to be asked.");
    error.retry_after = Milliseconds(1'000);
    return error;
}

/// The old transaction holds the lock on its row until its end, so the answer is final.
Writer::Fate Writer::ask_fate() {
    (void)link_->connection->execute("BEGIN");
    const auto row = link_->connection->execute(
        "SELECT last_commit FROM store_writers WHERE writer = '" + name_ + "' FOR UPDATE");
    const bool there =
        PQntuples(row.get()) == 1 && PQgetvalue(row.get(), 0, 0) == std::to_string(number_);
    (void)link_->connection->execute("ROLLBACK");
    return there ? Fate::committed : Fate::gone;
}

/// A COMMIT that never reached the server leaves its transaction waiting; one that works is let
/// finish.
void Writer::end_old_process() {
    (void)link_->connection->execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = " +
        std::to_string(old_process_) + " AND backend_start::text = '" + old_process_start_ +
        "' AND state LIKE 'idle in transaction%'");
}

Status Writer::connect(Deadline until) {
    for (int tries = 1; !link_; ++tries) {
        try {
            link_ = std::make_unique<Link>(Connection::open(options_));
            // By this name another node finds and ends a transaction that a frozen process left.
            // The server ends it by itself before those who wait for its locks give up.
            (void)link_->connection->execute(
                "SET application_name = 'hongyan " + name_ +
                "'; SET idle_in_transaction_session_timeout = " +
                std::to_string((options_.lock_timeout * 3 / 5).count()));
            break;
        } catch (const StoreError& failure) {
            const auto* known = dynamic_cast<const PostgresFailure*>(&failure);
            const auto kind = known != nullptr ? known->kind() : FailureKind::other;
            if (condition_.set_trouble(Trouble::away, failure.what()))
                log_.error("store_is_away", {{"detail", failure.what()}});
            const bool hopeless = kind == FailureKind::rejected || kind == FailureKind::other;
            if (hopeless || condition_.hurried || steady_clock::now() >= until)
                return to_error(kind, failure.what());
        }
        pause(tries);
    }
    return Done{};
}

/// Longer from try to try, and never the same on two nodes.
void Writer::pause(int tries) {
    const auto most = std::min(longest_pause, shortest_pause * (1 << std::min(tries, 6)));
    const auto share = std::uniform_int_distribution<int>(50, 100)(random_);
    std::this_thread::sleep_for(most * share / 100);
}

}  // namespace hongyan::postgres
