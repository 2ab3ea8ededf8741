#include "cluster_broker.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

namespace bare {
namespace {

constexpr std::size_t ids_in_a_message = 256;
constexpr std::size_t window = 512;
constexpr int prefetch = 32;
constexpr int frame_max = 131'072;
constexpr amqp_channel_t channel = 1;

/// A connection with the queue declared.
class Link {
  public:
    explicit Link(const BrokerAddress& address)
        : state_(amqp_new_connection()), queue_(address.queue) {
        auto* socket = amqp_tcp_socket_new(state_);
        if (amqp_socket_open(socket, address.host.c_str(), address.port) != AMQP_STATUS_OK)
            die("the broker does not answer");
        const auto in =
            amqp_login(state_, "/", 0, frame_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        if (in.reply_type != AMQP_RESPONSE_NORMAL) die("the broker refuses the log-in");
        amqp_channel_open(state_, channel);
        amqp_table_entry_t type{};
        type.key = amqp_cstring_bytes("x-queue-type");
        type.value.kind = AMQP_FIELD_KIND_UTF8;
        type.value.value.bytes = amqp_cstring_bytes("quorum");
        amqp_queue_declare(state_, channel, name(), 0, 1, 0, 0, {1, &type});
        if (amqp_get_rpc_reply(state_).reply_type != AMQP_RESPONSE_NORMAL)
            die("the broker refuses the queue");
    }
    ~Link() { amqp_destroy_connection(state_); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    [[nodiscard]] amqp_connection_state_t state() const { return state_; }
    [[nodiscard]] amqp_bytes_t name() const { return amqp_cstring_bytes(queue_.c_str()); }
    [[nodiscard]] int socket() const { return amqp_get_sockfd(state_); }

  private:
    amqp_connection_state_t state_;
    const std::string queue_;
};

void publish_one(const Link& link, const std::int64_t* ids, std::size_t count) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    const amqp_bytes_t body{count * sizeof *ids, const_cast<std::int64_t*>(ids)};
    if (amqp_basic_publish(link.state(), channel, amqp_empty_bytes, link.name(), 1, 0, &properties,
                           body) != AMQP_STATUS_OK)
        die("the broker took no message");
}

/// Takes the confirms that have come.
void read_confirms(const Link& link, std::set<std::uint64_t>& open) {
    for (;;) {
        amqp_frame_t frame{};
        timeval now{0, 0};
        amqp_maybe_release_buffers(link.state());
        const int status = amqp_simple_wait_frame_noblock(link.state(), &frame, &now);
        if (status == AMQP_STATUS_TIMEOUT) return;
        if (status != AMQP_STATUS_OK) die("the broker went away");
        if (frame.frame_type != AMQP_FRAME_METHOD ||
            frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            die("a message was not confirmed");
        const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
        if (ack->multiple != 0)
            open.erase(open.begin(), open.upper_bound(ack->delivery_tag));
        else
            open.erase(ack->delivery_tag);
    }
}

std::vector<std::int64_t> ids_in(const amqp_bytes_t& body) {
    std::vector<std::int64_t> ids(body.len / sizeof(std::int64_t));
    std::memcpy(ids.data(), body.bytes, ids.size() * sizeof(std::int64_t));
    return ids;
}

}  // namespace

void die(const std::string& why) {
    std::fprintf(stderr, "bench_bare_cluster: %s\n", why.c_str());
    std::_Exit(1);
}

Bell::Bell() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) die("no eventfd");
}
Bell::~Bell() { ::close(descriptor_); }

void Bell::ring() const {
    const std::uint64_t one = 1;
    if (::write(descriptor_, &one, sizeof one) < 0) return;  // it rings already
}

void Bell::wait_with(int socket) const {
    pollfd both[2] = {{socket, POLLIN, 0}, {descriptor_, POLLIN, 0}};
    ::poll(both, 2, 100);
    std::uint64_t rung = 0;
    if (::read(descriptor_, &rung, sizeof rung) < 0) return;
}

Publisher::Publisher(BrokerAddress address)
    : address_(std::move(address)), thread_([this] { loop(); }) {}

Publisher::~Publisher() {
    stopping_ = true;
    bell_.ring();
    thread_.join();
}

void Publisher::publish(const std::vector<std::int64_t>& ids) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.insert(waiting_.end(), ids.begin(), ids.end());
    }
    bell_.ring();
}

void Publisher::loop() {
    const Link link(address_);
    amqp_confirm_select(link.state(), channel);
    if (amqp_get_rpc_reply(link.state()).reply_type != AMQP_RESPONSE_NORMAL) die("no confirms");
    std::set<std::uint64_t> open;
    std::uint64_t tag = 0;
    std::vector<std::int64_t> going;
    std::size_t gone = 0;
    while (!stopping_) {
        if (gone == going.size()) {
            going.clear();
            gone = 0;
            const std::lock_guard lock(mutex_);
            going.swap(waiting_);
        }
        while (gone < going.size() && open.size() < window) {
            const auto count = std::min(ids_in_a_message, going.size() - gone);
            publish_one(link, going.data() + gone, count);
            gone += count;
            open.insert(++tag);
            ++carriers_;
        }
        read_confirms(link, open);
        if (gone == going.size() || open.size() >= window) bell_.wait_with(link.socket());
    }
}

Consumer::Consumer(BrokerAddress address, Taken taken)
    : address_(std::move(address)), taken_(std::move(taken)) {}

Consumer::~Consumer() { stop(); }

void Consumer::start() {
    thread_ = std::thread([this] { loop(); });
}

void Consumer::stop() {
    stopping_ = true;
    bell_.ring();
    if (thread_.joinable()) thread_.join();
}

void Consumer::done_up_to(std::uint64_t tag) {
    done_ = tag;
    bell_.ring();
}

void Consumer::loop() {
    const Link link(address_);
    amqp_basic_qos(link.state(), channel, 0, prefetch, 0);
    amqp_basic_consume(link.state(), channel, link.name(), amqp_cstring_bytes("bare"), 0, 0, 0,
                       amqp_empty_table);
    if (amqp_get_rpc_reply(link.state()).reply_type != AMQP_RESPONSE_NORMAL) die("no consumer");
    std::uint64_t acknowledged = 0;
    while (!stopping_) {
        const std::uint64_t done = done_;
        if (done > acknowledged) {
            if (amqp_basic_ack(link.state(), channel, done, 1) != AMQP_STATUS_OK)
                die("the broker took no acknowledgement");
            acknowledged = done;
        }
        amqp_envelope_t envelope;
        timeval now{0, 0};
        amqp_maybe_release_buffers(link.state());
        const auto reply = amqp_consume_message(link.state(), &envelope, &now, 0);
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            taken_(ids_in(envelope.message.body), envelope.delivery_tag);
            amqp_destroy_envelope(&envelope);
        } else if (reply.library_error == AMQP_STATUS_TIMEOUT) {
            bell_.wait_with(link.socket());
        } else {
            die("the broker went away");
        }
    }
}

}  // namespace bare
