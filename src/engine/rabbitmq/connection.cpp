#include "engine/rabbitmq/connection.hpp"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>
#include <vector>

namespace hongyan::rabbitmq {
namespace {

constexpr int largest_frame = 131'072;
constexpr int send_buffer = 256 * 1024;
constexpr std::string_view system_ca = "/etc/ssl/certs/ca-certificates.crt";

amqp_bytes_t bytes_of(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

timeval time_of(Millis time) {
    return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

amqp_table_entry_t entry(const char* key, std::string_view text) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_UTF8;
    made.value.value.bytes = bytes_of(text);
    return made;
}

amqp_table_entry_t entry(const char* key, int number) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_I32;
    made.value.value.i32 = number;
    return made;
}

amqp_table_entry_t entry(const char* key, bool flag) {
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    made.value.value.boolean = flag ? 1 : 0;
    return made;
}

template <std::size_t Size>
amqp_table_t table_of(std::array<amqp_table_entry_t, Size>& entries) {
    return {static_cast<int>(Size), entries.data()};
}

/// Refusals that come again until somebody changes something: access, vhost, arguments, names.
bool needs_mending(int code) {
    return code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_FOUND ||
           code == AMQP_PRECONDITION_FAILED || code == AMQP_NOT_ALLOWED ||
           code == AMQP_NOT_IMPLEMENTED || code == AMQP_COMMAND_INVALID;
}

Error transient(std::string detail) {
    return make_error(ErrorCode::unavailable, std::move(detail));
}
Error permanent(std::string detail) {
    return make_error(ErrorCode::config_invalid, std::move(detail));
}

}  // namespace

Connection::Connection(const Options& options) : state_(amqp_new_connection()) {
    const auto handshake = time_of(options.connect_timeout);
    const auto reply = time_of(options.reply_timeout);
    amqp_set_handshake_timeout(state_, &handshake);
    amqp_set_rpc_timeout(state_, &reply);
}

Connection::~Connection() { amqp_destroy_connection(state_); }

Result<std::unique_ptr<Connection>> Connection::open(const Options& options, const Host& host,
                                                     std::string_view purpose) {
    std::unique_ptr<Connection> made(new Connection(options));
    if (auto connected = made->connect(options, host, purpose); !connected)
        return std::move(connected.error());
    return made;
}

Status Connection::connect(const Options& options, const Host& host, std::string_view purpose) {
    amqp_socket_t* socket = options.tls ? amqp_ssl_socket_new(state_) : amqp_tcp_socket_new(state_);
    if (socket == nullptr) return transient("no memory for a socket");
    if (options.tls) {
        amqp_ssl_socket_set_verify_peer(socket, options.verify ? 1 : 0);
        amqp_ssl_socket_set_verify_hostname(socket, options.verify ? 1 : 0);
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
        const std::string ca = options.ca_file.empty() ? std::string(system_ca) : options.ca_file;
        if (options.verify && amqp_ssl_socket_set_cacert(socket, ca.c_str()) != AMQP_STATUS_OK)
            return permanent("the certificates in '" + ca + "' cannot be read");
        if (!options.cert_file.empty() &&
            amqp_ssl_socket_set_key(socket, options.cert_file.c_str(), options.key_file.c_str()) !=
                AMQP_STATUS_OK)
            return permanent("certificate '" + options.cert_file + "' or key '" + options.key_file +
                             "' cannot be read");
    }
    const auto timeout = time_of(options.connect_timeout);
    const auto where = host.name + ":" + std::to_string(host.port);
    if (auto opened =
            check(amqp_socket_open_noblock(socket, host.name.c_str(), host.port, &timeout),
                  "connecting to " + where);
        !opened)
        return opened;
    fd_ = amqp_get_sockfd(state_);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    // A peer that vanished without a word ends a blocked send, too.
    const unsigned vanished_ms = static_cast<unsigned>(options.heartbeat_seconds) * 3000;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &vanished_ms, sizeof vanished_ms);

    std::array capabilities{entry("consumer_cancel_notify", true),
                            entry("connection.blocked", true), entry("basic.nack", true),
                            entry("publisher_confirms", true),
                            entry("authentication_failure_close", true)};
    std::array properties{entry("product", std::string_view("hongyan")),
                          entry("connection_name", purpose), amqp_table_entry_t{}};
    properties[2].key = amqp_cstring_bytes("capabilities");
    properties[2].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[2].value.value.table = table_of(capabilities);
    const auto table = table_of(properties);
    const auto reply = amqp_login_with_properties(
        state_, options.vhost.c_str(), 0, largest_frame, options.heartbeat_seconds, &table,
        AMQP_SASL_METHOD_PLAIN, options.user.c_str(), options.password.c_str());
    return check(reply, "logging in at " + where + " as '" + options.user + "'");
}

Status Connection::check(int code, const std::string& doing) const {
    if (code == AMQP_STATUS_OK) return Done{};
    const std::string text = doing + ": " + amqp_error_string2(code);
    const bool tls = code == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
                     code == AMQP_STATUS_SSL_PEER_VERIFY_FAILED;
    return tls ? permanent(text) : transient(text);
}

Status Connection::check(const amqp_rpc_reply_t& reply, const std::string& doing) {
    last_refusal_code_ = 0;
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return Done{};
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        broken_ = true;
        return check(reply.library_error, doing);
    }
    if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) {
        broken_ = true;
        return transient(doing + ": the broker closed the connection");
    }
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
        last_refusal_code_ = close->reply_code;
        last_refusal_ = text_of(close->reply_text);
    } else {
        broken_ = true;
        const auto* close = static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
        last_refusal_code_ = close->reply_code;
        last_refusal_ = text_of(close->reply_text);
    }
    auto text = doing + ": " + last_refusal_ + " (" + std::to_string(last_refusal_code_) + ")";
    return needs_mending(last_refusal_code_) ? permanent(std::move(text))
                                             : transient(std::move(text));
}

Status Connection::open_channel(amqp_channel_t channel) {
    amqp_channel_open(state_, channel);
    return check(amqp_get_rpc_reply(state_), "opening a channel");
}

Status Connection::select_confirms() {
    amqp_confirm_select(state_, main_channel);
    return check(amqp_get_rpc_reply(state_), "asking for confirms");
}

Status Connection::set_prefetch(amqp_channel_t channel, int count) {
    amqp_basic_qos(state_, channel, 0, static_cast<std::uint16_t>(count), 0);
    return check(amqp_get_rpc_reply(state_), "setting the prefetch");
}

Status Connection::consume(amqp_channel_t channel, const std::string& queue) {
    amqp_basic_consume_t request{};
    request.queue = bytes_of(queue);
    request.consumer_tag = bytes_of("hongyan");
    request.nowait = 1;
    request.arguments = amqp_empty_table;
    return check(amqp_send_method(state_, channel, AMQP_BASIC_CONSUME_METHOD, &request),
                 "consuming from '" + queue + "'");
}

Status Connection::reopen_side_channel() {
    amqp_channel_close_ok_t ok{};
    if (auto sent = check(amqp_send_method(state_, side_channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok),
                          "closing a channel");
        !sent)
        return sent;
    return open_channel(side_channel);
}

Result<std::optional<QueueCounts>> Connection::look(const std::string& queue) {
    const auto* answer =
        amqp_queue_declare(state_, side_channel, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
    auto found = check(amqp_get_rpc_reply(state_), "looking for the queue '" + queue + "'");
    if (found && answer != nullptr)
        return std::optional(QueueCounts{answer->message_count, answer->consumer_count});
    if (broken_ || last_refusal_code_ != AMQP_NOT_FOUND) return std::move(found.error());
    if (auto opened = reopen_side_channel(); !opened) return std::move(opened.error());
    return std::optional<QueueCounts>();
}

Status Connection::declare(const Declaration& declaration) {
    std::vector<amqp_table_entry_t> entries{entry("x-queue-type", std::string_view("quorum"))};
    if (!declaration.dead_queue.empty()) {
        entries.push_back(entry("x-dead-letter-exchange", std::string_view()));
        entries.push_back(
            entry("x-dead-letter-routing-key", std::string_view(declaration.dead_queue)));
    }
    if (declaration.delivery_limit > 0)
        entries.push_back(entry("x-delivery-limit", declaration.delivery_limit));
    const amqp_table_t arguments{static_cast<int>(entries.size()), entries.data()};
    amqp_queue_declare(state_, side_channel, bytes_of(declaration.name), 0, 1, 0, 0, arguments);
    auto made = check(amqp_get_rpc_reply(state_), "declaring the queue '" + declaration.name + "'");
    if (!made && last_refusal_code_ == AMQP_PRECONDITION_FAILED) {
        return permanent("the queue '" + declaration.name +
                         "' exists with other arguments than ours: delete it, or choose another "
                         "prefix in the URL, or name it in 'queues' to use it as it is. The "
                         "broker says: " +
                         last_refusal_);
    }
    return made;
}

Status Connection::publish(const std::string& queue, std::string_view body, std::string_view type,
                           std::uint64_t id, int priority) {
    const auto id_text = std::to_string(id);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_PRIORITY_FLAG;
    properties.content_type = bytes_of(type);
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.message_id = bytes_of(id_text);
    properties.priority = static_cast<std::uint8_t>(priority);
    return check(amqp_basic_publish(state_, main_channel, amqp_empty_bytes, bytes_of(queue), 1, 0,
                                    &properties, bytes_of(body)),
                 "publishing");
}

Status Connection::ack(amqp_channel_t channel, std::uint64_t tag, bool multiple) {
    return check(amqp_basic_ack(state_, channel, tag, multiple ? 1 : 0), "acknowledging");
}

Status Connection::reject(amqp_channel_t channel, std::uint64_t tag) {
    return check(amqp_basic_reject(state_, channel, tag, 0), "rejecting");
}

Result<const amqp_frame_t*> Connection::next() {
    amqp_maybe_release_buffers(state_);
    const timeval now{0, 0};
    const int code = amqp_simple_wait_frame_noblock(state_, &frame_, &now);
    if (code == AMQP_STATUS_OK) return &frame_;
    if (code == AMQP_STATUS_TIMEOUT) return static_cast<const amqp_frame_t*>(nullptr);
    auto failed = check(code, "reading");
    return std::move(failed.error());
}

void Connection::wait(int wake_fd, Millis wait, bool until_writable) const {
    if (amqp_frames_enqueued(state_) != 0 || amqp_data_in_buffer(state_) != 0) return;
    const short events = until_writable ? POLLIN | POLLOUT : POLLIN;
    std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, pollfd{wake_fd, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), static_cast<int>(wait.count()));
}

bool Connection::is_writable() const {
    pollfd fd{fd_, POLLOUT, 0};
    return ::poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0;
}

void Connection::close() {
    if (!broken_) amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
}

void Connection::shut() const {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

}  // namespace hongyan::rabbitmq
