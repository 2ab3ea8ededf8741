// The bare cluster's way to RabbitMQ and back: one quorum queue, up to 256 ids in a message,
// confirms in flight, acknowledgement after the outcome is on disk. Publisher and Consumer have a
// thread and a connection each and end the process when the broker fails; a measurement is
// worthless then.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bare {

struct BrokerAddress {
    std::string host;
    int port = 0;
    std::string queue;
};

/// Prints why and ends the process.
[[noreturn]] void die(const std::string& why);

/// An eventfd: wakes a thread that polls a socket too.
class Bell {
  public:
    Bell();
    ~Bell();
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    void ring() const;
    /// Until it rings, the socket can be read or 100 ms have passed.
    void wait_with(int socket) const;

  private:
    int descriptor_;
};

class Publisher {
  public:
    explicit Publisher(BrokerAddress address);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;
    void publish(const std::vector<std::int64_t>& ids);
    [[nodiscard]] std::uint64_t carriers() const { return carriers_; }

  private:
    void loop();

    const BrokerAddress address_;
    Bell bell_;
    std::mutex mutex_;
    std::vector<std::int64_t> waiting_;  ///< under mutex_
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> carriers_{0};
    std::thread thread_;
};

class Consumer {
  public:
    using Taken = std::function<void(std::vector<std::int64_t> ids, std::uint64_t tag)>;
    Consumer(BrokerAddress address, Taken taken);
    ~Consumer();
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;
    void start();
    /// Nothing is taken any more; done_up_to() has no effect then.
    void stop();
    /// Everything up to this tag is on disk.
    void done_up_to(std::uint64_t tag);

  private:
    void loop();

    const BrokerAddress address_;
    const Taken taken_;
    Bell bell_;
    std::atomic<std::uint64_t> done_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace bare
