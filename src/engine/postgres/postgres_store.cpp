#include "engine/postgres/postgres_store.hpp"

#include "engine/postgres/readers.hpp"
#include "engine/postgres/writer.hpp"

namespace hongyan::postgres {

struct PostgresStore::Parts {
    Parts(const PostgresOptions& options, Log& log)
        : readers(options, condition, log, Readers::Kind::snapshot),
          keys(for_keys(options), condition, log, Readers::Kind::by_key) {}
    static PostgresOptions for_keys(PostgresOptions options) {
        options.readers = 1;
        return options;
    }
    Condition condition;
    std::unique_ptr<Writer> writer;
    Readers readers;
    Readers keys;
};

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PostgresOptions& options,
                                                           Log& log) {
    if (const auto problem = check_url(options.url); !problem.empty())
        return make_error(ErrorCode::config_invalid, "The URL of the store " + problem + ".");
    auto parts = std::make_unique<Parts>(options, log);
    auto writer = Writer::open(options, parts->condition, log);
    if (!writer) return writer.error();
    parts->condition.clear_trouble();
    parts->writer = std::move(*writer);
    return std::unique_ptr<PostgresStore>(new PostgresStore(std::move(parts)));
}

PostgresStore::PostgresStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PostgresStore::~PostgresStore() = default;

Status PostgresStore::write(const std::function<void(Session&)>& work) {
    return parts_->writer->write(work);
}

Status PostgresStore::read(const std::function<void(Session&)>& work) {
    return parts_->readers.read(work);
}

Status PostgresStore::look_up(const std::function<void(Session&)>& work) {
    return parts_->keys.read(work);
}

StoreHealth PostgresStore::health() const {
    const Condition& condition = parts_->condition;
    StoreHealth health;
    health.writable = condition.writable();
    health.reachable = !condition.troubled();
    health.detail = condition.detail();
    health.commits = condition.commits.load(std::memory_order_relaxed);
    health.statements = condition.statements.load(std::memory_order_relaxed);
    return health;
}

void PostgresStore::hurry() { parts_->condition.hurried = true; }

const std::string& PostgresStore::writer_name() const { return parts_->writer->name(); }

std::string check_url(const std::string& url) { return url_problem(url); }

}  // namespace hongyan::postgres
