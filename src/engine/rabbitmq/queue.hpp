// RabbitQueue: the Queue over RabbitMQ. Four quorum queues carry four bands of priority (9-10, 6-8,
// 3-5, 0-2), a dead-letter queue lies beside them; or one or four queues that an operator made are
// used as they are. What a node has received lies on a shelf inside the process, which keeps the
// exact order of priorities, tenants' turns and ageing. A job is acknowledged to the broker after
// done(); one that cannot be sent now does not keep others from coming (see leases.hpp). All
// members are safe from every thread. docs/decisions 0057 to 0059 say why it is so.
#pragma once

#include <functional>
#include <memory>

#include "base/log.hpp"
#include "contract/queue.hpp"
#include "engine/rabbitmq/options.hpp"

namespace hongyan::rabbitmq {

class RabbitQueue final : public Queue {
  public:
    /// Tries to connect once. Errors: config_invalid if the broker refuses what the URL says; a
    /// broker that is not there is no error, jobs wait until it is. clock and log must outlive the
    /// queue; shelf is an empty in-process queue.
    static Result<std::unique_ptr<RabbitQueue>> open(Options options, const Clock& clock, Log& log,
                                                     std::unique_ptr<Queue> shelf);
    /// Waits a moment for the last confirms and acknowledgements.
    ~RabbitQueue() override;

    void publish(std::span<const Job> jobs) override;
    void republish(std::span<const Job> jobs) override;
    std::vector<Job> take(std::size_t max, ChannelMask mask, Millis wait) override;
    void wake() override;
    [[nodiscard]] QueueDepth depth() const override;
    void done(std::span<const MessageId> ids) override;
    [[nodiscard]] bool outlives_process() const override { return true; }
    void on_lost(std::function<void(const std::string& why)> lost) override;
    [[nodiscard]] QueueHealth health() const override;
    [[nodiscard]] QueueStats stats() const override;
    [[nodiscard]] QueueMarks marks() const override;

  private:
    struct Parts;
    explicit RabbitQueue(std::unique_ptr<Parts> parts);
    const std::unique_ptr<Parts> parts_;
};

}  // namespace hongyan::rabbitmq
