// Consumer: the thread that brings jobs from the broker. One consumer per band, each with a window
// of its own, so that urgent carriers never wait behind a window of low ones. Jobs go into the
// leases and are handed on; carriers are acknowledged when their jobs are done, or let go early
// when they keep others from coming. It counts what is left in the broker, too. All members are
// safe from every thread.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/rabbitmq/leases.hpp"
#include "engine/rabbitmq/link.hpp"
#include "engine/rabbitmq/publisher.hpp"

namespace hongyan::rabbitmq {

class Consumer final : private Link::Work {
  public:
    struct Sinks {
        std::function<void(std::span<const Job>)> arrived;
        std::function<bool()> hungry;           ///< a worker found nothing, for a while now
        std::function<void(std::string)> bury;  ///< a body of a foreign queue that is none of ours
        Lost lost;
    };
    Consumer(const Options& options, const Clock& clock, Log& log, Leases& leases, Sinks sinks);
    ~Consumer() override;
    void start() { link_.start(); }
    void stop(Millis grace) { link_.stop(grace); }
    /// There are acknowledgements to be sent.
    void wake() { link_.wake(); }
    [[nodiscard]] QueueHealth health() const { return link_.health(); }
    void add_to(QueueStats& stats) const;
    /// Jobs in the broker, estimated from the number of carriers.
    [[nodiscard]] std::int64_t in_broker() const;
    /// Every job of a band published before this time has left the broker.
    [[nodiscard]] std::int64_t drained_before_ms(std::size_t band) const {
        return drained_ms_[band];
    }

  private:
    Status prepare(Connection& connection) override;
    Status step(Connection& connection) override;
    Status on_message(Connection& connection, Incoming message) override;
    void on_lost() override;
    bool is_finished() override;
    Millis rest() override;
    [[nodiscard]] Status send_acks(Connection& connection);
    [[nodiscard]] Status count(Connection& connection);
    void let_go();
    void raise_mark(std::size_t band, std::int64_t published_ms);

    const Options& options_;
    const std::vector<Band> bands_;
    const Clock& clock_;
    Log& log_;
    Leases& leases_;
    const Sinks sinks_;
    // Of the thread only:
    std::array<std::set<std::uint64_t>, most_bands> open_;  ///< tags not acknowledged
    std::int64_t count_again_us_ = 0;
    std::array<double, most_bands> ids_each_{};  ///< moving average

    std::array<std::atomic<std::int64_t>, most_bands> ready_jobs_{};
    std::array<std::atomic<std::int64_t>, most_bands> drained_ms_{};
    std::atomic<std::uint64_t> received_{0};
    std::atomic<std::uint64_t> redelivered_{0};
    std::atomic<std::uint64_t> duplicates_{0};
    std::atomic<std::uint64_t> let_go_{0};
    std::atomic<std::uint64_t> rejected_{0};
    Link link_;  ///< last: its thread uses all of the above
};

}  // namespace hongyan::rabbitmq
