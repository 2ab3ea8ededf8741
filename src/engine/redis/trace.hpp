// RedisTrace: LiveTrace in lists of Redis, one for each message: msg_trace:msg_ID, each element one
// node as JSON, kept for seven days after the last. Nodes gather in a bounded queue for a tenth of
// a second, in which most messages go their whole way, and then go in one pipelined batch from the
// client's thread, all nodes of a message together; one that says "pending" is left out if its end
// is there too. While too many are without an answer, or Redis is gone, they wait, and when the
// queue is full new ones are dropped and counted.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "contract/live_trace.hpp"
#include "engine/redis/client.hpp"

namespace hongyan::redis {

class RedisTrace final : public LiveTrace {
  public:
    struct Options {
        std::string prefix = "msg_trace:";
        std::int64_t ttl_seconds = 604'800;
        std::size_t waiting_max = 40'000;  ///< nodes not yet sent
        std::size_t flying_max = 16'000;   ///< nodes sent and not answered
        int nodes_max = 200;               ///< of one message; the newest stay
        Millis every{100};
        std::size_t soon = 4'096;  ///< so many waiting nodes go within a quarter of that time
    };
    RedisTrace(Client& client, Options options);
    /// Sends what waits, if Redis is there; call before the client stops.
    ~RedisTrace() override;

    void add(MessageId message, LiveNode node) override;
    [[nodiscard]] Result<std::vector<LiveNode>> read(MessageId message) override;
    [[nodiscard]] LiveTraceCounts counts() const override;

  private:
    using Step = std::pair<MessageId, LiveNode>;
    /// Of at most chunk_most steps, so that taking some moves none.
    using Chunk = std::vector<Step>;
    struct Waiting {
        std::deque<Chunk> chunks;
        std::size_t steps = 0;
    };
    /// Shared with answers under way, which may come after this object's end.
    struct Core {
        std::atomic<std::int64_t> added{0};
        std::atomic<std::int64_t> written{0};
        std::atomic<std::int64_t> dropped{0};
        std::atomic<std::int64_t> flying{0};
    };
    /// A list that has been sent.
    struct Sent {
        MessageId message;
        std::int64_t steps;
    };
    [[nodiscard]] std::string key(MessageId message) const;
    void tick();
    void flush();
    [[nodiscard]] std::vector<Chunk> take(std::size_t most);
    /// Of many messages, those of each side by side.
    void send(std::span<const Step* const> steps);
    /// All of one message.
    void append(Commands& commands, std::span<const Step* const> steps) const;

    Client& client_;
    const Options options_;
    const std::shared_ptr<Core> core_;
    const std::size_t chunk_most_;
    Guarded<Waiting> waiting_;
    std::int64_t timer_ = 0;
    unsigned ticks_ = 0;  ///< of the client's thread
};

}  // namespace hongyan::redis
