// The bare cluster's store: one thread that takes everything waiting, new rows and outcomes alike,
// and writes it to PostgreSQL in one transaction and one question: COPY for the rows, one UPDATE
// over unnest for the outcomes. Rows of batches go in chunks of 2,000 beside the single ones;
// outcomes alone are held back until there are 1,024 or 10 ms have passed. What PostgreSQL refuses
// ends the process.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bare {

struct Row {
    std::int64_t id = 0;
    std::string line;  ///< as COPY takes it, with its end
};
struct Single {
    Row row;
    std::function<void()> done;
};
struct Batch {
    std::vector<Row> rows;
    std::function<void()> done;
    std::size_t written = 0;
};
struct Outcomes {
    std::vector<std::int64_t> ids;
    std::uint64_t tag = 0;  ///< of the broker's message that brought them
};

/// What one transaction wrote.
struct Written {
    std::vector<Single> singles;
    std::vector<Batch> batches;  ///< the whole of it is in
    std::vector<Outcomes> outcomes;
};

/// Milliseconds since 1970.
[[nodiscard]] std::int64_t now_ms();
/// The columns of Row::line, in order.
extern const char* const row_columns;

class Committer {
  public:
    /// Makes the schema "bare" anew, with the table, the indexes and the fill factor that Hongyan's
    /// message_records has in the same database. written is called on the committer's thread.
    Committer(const std::string& url, std::function<void(Written)> written);
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;
    /// False if too many wait.
    [[nodiscard]] bool accept(Single single);
    [[nodiscard]] bool accept(Batch batch);
    void settle(Outcomes outcomes);
    [[nodiscard]] std::uint64_t commits() const { return commits_; }

  private:
    struct Round;
    void loop();
    [[nodiscard]] bool collect(Round& round);
    void commit(const Round& round);
    void run(const std::string& sql);
    void copy(const std::string& rows);
    void finish();

    PGconn* const link_;
    const std::function<void(Written)> written_;
    std::atomic<std::uint64_t> commits_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_.
    std::vector<Single> singles_;
    std::deque<Batch> batches_;
    std::size_t batch_rows_ = 0;
    std::vector<Outcomes> outcomes_;
    std::size_t outcome_rows_ = 0;
    std::chrono::steady_clock::time_point outcomes_since_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace bare
