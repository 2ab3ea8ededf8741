#include "engine/postgres/readers.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace hongyan::postgres {
namespace {

using std::chrono::steady_clock;

constexpr const char* begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// Planning would cost more than the look-up itself. A plan for all values leaves the other days out
// when it is run, and by an index it is right for a table of any size.
constexpr const char* plan_by_keys =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = "
    "off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET default_transaction_read_only "
    "= on";
constexpr Milliseconds roll_back_patience{2'000};
constexpr Milliseconds pause{50};

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
        pool_.condition_.statements.fetch_add(reader_->session.statements() - before_,
                                              std::memory_order_relaxed);
        if (!end_transaction()) reader_.reset();
        pool_.give_back(std::move(reader_));
    }
    [[nodiscard]] Reader& reader() const { return *reader_; }
    /// Of the work, no more than one statement was sent.
    [[nodiscard]] bool has_just_begun() const {
        return reader_->session.statements() - before_ <= 1;
    }

  private:
    bool end_transaction() noexcept {
        try {
            auto& connection = *reader_->connection;
            if (connection.lost()) return false;
            reader_->session.reset_all();
            if (connection.transaction() != PQTRANS_IDLE)
                (void)connection.execute("ROLLBACK", roll_back_patience);
            reader_->session.end_transaction();
            return !connection.lost();
        } catch (const StoreError&) {
            return false;
        }
    }
    Readers& pool_;
    std::unique_ptr<Reader> reader_;
    std::uint64_t before_ = 0;
};

Status Readers::read(const std::function<void(Session&)>& work) {
    bool may_repeat = kind_ == Kind::by_key;
    for (;;) {
        bool repeat = false;
        auto done = read_once(work, may_repeat, repeat);
        if (!repeat) return done;
        may_repeat = false;
    }
}

/// repeat: the connection had died before the work began.
Status Readers::read_once(const std::function<void(Session&)>& work, bool may_repeat,
                          bool& repeat) {
    auto borrowed = borrow();
    if (!borrowed) return borrowed.error();
    const Lease lease(*this, std::move(*borrowed));
    try {
        work(lease.reader().session);
        if (lease.reader().session.spent())
            return to_error(FailureKind::lost, "the connection broke while it was read");
        return Done{};
    } catch (const PostgresFailure& failure) {
        repeat = may_repeat && failure.kind() == FailureKind::lost && lease.has_just_begun();
        return repeat ? Status(to_error(failure.kind(), failure.what())) : failed(failure);
    } catch (const ConstraintError& refused) {
        return make_error(ErrorCode::conflict, refused.what());
    } catch (const StoreError& error) {
        return make_error(ErrorCode::storage_failed, error.what());
    }
}

void Readers::begin(Reader& reader) const {
    if (kind_ == Kind::snapshot) (void)reader.connection->execute(begin_snapshot);
}

/// A reader whose transaction has begun.
Result<std::unique_ptr<Readers::Reader>> Readers::borrow() {
    auto reader = take_place();
    if (!reader) return reader;
    // Every connection may have died since; the last one tried is a new one.
    for (int tries = 0; *reader != nullptr && tries <= options_.readers; ++tries) {
        try {
            begin(**reader);
            return reader;
        } catch (const StoreError&) {
            reader->reset();
        }
        const std::lock_guard lock(mutex_);
        if (free_.empty()) break;
        // This place has lost its connection; the dead one's place is given up instead.
        *reader = std::move(free_.back());
        free_.pop_back();
        --opened_;
    }
    auto made = open();
    if (!made) give_back(nullptr);
    return made;
}

Result<std::unique_ptr<Readers::Reader>> Readers::take_place() {
    std::unique_lock lock(mutex_);
    if (free_.empty() && opened_ >= options_.readers) {
        if (waiting_ >= options_.max_waiting_readers)
            return too_busy("too many questions wait for the database");
        ++waiting_;
        const bool got = freed_.wait_for(lock, options_.patience, [this] {
            return !free_.empty() || opened_ < options_.readers;
        });
        --waiting_;
        if (!got) return too_busy("all connections to the database stayed busy");
    }
    if (free_.empty()) {
        ++opened_;
        return std::unique_ptr<Reader>();
    }
    auto reader = std::move(free_.back());
    free_.pop_back();
    return reader;
}

Result<std::unique_ptr<Readers::Reader>> Readers::open() {
    // While the server is known to be away, nobody waits for the same discovery.
    const auto until =
        condition_.away() ? steady_clock::now() : steady_clock::now() + options_.patience;
    for (;;) {
        try {
            auto reader = std::make_unique<Reader>(Connection::open(options_));
            if (kind_ == Kind::by_key) (void)reader->connection->execute(plan_by_keys);
            begin(*reader);
            condition_.clear_away();
            return reader;
        } catch (const PostgresFailure& failure) {
            if (failure.kind() == FailureKind::lost &&
                condition_.set_trouble(Trouble::away, failure.what()))
                log_.error("store_is_away", {{"detail", failure.what()}});
            const bool hopeless = failure.kind() == FailureKind::rejected;
            if (hopeless || steady_clock::now() >= until)
                return to_error(failure.kind(), failure.what());
        } catch (const StoreError& failure) {
            return make_error(ErrorCode::storage_failed, failure.what());
        }
        std::this_thread::sleep_for(pause);
    }
}

void Readers::give_back(std::unique_ptr<Reader> reader) {
    {
        const std::lock_guard lock(mutex_);
        if (reader != nullptr)
            free_.push_back(std::move(reader));
        else
            --opened_;  // could not be opened or has died: the next caller tries
    }
    freed_.notify_one();
}

Status Readers::failed(const PostgresFailure& failure) {
    log_.error("store_read_failed", {{"detail", failure.what()}, {"sql", failure.sql()}});
    return to_error(failure.kind(), failure.what());
}

}  // namespace hongyan::postgres
