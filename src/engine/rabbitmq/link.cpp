#include "engine/rabbitmq/link.hpp"

#include <amqp_framing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <utility>

#include "base/thread.hpp"
#include "engine/rabbitmq/wire.hpp"

namespace hongyan::rabbitmq {
namespace {

constexpr int most_frames = 256;  ///< read before work gets its turn

std::uint64_t number_in(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

template <class Close>
Error closed_by(const amqp_frame_t& frame, std::string_view what) {
    const auto* close = static_cast<const Close*>(frame.payload.method.decoded);
    const bool permanent =
        close->reply_code == AMQP_ACCESS_REFUSED || close->reply_code == AMQP_NOT_ALLOWED;
    return make_error(permanent ? ErrorCode::config_invalid : ErrorCode::unavailable,
                      "the broker closed the " + std::string(what) + ": " +
                          std::string(text_of(close->reply_text)) + " (" +
                          std::to_string(close->reply_code) + ")");
}

}  // namespace

Link::Link(const Options& options, Log& log, std::string purpose, Work& work)
    : options_(options),
      log_(log),
      purpose_(std::move(purpose)),
      work_(work),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    HY_ASSERT(wake_fd_ >= 0);
    health_ = {false, false, "not connected yet"};
}

Link::~Link() {
    stop(Millis(0));
    ::close(wake_fd_);
}

void Link::start() {
    HY_ASSERT(!thread_.joinable());
    thread_ = start_thread("amqp", [this] { loop(); });
}

void Link::stop(Millis grace) {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wake();
    {
        std::unique_lock lock(mutex_);
        if (!stopped_wake_.wait_for(lock, grace, [this] { return stopped_; })) {
            cut_ = true;
            if (current_ != nullptr) current_->shut();
        }
    }
    thread_.join();
}

void Link::wake() {
    if (awake_.exchange(true)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

// The flag falls last, and before the work looks: whoever comes in between is seen by the work,
// whoever comes later writes again.
void Link::drain_wake() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
    awake_ = false;
}

QueueHealth Link::health() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

void Link::note(bool connected, bool blocked, std::string detail) {
    const std::lock_guard lock(mutex_);
    health_ = {connected, blocked, std::move(detail)};
}

bool Link::is_over() const { return cut_ || (stopping_ && work_.is_finished()); }

void Link::pause(Millis time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!stopping_) {
        const auto left =
            std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return;
        pollfd fd{wake_fd_, POLLIN, 0};
        if (::poll(&fd, 1, static_cast<int>(left.count())) == 1) {
            drain_wake();
        }
    }
}

void Link::loop() {
    std::minstd_rand random(std::random_device{}());
    Millis rest = options_.shortest_pause;
    std::size_t host = random() % options_.hosts.size();
    std::string last_detail;
    while (!stopping_) {
        const auto& at = options_.hosts[host++ % options_.hosts.size()];
        auto opened = Connection::open(options_, at, purpose_);
        Status ended = opened ? Status(Done{}) : Status(std::move(opened.error()));
        if (opened) {
            {
                const std::lock_guard lock(mutex_);
                current_ = opened->get();
            }
            const auto began = std::chrono::steady_clock::now();
            ended = run(**opened);
            {
                const std::lock_guard lock(mutex_);
                current_ = nullptr;
            }
            if (ended) (*opened)->close();
            work_.on_lost();
            // One that held for a while was a good one.
            if (std::chrono::steady_clock::now() - began > options_.longest_pause)
                rest = options_.shortest_pause;
        }
        if (stopping_ || ended) break;
        const auto& error = ended.error();
        note(false, false, error.detail);
        if (error.detail != last_detail) {
            if (is_permanent(error))
                log_.error("broker_refuses", {{"link", purpose_}, {"detail", error.detail}});
            else
                log_.warn("broker_lost", {{"link", purpose_}, {"detail", error.detail}});
        }
        last_detail = error.detail;
        const auto most = is_permanent(error) ? options_.longest_pause : rest;
        // Half to whole: nodes that lost the same broker do not come back together.
        pause(most / 2 + Millis(static_cast<std::int64_t>(random()) % (most.count() / 2 + 1)));
        rest = std::min(rest * 2, options_.longest_pause);
    }
    const std::lock_guard lock(mutex_);
    health_ = {false, false, "stopped"};
    stopped_ = true;
    stopped_wake_.notify_all();
}

Status Link::run(Connection& connection) {
    incoming_.clear();
    if (auto prepared = work_.prepare(connection); !prepared) return prepared;
    note(true, false, "");
    if (connects_.fetch_add(1) > 0) log_.info("broker_back", {{"link", purpose_}});
    while (!is_over()) {
        auto more = read(connection);
        if (!more) return std::move(more.error());
        if (auto worked = work_.step(connection); !worked) return worked;
        if (*more) continue;
        connection.wait(wake_fd_, work_.rest(), work_.wants_to_write());
        if (awake_) drain_wake();
    }
    return cut_ ? Status(Done{}) : work_.step(connection);
}

Result<bool> Link::read(Connection& connection) {
    for (int i = 0; i < most_frames; ++i) {
        auto frame = connection.next();
        if (!frame) return std::move(frame.error());
        if (*frame == nullptr) return false;
        Status handled = Done{};
        if ((*frame)->frame_type == AMQP_FRAME_METHOD)
            handled = on_method(connection, **frame);
        else if ((*frame)->frame_type == AMQP_FRAME_HEADER ||
                 (*frame)->frame_type == AMQP_FRAME_BODY)
            handled = on_content(connection, **frame);
        if (!handled) return std::move(handled.error());
    }
    return true;
}

Status Link::on_method(Connection&, const amqp_frame_t& frame) {
    const void* decoded = frame.payload.method.decoded;
    switch (frame.payload.method.id) {
        case AMQP_BASIC_ACK_METHOD: {
            const auto* ack = static_cast<const amqp_basic_ack_t*>(decoded);
            work_.on_confirm(ack->delivery_tag, ack->multiple != 0, false);
            return Done{};
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto* nack = static_cast<const amqp_basic_nack_t*>(decoded);
            work_.on_confirm(nack->delivery_tag, nack->multiple != 0, true);
            return Done{};
        }
        case AMQP_BASIC_DELIVER_METHOD: {
            const auto* deliver = static_cast<const amqp_basic_deliver_t*>(decoded);
            Incoming& message = incoming_[frame.channel] = {};
            message.channel = frame.channel;
            message.tag = deliver->delivery_tag;
            message.redelivered = deliver->redelivered != 0;
            return Done{};
        }
        case AMQP_BASIC_RETURN_METHOD: {
            const auto* back = static_cast<const amqp_basic_return_t*>(decoded);
            Incoming& message = incoming_[frame.channel] = {};
            message.returned = true;
            message.reason = std::string(text_of(back->reply_text)) + " " +
                             std::string(text_of(back->routing_key));
            return Done{};
        }
        case AMQP_CONNECTION_BLOCKED_METHOD: {
            const auto* blocked = static_cast<const amqp_connection_blocked_t*>(decoded);
            const std::string why =
                "the broker takes nothing at the moment: " + std::string(text_of(blocked->reason));
            log_.warn("broker_blocked", {{"link", purpose_}, {"detail", why}});
            note(true, true, why);
            work_.on_blocked(true);
            return Done{};
        }
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            log_.info("broker_unblocked", {{"link", purpose_}});
            note(true, false, "");
            work_.on_blocked(false);
            return Done{};
        case AMQP_BASIC_CANCEL_METHOD:
            return make_error(ErrorCode::unavailable,
                              "the broker ended a consumer: its queue was deleted or moved");
        case AMQP_CHANNEL_CLOSE_METHOD:
            return closed_by<amqp_channel_close_t>(frame, "channel");
        case AMQP_CONNECTION_CLOSE_METHOD:
            return closed_by<amqp_connection_close_t>(frame, "connection");
        default:
            return Done{};
    }
}

// A header frame tells the size, body frames follow until it is reached; other channels may come in
// between.
Status Link::on_content(Connection& connection, const amqp_frame_t& frame) {
    const auto found = incoming_.find(frame.channel);
    if (found == incoming_.end())
        return make_error(ErrorCode::unavailable, "a body without a message");
    Incoming& message = found->second;
    if (frame.frame_type == AMQP_FRAME_HEADER) {
        message.size = frame.payload.properties.body_size;
        const auto* properties =
            static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
        if ((properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0)
            message.id = number_in(text_of(properties->message_id));
    } else {
        // Of what is longer than any carrier, the rest is not kept.
        const auto part = text_of(frame.payload.body_fragment);
        const auto most = longest_body + 1;
        message.body += part.substr(0, most - std::min(message.body.size(), most));
        message.size -= std::min<std::uint64_t>(message.size, part.size());
    }
    if (message.size > 0) return Done{};
    auto whole = std::move(message);
    incoming_.erase(found);
    return work_.on_message(connection, std::move(whole));
}

}  // namespace hongyan::rabbitmq
