// Connection: one connection to the broker by librabbitmq, for one thread. Opening it includes TLS,
// log-in with the capabilities we need (cancel notices, blocked notices, nack) and heartbeat;
// everything has a deadline. Frames are read without waiting, so that the thread can wait
// for the socket and for work at once. After an error the connection is good for nothing but to be
// destroyed. Only shut() may be called from another thread.
#pragma once

#include <amqp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "engine/rabbitmq/options.hpp"

namespace hongyan::rabbitmq {

/// Of a publisher. A consumer has one for each band, from here on: a queue that the broker cannot
/// serve at the moment holds up its channel.
inline constexpr amqp_channel_t main_channel = 1;
/// For questions whose answer may close the channel.
inline constexpr amqp_channel_t side_channel = 6;

/// ErrorCode::unavailable passes by itself, config_invalid needs somebody who mends it.
[[nodiscard]] inline bool is_permanent(const Error& error) {
    return error.code == ErrorCode::config_invalid;
}

/// What a queue is declared with.
struct Declaration {
    std::string name;
    std::string dead_queue;  ///< where refused ones go; "" = nowhere
    int delivery_limit = 0;  ///< 0 = none
};

/// What the broker says of a queue. One whose leader does not answer has 0 of both.
struct QueueCounts {
    std::int64_t ready = 0;
    std::int64_t consumers = 0;
};

class Connection {
  public:
    /// purpose is what the broker's operators see in their list of connections.
    static Result<std::unique_ptr<Connection>> open(const Options& options, const Host& host,
                                                    std::string_view purpose);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] Status open_channel(amqp_channel_t channel);
    [[nodiscard]] Status select_confirms();
    [[nodiscard]] Status set_prefetch(amqp_channel_t channel, int count);
    /// Does not wait for the answer, which may take long.
    [[nodiscard]] Status consume(amqp_channel_t channel, const std::string& queue);
    /// Nothing if there is no such queue.
    [[nodiscard]] Result<std::optional<QueueCounts>> look(const std::string& queue);
    /// Makes a quorum queue, or finds that it is there with just these arguments.
    [[nodiscard]] Status declare(const Declaration& declaration);

    /// Persistent and mandatory, by the default exchange; id comes back with a returned message.
    [[nodiscard]] Status publish(const std::string& queue, std::string_view body,
                                 std::string_view type, std::uint64_t id, int priority);
    [[nodiscard]] Status ack(amqp_channel_t channel, std::uint64_t tag, bool multiple);
    [[nodiscard]] Status reject(amqp_channel_t channel, std::uint64_t tag);
    /// The next frame that is there already; nullptr if none is. Valid until the next call.
    [[nodiscard]] Result<const amqp_frame_t*> next();
    /// Waits until there is something to read, or wake_fd is readable, or wait is over.
    void wait(int wake_fd, Millis wait, bool until_writable) const;
    /// True if a publish of usual size would not have to wait for the socket.
    [[nodiscard]] bool is_writable() const;
    /// Says goodbye; without it the broker logs a lost connection.
    void close();
    /// Ends every call that waits; the connection is lost then.
    void shut() const;

  private:
    explicit Connection(const Options& options);
    [[nodiscard]] Status connect(const Options& options, const Host& host,
                                 std::string_view purpose);
    [[nodiscard]] Status check(const amqp_rpc_reply_t& reply, const std::string& doing);
    [[nodiscard]] Status check(int code, const std::string& doing) const;
    [[nodiscard]] Status reopen_side_channel();

    const amqp_connection_state_t state_;
    int fd_ = -1;
    bool broken_ = false;
    std::string last_refusal_;
    int last_refusal_code_ = 0;
    amqp_frame_t frame_{};
};

/// The text behind a frame's or reply's bytes.
[[nodiscard]] inline std::string_view text_of(amqp_bytes_t bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

}  // namespace hongyan::rabbitmq
