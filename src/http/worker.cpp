#include "http/worker.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "base/assert.hpp"
#include "base/thread.hpp"
#include "http/response_writer.hpp"
#include "http/socket_session.hpp"

namespace hongyan::http {

namespace {

/// Exchanges kept for later; more are freed.
constexpr std::size_t pooled_exchanges = 1024;

void append_hex(std::string& out, std::uint32_t number) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        out += "0123456789abcdef"[(number >> shift) & 0xf];
    }
}

}  // namespace

Worker::Worker(std::shared_ptr<ServerContext> context)
    : context_(std::move(context)),
      now_ms_(context_->clock.steady_us() / 1000),
      wheel_(now_ms_),
      work_(boost::asio::make_work_guard(loop_)),
      tick_timer_(loop_),
      timed_timer_(loop_),
      grace_timer_(loop_) {
    append_hex(request_id_, std::random_device{}());
    request_id_ += '-';
}

Worker::~Worker() { HY_ASSERT(!thread_.joinable()); }

void Worker::start() {
    thread_ = start_thread("http", [this] { run(); });
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::run() {
    thread_id_.store(std::this_thread::get_id());
    tick();
    loop_.run();
    close_inbox();
    thread_id_.store(std::thread::id{});
}

void Worker::request_stop() {
    boost::asio::post(loop_, [this] { begin_stop(); });
}

void Worker::begin_stop() {
    if (stopping_) return;
    stopping_ = true;
    grace_timer_.expires_after(context_->options.stop_grace);
    grace_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        while (!connections_.empty()) connections_.front().close();
        const auto open = sockets_;
        for (const auto& socket : open) socket->cut();
    });
    std::vector<boost::intrusive_ptr<Connection>> all;
    for (Connection& connection : connections_) all.emplace_back(&connection);
    for (const auto& connection : all) connection->begin_stop();
    const auto open = sockets_;
    for (const auto& socket : open) socket->stop();
    end_if_done();
}

/// Lets run() return once the last connection of a stopping server is closed.
void Worker::end_if_done() {
    if (!stopping_ || ended_ || !connections_.empty() || !sockets_.empty()) return;
    ended_ = true;
    std::exchange(timed_, {}).clear();  // their Responders answer, to nobody
    tick_timer_.cancel();
    timed_timer_.cancel();
    grace_timer_.cancel();
    work_.reset();
}

void Worker::adopt(Tcp::socket socket, std::string peer, ConnectionLimits::Place place) {
    boost::asio::post(loop_, [this, socket = std::move(socket), peer = std::move(peer),
                              place = std::move(place)]() mutable {
        if (stopping_) return;
        WorkerCounters::add(place.turned_away() ? counters_.refused : counters_.accepted, 1);
        WorkerCounters::add(counters_.connections, 1);
        const boost::intrusive_ptr<Connection> connection(
            new Connection(*this, std::move(socket), std::move(peer), std::move(place)));
        connections_.push_back(*connection);
        intrusive_ptr_add_ref(connection.get());  // the list's own
        connection->start();
        flush();
    });
}

void Worker::connection_closed(Connection& connection) {
    connections_.erase(Connections::s_iterator_to(connection));
    WorkerCounters::add(counters_.connections, std::uint64_t(-1));
    intrusive_ptr_release(&connection);
    end_if_done();
}

void Worker::socket_opened(std::shared_ptr<SocketSession> session) {
    sockets_.insert(std::move(session));
    WorkerCounters::add(counters_.connections, 1);
    WorkerCounters::add(counters_.sockets, 1);
}

void Worker::socket_closed(const std::shared_ptr<SocketSession>& session) {
    if (sockets_.erase(session) == 0) return;
    WorkerCounters::add(counters_.connections, std::uint64_t(-1));
    WorkerCounters::add(counters_.sockets, std::uint64_t(-1));
    end_if_done();
}

Exchange& Worker::acquire(Connection& connection) {
    if (pool_.empty()) pool_.push_back(std::make_unique<Exchange>());
    Exchange& exchange = *pool_.back().release();
    pool_.pop_back();
    exchange.worker = shared_from_this();
    exchange.connection = &connection;
    exchange.peer.assign(connection.peer());
    exchange.request.peer_address = exchange.peer;
    return exchange;
}

void Worker::release(Exchange& exchange) {
    std::unique_ptr<Exchange> owned(&exchange);
    owned->reset();
    owned->worker.reset();
    if (pool_.size() < pooled_exchanges) pool_.push_back(std::move(owned));
}

void Worker::answered_here(Exchange& exchange) {
    exchange.answered = true;
    exchange.handed_out = false;
    WorkerCounters::add(counters_.in_flight, std::uint64_t(-1));
    Connection* connection = exchange.connection;
    if (connection == nullptr) {
        release(exchange);
    } else if (connection->mark_dirty()) {
        dirty_.emplace_back(connection);
    }
}

void Worker::answered_elsewhere(Exchange& exchange) {
    // Once the exchange is in the inbox it may be gone, and with it the last owner of this.
    std::shared_ptr<Worker> keep;
    bool stopped = false;
    {
        auto inbox = inbox_.lock();
        stopped = inbox->closed;
        if (!stopped) {
            inbox->answered.push_back(&exchange);
            if (std::exchange(inbox->woken, true)) return;
        }
        keep = exchange.worker;
    }
    if (stopped) {
        const std::unique_ptr<Exchange> owned(&exchange);
    } else {
        wake();
    }
}

void Worker::schedule_elsewhere(Millis wait, UniqueFunction<void()> fn) {
    const auto keep = shared_from_this();
    {
        auto inbox = inbox_.lock();
        if (inbox->closed) {
            // fn is destroyed below, without the lock: its Responder answers.
        } else {
            inbox->timed.emplace_back(wait, std::move(fn));
            if (std::exchange(inbox->woken, true)) return;
        }
    }
    if (!fn) wake();
}

void Worker::wake() {
    boost::asio::post(loop_, [this] { drain_inbox(); });
}

void Worker::drain_inbox() {
    WorkerCounters::add(counters_.wakes, 1);
    std::vector<std::pair<Millis, UniqueFunction<void()>>> timed;
    {
        auto inbox = inbox_.lock();
        inbox->woken = false;
        answered_.swap(inbox->answered);
        timed.swap(inbox->timed);
    }
    for (Exchange* exchange : answered_) answered_here(*exchange);
    answered_.clear();
    for (auto& [wait, fn] : timed) schedule(wait, std::move(fn));
    flush();
}

/// What other threads answer from now on is dropped there.
void Worker::close_inbox() {
    Inbox last;
    {
        auto inbox = inbox_.lock();
        inbox->closed = true;
        last.answered.swap(inbox->answered);
        last.timed.swap(inbox->timed);
    }
    for (Exchange* exchange : last.answered) answered_here(*exchange);
    last.timed.clear();
}

void Worker::flush() {
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
        const boost::intrusive_ptr<Connection> connection = std::move(dirty_[i]);
        connection->pump();
    }
    dirty_.clear();
}

void Worker::schedule(Millis wait, UniqueFunction<void()> fn) {
    if (ended_) return;  // fn is destroyed, its Responder answers
    const auto due = std::chrono::steady_clock::now() + std::max(wait, Millis(0));
    const bool earliest = timed_.empty() || due < timed_.front().due;
    timed_.push_back({due, next_order_++, std::move(fn)});
    std::push_heap(timed_.begin(), timed_.end());
    if (earliest) arm_timed();
}

void Worker::arm_timed() {
    if (timed_.empty() || ended_) return;
    timed_timer_.expires_at(timed_.front().due);
    timed_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) run_timed();
    });
}

void Worker::run_timed() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<UniqueFunction<void()>> due;
    while (!timed_.empty() && timed_.front().due <= now) {
        std::pop_heap(timed_.begin(), timed_.end());
        due.push_back(std::move(timed_.back().fn));
        timed_.pop_back();
    }
    for (auto& fn : due) fn();
    due.clear();  // before flush(): what they own may answer
    flush();
    arm_timed();
}

void Worker::tick() {
    now_ms_ = context_->clock.steady_us() / 1000;
    const std::int64_t wall_ms = context_->clock.now_ms();
    if (wall_ms / 1000 != date_second_) {
        date_second_ = wall_ms / 1000;
        common_fields_ = common_fields_at(wall_ms);
    }
    wheel_.advance(now_ms_,
                   [](WheelEntry& entry) { static_cast<Connection&>(entry).on_deadline(); });
    flush();
    arm_tick();
}

void Worker::arm_tick() {
    if (ended_) return;
    tick_timer_.expires_after(std::chrono::milliseconds(DeadlineWheel::tick_ms));
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

std::string_view Worker::make_request_id() {
    request_id_.resize(9);
    append_hex(request_id_, next_request_++);
    return request_id_;
}

}  // namespace hongyan::http
