// Leases: which jobs this node has, and which carrier of the broker each came with. A carrier may
// be acknowledged when all of its jobs are done; a job that comes again is counted with the newer
// carrier only. A job waits or is lent; done() ends loans only, so that a job which was published
// again meanwhile is not lost. let_go() acknowledges carriers early whose jobs cannot be sent now:
// they stay here, and the store brings them back if this node dies. When the connection is lost all
// that is here stays here, and says from then on that it may be in other hands too (Job::again).
// Says nothing to the broker by itself: take_acks() tells what may be. All members are safe from
// every thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/rabbitmq/options.hpp"

namespace hongyan::rabbitmq {

class Leases {
  public:
    /// A carrier came; gives the jobs that are new here and now wait. Counts those that were here
    /// already in duplicates.
    [[nodiscard]] std::vector<Job> receive(std::uint64_t tag, std::size_t band,
                                           std::span<const Job> jobs, std::int64_t now_us,
                                           std::uint64_t& duplicates);
    /// Of jobs to be published: those that are lent wait again and are put into here; those that
    /// wait are left out; the rest is for the broker.
    [[nodiscard]] std::vector<Job> publish(std::span<const Job> jobs, std::vector<Job>& here);
    /// Without those that are here.
    [[nodiscard]] std::vector<Job> absent(std::span<const Job> jobs) const;
    /// Sets Job::again of those that other nodes may have, too.
    void lend(std::span<Job> jobs);
    /// True if there is something for take_acks() now.
    [[nodiscard]] bool done(std::span<const MessageId> ids);
    struct Ack {
        std::size_t band = 0;
        std::uint64_t tag = 0;
        auto operator<=>(const Ack&) const = default;
    };
    /// What may be acknowledged, each given once, by band and rising tag.
    [[nodiscard]] std::vector<Ack> take_acks();
    /// The connection is gone, and its tags with it: the broker will deliver those carriers again,
    /// to whichever node.
    void disconnect();

    struct Limits {
        std::size_t window = 0;      ///< carriers of a band at which it is full
        bool hungry = false;         ///< let go of the carriers of full bands
        std::int64_t oldest_us = 0;  ///< let go of all that came before
        std::int64_t held_max = 0;   ///< hungry does not count beyond this many jobs
    };
    /// Gives the number of jobs that the broker may forget now.
    std::size_t let_go(const Limits& limits);

    [[nodiscard]] std::int64_t size() const;
    [[nodiscard]] std::int64_t size_let_go() const;
    /// True if a band has window carriers or more that are not acknowledged.
    [[nodiscard]] bool is_full(std::size_t window) const;

  private:
    struct Lease {
        std::uint64_t carrier = 0;  ///< unknown ones count for nothing
        bool lent = false;
        bool again = false;  ///< another node may have it, too
    };
    struct Carried {
        std::uint64_t tag = 0;
        std::size_t band = 0;
        std::size_t left = 0;
        std::int64_t since_us = 0;
        bool gone = false;  ///< acknowledged before it was done
    };
    void release(std::uint64_t carrier);

    mutable std::mutex mutex_;
    // Under mutex_:
    std::unordered_map<MessageId, Lease> leases_;
    std::map<std::uint64_t, Carried> carriers_;  ///< by a number that is never used again
    std::uint64_t last_ = 0;
    std::array<std::size_t, most_bands> open_{};
    std::int64_t let_go_ = 0;
    std::vector<Ack> acks_;
};

}  // namespace hongyan::rabbitmq
