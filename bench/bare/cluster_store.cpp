#include "cluster_store.hpp"

#include <algorithm>
#include <utility>

#include "cluster_broker.hpp"

namespace bare {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_singles = 20'000;
constexpr std::size_t most_batch_rows = 200'000;
constexpr std::size_t chunk_rows = 2'000;
constexpr std::size_t worth_a_commit = 1'024;
constexpr std::chrono::milliseconds outcome_hold{10};
constexpr std::int64_t pretended_timing = (std::int64_t{1} << 62) | (std::int64_t{5} << 34) | 8;

// The plan of the update is pinned: prepared while the table is small it would stay a hash join.
constexpr const char* schema =
    "SET client_min_messages = error; SET synchronous_commit = on;"
    "SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
    "DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;"
    "CREATE TABLE bare.message_records (LIKE public.message_records INCLUDING ALL)"
    " PARTITION BY RANGE (id);"
    "DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE bare.message_records_all PARTITION OF"
    " bare.message_records FOR VALUES FROM (MINVALUE) TO (MAXVALUE) WITH (' ||"
    " array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE oid ="
    " to_regclass('public.message_records_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')));"
    " END $$";

void append_number(std::string& to, std::int64_t value, char after) {
    to += std::to_string(value);
    to += after;
}

std::string update_of(const std::vector<Outcomes>& outcomes) {
    std::vector<std::int64_t> sorted;
    for (const auto& one : outcomes) sorted.insert(sorted.end(), one.ids.begin(), one.ids.end());
    std::sort(sorted.begin(), sorted.end());
    const auto now = now_ms();
    std::string ids, finished, timings;
    for (const auto id : sorted) {
        append_number(ids, id, ',');
        append_number(finished, now, ',');
        append_number(timings, pretended_timing, ',');
    }
    for (auto* text : {&ids, &finished, &timings}) text->pop_back();
    return ";UPDATE bare.message_records AS m SET status = 'success', attempts = 1, finished_ms ="
           " s.finished_ms, timing = s.timing FROM unnest('{" +
           ids + "}'::bigint[], '{" + finished + "}'::bigint[], '{" + timings +
           "}'::bigint[]) AS s (id, finished_ms, timing) WHERE m.id = s.id AND m.status ="
           " 'pending'";
}

}  // namespace

const char* const row_columns =
    "id, task_id, template_id, recipient, channel, content, priority, status, tenant_id, "
    "template_version, finished_ms, provider, metadata";

std::int64_t now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

struct Committer::Round {
    std::vector<Single> singles;
    std::vector<Outcomes> outcomes;
    std::vector<Batch> whole;  ///< batches of which this writes the last chunk
    std::string rows;
    std::size_t outcome_rows = 0;
};

Committer::Committer(const std::string& url, std::function<void(Written)> written)
    : link_(PQconnectdb(url.c_str())), written_(std::move(written)) {
    if (PQstatus(link_) != CONNECTION_OK) die(PQerrorMessage(link_));
    run(schema);
    thread_ = std::thread([this] { loop(); });
}

Committer::~Committer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    PQfinish(link_);
}

bool Committer::accept(Single single) {
    const std::lock_guard lock(mutex_);
    if (singles_.size() >= most_singles) return false;
    singles_.push_back(std::move(single));
    wake_.notify_one();
    return true;
}

bool Committer::accept(Batch batch) {
    const std::lock_guard lock(mutex_);
    if (batch_rows_ + batch.rows.size() > most_batch_rows) return false;
    batch_rows_ += batch.rows.size();
    batches_.push_back(std::move(batch));
    wake_.notify_one();
    return true;
}

void Committer::settle(Outcomes outcomes) {
    const std::lock_guard lock(mutex_);
    if (outcomes_.empty()) outcomes_since_ = steady_clock::now();
    outcome_rows_ += outcomes.ids.size();
    outcomes_.push_back(std::move(outcomes));
    wake_.notify_one();
}

bool Committer::collect(Round& round) {
    std::unique_lock lock(mutex_);
    const auto worth_it = [&] {
        return stopping_ || !singles_.empty() || !batches_.empty() ||
               outcome_rows_ >= worth_a_commit;
    };
    while (!worth_it()) {
        if (outcomes_.empty())
            wake_.wait(lock);
        else if (wake_.wait_until(lock, outcomes_since_ + outcome_hold) == std::cv_status::timeout)
            break;
    }
    if (stopping_) return false;
    round.singles.swap(singles_);
    round.outcomes.swap(outcomes_);
    round.outcome_rows = std::exchange(outcome_rows_, 0);
    if (batches_.empty()) return true;
    Batch& batch = batches_.front();
    const auto end = std::min(batch.written + chunk_rows, batch.rows.size());
    for (; batch.written < end; ++batch.written) round.rows += batch.rows[batch.written].line;
    if (end == batch.rows.size()) {
        batch_rows_ -= end;
        round.whole.push_back(std::move(batch));
        batches_.pop_front();
    }
    return true;
}

void Committer::loop() {
    for (;;) {
        Round round;
        if (!collect(round)) return;
        for (const auto& one : round.singles) round.rows += one.row.line;
        commit(round);
        ++commits_;
        written_({std::move(round.singles), std::move(round.whole), std::move(round.outcomes)});
    }
}

void Committer::commit(const Round& round) {
    std::string sql = "BEGIN";
    if (!round.rows.empty())
        sql += std::string(";COPY bare.message_records (") + row_columns + ") FROM STDIN";
    if (!round.outcomes.empty()) sql += update_of(round.outcomes);
    sql += ";COMMIT";
    if (PQsendQuery(link_, sql.c_str()) == 0) die(PQerrorMessage(link_));
    while (PGresult* result = PQgetResult(link_)) {
        const auto status = PQresultStatus(result);
        if (status == PGRES_COPY_IN)
            copy(round.rows);
        else if (status != PGRES_COMMAND_OK)
            die(PQerrorMessage(link_));
        const std::string_view command = PQcmdStatus(result);
        if (command.starts_with("UPDATE") &&
            PQcmdTuples(result) != std::to_string(round.outcome_rows))
            die("an outcome found no waiting row");
        PQclear(result);
    }
}

void Committer::copy(const std::string& rows) {
    if (PQputCopyData(link_, rows.data(), static_cast<int>(rows.size())) != 1 ||
        PQputCopyEnd(link_, nullptr) != 1)
        die(PQerrorMessage(link_));
}

void Committer::run(const std::string& sql) {
    PGresult* result = PQexec(link_, sql.c_str());
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) die(PQerrorMessage(link_));
    PQclear(result);
}

}  // namespace bare
