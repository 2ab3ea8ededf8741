// Readers: the pool of read connections, each lent to one read() at a time and opened at the first
// need. Callers wait for a free one, up to a number of callers and a time. A connection that died
// while nobody used it is noticed before the work begins and opened again, or by the first
// statement where there is no transaction; one that dies during the work fails it, for work may
// have kept half of an answer. All members are safe from every thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/log.hpp"
#include "engine/postgres/condition.hpp"
#include "engine/postgres/session.hpp"

namespace hongyan::postgres {

class Readers {
  public:
    enum class Kind {
        snapshot,  ///< Store::read(): one transaction, plans for the values at hand
        by_key     ///< Store::look_up(): no transaction, one plan for all values, by the indexes
    };
    Readers(const PostgresOptions& options, Condition& condition, Log& log, Kind kind)
        : options_(options), condition_(condition), log_(log), kind_(kind) {}

    /// See Store::read() and Store::look_up().
    Status read(const std::function<void(Session&)>& work);

  private:
    struct Reader {
        explicit Reader(std::unique_ptr<Connection> opened)
            : connection(std::move(opened)), session(*connection) {}
        std::unique_ptr<Connection> connection;
        PostgresSession session;
    };
    class Lease;
    void begin(Reader& reader) const;
    Status read_once(const std::function<void(Session&)>& work, bool may_repeat, bool& repeat);
    Result<std::unique_ptr<Reader>> borrow();
    /// A place among the connections, with a free one or without.
    Result<std::unique_ptr<Reader>> take_place();
    Result<std::unique_ptr<Reader>> open();
    void give_back(std::unique_ptr<Reader> reader);
    Status failed(const PostgresFailure& failure);

    const PostgresOptions options_;
    Condition& condition_;
    Log& log_;
    const Kind kind_;
    std::mutex mutex_;
    std::condition_variable freed_;
    // Under mutex_.
    std::vector<std::unique_ptr<Reader>> free_;
    int opened_ = 0;
    int waiting_ = 0;
};

}  // namespace hongyan::postgres
