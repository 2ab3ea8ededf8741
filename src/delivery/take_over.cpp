// What a node of a cluster does for those that are gone, and for what the broker lost. Part of
// Delivery.
#include <future>

#include "delivery/delivery.hpp"

namespace hongyan::delivery {
namespace {

constexpr int adopted_at_once = 2'000;
constexpr int deleted_at_once = 2'000;

}  // namespace

Status Delivery::write_and_wait(Work work) {
    std::promise<Status> written;
    committer_.run(std::move(work), [&](Status status) { written.set_value(std::move(status)); });
    return written.get_future().get();
}

Result<TakenOver> Delivery::take_over(const std::function<void(Session&)>& guard) {
    TakenOver result;
    // First: what a dead node wrote of a batch that nobody was told of is no message.
    for (bool more = true; more && !stopping_;) {
        auto deleted = write_and_wait([&](Session& session, Counts&) {
            guard(session);
            more = table::delete_abandoned(session, deleted_at_once);
        });
        if (!deleted) return deleted.error();
    }
    const auto each = [&](MessageStatus status, auto take) -> Status {
        // To the last: two nodes may do so at once, and then neither gets as many as it asked for.
        for (std::size_t count = 1; count > 0 && !stopping_;) {
            std::vector<table::Waiting> found;
            auto adopted = write_and_wait([&](Session& session, Counts&) {
                guard(session);
                found = table::adopt(session, status, options_.node, adopted_at_once);
            });
            if (!adopted) return adopted;
            count = found.size();
            take(found);
        }
        return Done{};
    };
    const auto timed = [&](const std::vector<table::Waiting>& found) {
        result.timed += static_cast<std::int64_t>(found.size());
        publish(found);
    };
    Status done = each(MessageStatus::retrying, timed);
    if (done) {
        done = each(MessageStatus::processing, [&](const std::vector<table::Waiting>& found) {
            std::vector<MessageId> ids;
            for (const auto& one : found) ids.push_back(one.job.id);
            result.interrupted += static_cast<std::int64_t>(ids.size());
            load_lost(ids);
        });
    }
    if (done) done = each(MessageStatus::scheduled, timed);
    if (done && !parts_.queue.outlives_process()) {
        done = each(MessageStatus::pending, [&](const std::vector<table::Waiting>& found) {
            result.waiting += static_cast<std::int64_t>(found.size());
            publish(found);
        });
    }
    if (!done) return done.error();
    return result;
}

Result<std::int64_t> Delivery::republish(table::PendingPlace place) {
    std::int64_t total = 0;
    place.after = 0;
    for (std::size_t count = 1; count > 0 && !stopping_;) {
        std::vector<Job> jobs;
        auto read = parts_.store.read(
            [&](Session& session) { jobs = table::list_pending(session, place); });
        if (!read) return read.error();
        count = jobs.size();
        if (count == 0) break;
        place.after = jobs.back().id;
        parts_.queue.republish(jobs);
        total += static_cast<std::int64_t>(count);
        if (count < static_cast<std::size_t>(place.limit)) break;
    }
    return total;
}

}  // namespace hongyan::delivery
