// Readers: the pool of read connections, each lent to one read() at a time and opened at the first
// need. Callers wait for a free one, up to a number of callers and a time. All members are safe
// from every thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/sqlite/condition.hpp"
#include "engine/sqlite/session.hpp"
#include "engine/sqlite/sqlite_store.hpp"

namespace hongyan::sqlite {

class Readers {
  public:
    Readers(const SqliteOptions& options, Condition& condition, Log& log)
        : options_(options), condition_(condition), log_(log) {}

    /// See SqliteStore::read().
    Status read(const std::function<void(Session&)>& work);

  private:
    struct Reader {
        explicit Reader(Connection opened) : connection(std::move(opened)), session(connection) {}
        Connection connection;
        SqliteSession session;
    };
    class Lease;
    Result<std::unique_ptr<Reader>> borrow();
    Result<std::unique_ptr<Reader>> open() const;
    void give_back(std::unique_ptr<Reader> reader);
    Error failed(int code, const std::string& text, std::string_view sql);

    const SqliteOptions options_;
    Condition& condition_;
    Log& log_;
    std::mutex mutex_;
    std::condition_variable freed_;
    // Under mutex_.
    std::vector<std::unique_ptr<Reader>> free_;
    int opened_ = 0;
    int waiting_ = 0;
};

}  // namespace hongyan::sqlite
