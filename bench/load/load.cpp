#include "load/load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "load/response.hpp"

namespace hongyan::bench {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t patience = 10 * second;  ///< how long the last answers are waited for

std::uint64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

std::uint64_t to_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      template_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(options.connections),
      scratch_(65'536),
      next_number_(options.first_number) {
    if (epoll_ < 0) throw_errno("epoll_create1");
}

Load::~Load() {
    for (const Connection& connection : connections_) {
        if (connection.descriptor >= 0) close(connection.descriptor);
    }
    close(epoll_);
}

void Load::watch(Connection& connection, std::uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_, operation, connection.descriptor, &event) != 0) throw_errno("epoll_ctl");
}

void Load::connect(Connection& connection) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) {
        throw std::system_error(EINVAL, std::generic_category(), "--host must be an IPv4 address");
    }
    connection.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.descriptor < 0) throw_errno("socket");
    const int on = 1;
    setsockopt(connection.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(connection.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
        0) {
        throw_errno("connect");
    }
    fcntl(connection.descriptor, F_SETFL, O_NONBLOCK);
    watch(connection, EPOLLIN, EPOLL_CTL_ADD);
}

void Load::reconnect(Connection& connection) {
    close(connection.descriptor);
    connection.descriptor = -1;
    connection.partial.clear();
    connection.wants_write = false;
    connect(connection);
}

bool Load::open_for_requests(std::uint64_t now) const {
    return now < window_end_ &&
           (options_.stop_after == 0 || result_.accepted + busy_count_ < options_.stop_after);
}

void Load::begin(Connection& connection, std::uint64_t due) {
    connection.begun_at = due;
    connection.busy = true;
    connection.sent = 0;
    ++busy_count_;
    ++result_.requests;
    template_.renumber(connection.request, next_number_);
    send_rest(connection);
}

void Load::send_rest(Connection& connection) {
    while (connection.sent < connection.request.size()) {
        const ssize_t written =
            send(connection.descriptor, connection.request.data() + connection.sent,
                 connection.request.size() - connection.sent, MSG_NOSIGNAL);
        if (written < 0 && errno == EAGAIN) {
            if (!connection.wants_write) watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            connection.wants_write = true;
            return;
        }
        if (written < 0) return;  // the read side reports the closed connection
        connection.sent += static_cast<std::size_t>(written);
    }
    if (connection.wants_write) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    connection.wants_write = false;
}

void Load::read_answer(Connection& connection) {
    const ssize_t count = recv(connection.descriptor, scratch_.data(), scratch_.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        fail(connection, "closed");
        return;
    }
    std::string_view bytes(scratch_.data(), static_cast<std::size_t>(count));
    if (!connection.partial.empty()) {
        connection.partial.append(bytes);
        bytes = connection.partial;
    }
    const std::optional<Response> response = parse_response(bytes);
    if (!response) {
        if (connection.partial.empty()) connection.partial.assign(bytes);
        return;
    }
    finish(connection, response->status, bytes.data(), bytes.size());
}

void Load::finish(Connection& connection, int status, const char* bytes, std::size_t size) {
    const std::uint64_t now = now_ns();
    if (!connection.busy) {  // e.g. 408 on an idle connection
        fail(connection, "unasked " + std::to_string(status));
        return;
    }
    connection.busy = false;
    --busy_count_;
    if (status >= 200 && status < 300) {
        ++result_.accepted;
        if (now >= window_begin_ && now < window_end_) ++result_.answered;
        if (connection.begun_at >= window_begin_) result_.latency.record(now - connection.begun_at);
    } else {
        ++result_.errors[status == 0 ? "unreadable" : std::to_string(status)];
        if (result_.first_error.empty())
            result_.first_error.assign(bytes, std::min<std::size_t>(size, 1'000));
        if ((status == 429 || status == 503) && options_.refused_pause > 0) {
            connection.paused_until = now + options_.refused_pause * std::uint64_t{1'000'000};
            ++paused_count_;
        }
    }
    connection.partial.clear();
    next_request(connection, now);
}

void Load::fail(Connection& connection, const std::string& reason) {
    ++result_.errors[reason];
    const bool was_busy = connection.busy;
    if (was_busy) --busy_count_;
    connection.busy = false;
    reconnect(connection);
    if (was_busy) next_request(connection, now_ns());  // an idle one is still in idle_, or paused
}

void Load::next_request(Connection& connection, std::uint64_t now) {
    if (connection.paused_until > now) return;
    if (options_.open_loop()) {
        idle_.push_back(&connection);
        return;
    }
    if (open_for_requests(now)) begin(connection, now);
}

void Load::resume_paused(std::uint64_t now) {
    if (paused_count_ == 0) return;
    for (Connection& connection : connections_) {
        if (connection.paused_until == 0 || connection.paused_until > now) continue;
        connection.paused_until = 0;
        --paused_count_;
        next_request(connection, now);
    }
}

/// Open loop: sends whatever is due, each with the time at which it should have left.
void Load::send_due(std::uint64_t now) {
    const double step = 1e9 / options_.rate;
    while (!idle_.empty()) {
        const std::uint64_t due =
            start_ + static_cast<std::uint64_t>(static_cast<double>(next_due_) * step);
        if (due > now || due >= window_end_) return;
        ++next_due_;
        Connection* connection = idle_.front();
        idle_.pop_front();
        begin(*connection, due);
    }
}

/// When the loop must look up even if no event comes.
std::uint64_t Load::wake_at() const {
    std::uint64_t wake = now_ns() + second / 20;
    if (options_.open_loop() && !idle_.empty()) {
        const double offset = static_cast<double>(next_due_) * 1e9 / options_.rate;
        wake = std::min(wake, start_ + static_cast<std::uint64_t>(offset));
    }
    if (paused_count_ > 0) wake = std::min(wake, now_ns() + second / 200);
    return wake;
}

void Load::handle_events(std::uint64_t limit) {
    std::array<epoll_event, 256> events;
    const std::uint64_t now = now_ns();
    const std::uint64_t wait = limit > now ? limit - now : 0;
    const timespec timeout{static_cast<time_t>(wait / second), static_cast<long>(wait % second)};
    const int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (count < 0 && errno != EINTR) throw_errno("epoll_pwait2");
    for (int index = 0; index < count; ++index) {
        const epoll_event& event = events[static_cast<std::size_t>(index)];
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) send_rest(connection);
        if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read_answer(connection);
    }
}

/// What was asked, or was due, and never answered has at least the latency it has reached by now.
void Load::count_unanswered(std::uint64_t now) {
    for (const Connection& connection : connections_) {
        if (!connection.busy) continue;
        ++result_.errors["unanswered"];
        result_.latency.record(now - connection.begun_at);
    }
    if (!options_.open_loop()) return;
    const double due = static_cast<double>(window_end_ - start_) / 1e9 * options_.rate;
    for (auto left = static_cast<std::uint64_t>(due); left > next_due_ + 1; --left) {
        ++result_.errors["never_sent"];
        result_.latency.record(
            now - start_ -
            static_cast<std::uint64_t>(static_cast<double>(left) * 1e9 / options_.rate));
    }
}

LoadResult Load::run() {
    for (Connection& connection : connections_) {
        connection.request = template_.text();
        connect(connection);
    }
    start_ = now_ns();
    window_begin_ = start_ + to_ns(options_.warmup_seconds);
    window_end_ = window_begin_ + to_ns(options_.seconds);
    for (Connection& connection : connections_) next_request(connection, start_);
    std::uint64_t now = start_;
    while (now < window_end_ + patience) {
        if (options_.open_loop()) send_due(now);
        resume_paused(now);
        const bool enough = options_.stop_after > 0 && result_.accepted >= options_.stop_after;
        if (enough && window_end_ > now) window_end_ = now;
        if (now >= window_end_ && busy_count_ == 0) break;
        handle_events(wake_at());
        now = now_ns();
    }
    count_unanswered(now);
    result_.started_ns = start_;
    result_.seconds = static_cast<double>(window_end_ - window_begin_) / 1e9;
    return std::move(result_);
}

}  // namespace hongyan::bench
