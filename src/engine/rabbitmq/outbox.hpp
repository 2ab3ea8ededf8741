// Outbox: jobs on their way to the broker. Those that wait are kept by priority and go most urgent
// first, in carriers of many; those that were sent are kept by delivery tag until the broker
// confirms them, in whatever order and however many at a time it does. What is refused or was on
// its way when the connection broke waits again, in front, and says then that the broker may have
// it already (Job::again). Bounded: put() tells what it did not take. All members are safe from
// every thread; tags are of one connection.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/rabbitmq/options.hpp"

namespace hongyan::rabbitmq {

class Outbox {
  public:
    Outbox(const std::vector<Band>& bands, std::size_t max_jobs)
        : bands_(bands), max_jobs_(max_jobs) {}

    /// Gives the number of jobs that had no room.
    std::size_t put(std::span<const Job> jobs, std::int64_t now_ms);

    struct Load {
        std::size_t band = 0;
        std::vector<Job> jobs;
        std::int64_t since_ms = 0;  ///< when the oldest of them was put in
    };
    struct Limits {
        std::size_t jobs = 0;           ///< in the carrier
        bool one_priority = false;      ///< all of the same
        std::size_t band_carriers = 0;  ///< not confirmed: bands that have so many are passed over
    };
    /// The next carrier, of the most urgent band that has something and may send. It is in here
    /// until sent() or back(). A band whose queue does not confirm leaves room for the others.
    [[nodiscard]] std::optional<Load> next(const Limits& limits);
    void sent(std::uint64_t tag, Load load, std::int64_t now_us);
    /// It may have been sent or not.
    void back(Load load);

    /// Number of jobs confirmed; an unknown tag confirms nothing.
    std::size_t ack(std::uint64_t tag, bool multiple);
    /// They wait again; gives their number.
    std::size_t nack(std::uint64_t tag, bool multiple);
    /// As nack(), of one that surely is in no queue of the broker's.
    std::size_t returned(std::uint64_t tag);
    /// The connection is gone: all that was not confirmed waits again.
    std::size_t reset();

    [[nodiscard]] std::size_t waiting() const;   ///< jobs not sent yet
    [[nodiscard]] std::size_t carriers() const;  ///< carriers not confirmed yet
    [[nodiscard]] bool empty() const;
    /// When the oldest job in here was put in; nothing if it is empty.
    [[nodiscard]] std::optional<std::int64_t> oldest_ms() const;
    /// When the oldest carrier was sent that is not confirmed; nothing if all are.
    [[nodiscard]] std::optional<std::int64_t> oldest_sent_us() const;
    /// The band of that carrier.
    [[nodiscard]] std::size_t oldest_band() const;
    [[nodiscard]] QueueDepth depth() const;

  private:
    struct Waiting {
        Job job;
        std::int64_t since_ms = 0;
    };
    struct Sent {
        Load load;
        std::int64_t sent_us = 0;
    };
    using Place = std::map<std::uint64_t, Sent>::iterator;
    std::pair<Place, Place> range(std::uint64_t tag, bool multiple);
    static void fill(Load& load, std::deque<Waiting>& from, std::size_t most);
    std::size_t take_back(std::uint64_t tag, bool multiple, bool may_be_there);
    void put_back(Load&& load, bool may_be_there);

    const std::vector<Band> bands_;
    const std::size_t max_jobs_;
    mutable std::mutex mutex_;
    // Under mutex_:
    std::array<std::deque<Waiting>, priority_levels> waiting_;
    std::size_t waiting_jobs_ = 0;
    std::size_t loaded_ = 0;  ///< carriers between next() and sent()
    std::int64_t loaded_since_ms_ = 0;
    std::map<std::uint64_t, Sent> sent_;
    std::array<std::size_t, most_bands> open_{};  ///< carriers in sent_, by band
};

}  // namespace hongyan::rabbitmq
