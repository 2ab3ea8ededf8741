#include "engine/sqlite/readers.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>

#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

Error too_busy(const char* detail) {
    Error error = make_error(ErrorCode::overloaded, detail);
    error.retry_after = std::chrono::seconds(1);
    return error;
}

}  // namespace

/// Holds a reader inside one transaction; ends it and gives the reader back, whatever happens.
class Readers::Lease {
  public:
    Lease(Readers& pool, std::unique_ptr<Reader> reader) : pool_(pool), reader_(std::move(reader)) {
        before_ = reader_->session.statements();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        reader_->session.end_transaction();
        if (sqlite3_get_autocommit(db()) == 0) (void)reader_->connection.execute("ROLLBACK");
        pool_.condition_.statements.fetch_add(reader_->session.statements() - before_,
                                              std::memory_order_relaxed);
        pool_.give_back(std::move(reader_));
    }
    [[nodiscard]] sqlite3* db() const { return reader_->connection.get(); }
    [[nodiscard]] Reader& reader() const { return *reader_; }

  private:
    Readers& pool_;
    std::unique_ptr<Reader> reader_;
    std::uint64_t before_ = 0;
};

Status Readers::read(const std::function<void(Session&)>& work) {
    auto borrowed = borrow();
    if (!borrowed) return borrowed.error();
    const Lease lease(*this, std::move(*borrowed));
    try {
        if (const int code = lease.reader().connection.execute("BEGIN"); code != SQLITE_OK) {
            throw_failure(lease.db(), code, "BEGIN");
        }
        work(lease.reader().session);
        return Done{};
    } catch (const SqliteFailure& failure) {
        return failed(failure.code(), failure.what(), failure.sql());
    } catch (const ConstraintError& refused) {
        return make_error(ErrorCode::conflict, refused.what());
    } catch (const StoreError& error) {
        return make_error(ErrorCode::storage_failed, error.what());
    }
}

Result<std::unique_ptr<Readers::Reader>> Readers::borrow() {
    const auto patience = std::chrono::milliseconds(2 * options_.busy_timeout_ms);
    std::unique_lock lock(mutex_);
    if (free_.empty() && opened_ >= options_.readers) {
        if (waiting_ >= options_.max_waiting_readers) {
            return too_busy("too many questions wait for the database");
        }
        ++waiting_;
        const bool got = freed_.wait_for(
            lock, patience, [this] { return !free_.empty() || opened_ < options_.readers; });
        --waiting_;
        if (!got) return too_busy("all connections to the database stayed busy");
    }
    if (!free_.empty()) {
        auto reader = std::move(free_.back());
        free_.pop_back();
        return reader;
    }
    ++opened_;
    lock.unlock();
    auto reader = open();
    if (!reader) give_back(nullptr);
    return reader;
}

Result<std::unique_ptr<Readers::Reader>> Readers::open() const {
    ConnectionOptions how;
    how.cache_kib = std::max(512, options_.cache_mib * 1024 / 4 / std::max(1, options_.readers));
    how.busy_timeout_ms = options_.busy_timeout_ms;
    auto connection = Connection::open(options_.file, how);
    if (!connection) return connection.error();
    return std::make_unique<Reader>(std::move(*connection));
}

void Readers::give_back(std::unique_ptr<Reader> reader) {
    {
        const std::lock_guard lock(mutex_);
        if (reader != nullptr) {
            free_.push_back(std::move(reader));
        } else {
            --opened_;  // could not be opened: the next caller tries
        }
    }
    freed_.notify_one();
}

Error Readers::failed(int code, const std::string& text, std::string_view sql) {
    log_.error("store_read_failed", {{"detail", text}, {"code", code}, {"sql", sql}});
    if (kind_of(code) == FailureKind::fatal) condition_.give_up(text);
    return to_error(code, text);
}

}  // namespace hongyan::sqlite
