#include "channel/mail/smtp_sender.hpp"

#include <algorithm>
#include <future>
#include <limits>

#include "base/assert.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t shortest_timer_us = 10'000;
constexpr std::int64_t first_pause_us = 1'000'000;
constexpr std::int64_t longest_pause_us = 60'000'000;
constexpr std::size_t outcomes_at_once = 64;
constexpr std::size_t composing_at_once = 8;
constexpr std::size_t large_mail = 128 * 1024;

template <class T>
void erase_pointer(std::vector<std::shared_ptr<T>>& list, const T* pointer) {
    std::erase_if(list, [pointer](const auto& each) { return each.get() == pointer; });
}

}  // namespace

Sender::Sender(std::unique_ptr<Server> server, Composer composer, Log& log)
    : server_(std::move(server)),
      composer_(std::move(composer)),
      log_(log),
      timer_(server_->loop),
      timer_due_us_(never_us),
      waiting_(server_->settings.domains) {}

void Sender::start(OutcomeSink sink) { sink_ = std::move(sink); }

void Sender::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    const std::int64_t now_us = server_->clock.steady_us();
    const std::int64_t left_ms =
        std::clamp<std::int64_t>(deadline_ms - server_->clock.now_ms(), 0, 86'400'000);
    bool post = false;
    bool stopped = false;
    {
        auto inbox = inbox_.lock();
        stopped = inbox->stopped;
        if (!stopped) {
            for (MessagePtr& message : batch) {
                inbox->jobs.push_back({std::move(message), now_us + left_ms * 1000});
            }
            post = !std::exchange(inbox->posted, true);
        }
    }
    if (post) {
        boost::asio::post(server_->loop, [self = shared_from_this()] { self->take_inbox(); });
    }
    if (!stopped) return;
    std::vector<Sent> refused;
    for (MessagePtr& message : batch) {
        Outcome outcome;
        outcome.kind = OutcomeClass::transient;
        outcome.provider = "smtp";
        outcome.detail = "the account was closed before the mail was sent";
        refused.push_back({std::move(message), std::move(outcome)});
    }
    if (!refused.empty()) sink_(std::move(refused));
}

void Sender::take_inbox() {
    {
        auto inbox = inbox_.lock();
        inbox->posted = false;
        for (Job& job : inbox->jobs) {
            watch(job.deadline_us);
            if (takes_long(*job.message))
                uncomposed_.push_back(std::move(job));
            else
                waiting_.push_back(std::move(job));
        }
        inbox->jobs.clear();
    }
    compose_more();
    dispatch();
}

bool Sender::takes_long(const Message& message) const {
    const std::size_t size = message.content.size() + message.html.size() + message.options.size();
    return !server_->settings.dkim.empty() || size > large_mail;
}

/// Few at a time, so that the accounts have their turns on the computing threads.
void Sender::compose_more() {
    while (composing_ < composing_at_once && !uncomposed_.empty()) {
        Job job = std::move(uncomposed_.front());
        uncomposed_.pop_front();
        if (job.deadline_us <= server_->clock.steady_us()) {
            report_late(std::move(job));
            continue;
        }
        ++composing_;
        server_->loops.compute([self = shared_from_this(), job = std::move(job)]() mutable {
            job.mail = self->composer_.compose(*job.message, self->server_->clock.now_ms());
            auto& loop = self->server_->loop;
            boost::asio::post(loop, [self = std::move(self), job = std::move(job)]() mutable {
                self->composed(std::move(job));
            });
        });
    }
}

void Sender::composed(Job job) {
    --composing_;
    waiting_.push_back(std::move(job));
    if (forced_) {
        force_stop();
        return;
    }
    compose_more();
    dispatch();
}

void Sender::dispatch_later() {
    if (std::exchange(dispatch_posted_, true)) return;
    boost::asio::post(server_->loop, [self = shared_from_this()] {
        self->dispatch_posted_ = false;
        self->dispatch();
    });
}

/// Idle connections first; then new ones; then places behind other mails.
void Sender::dispatch() {
    const auto connections = connections_;  // giving may end one
    for (const bool behind_others : {false, true}) {
        for (const auto& connection : connections) {
            if (waiting_.empty()) break;
            if (give(*connection, behind_others)) connection->go();
        }
        open_more();
    }
    if (stopped_ && nothing_waits()) {
        for (const auto& connection : connections) connection->leave();
    }
}

/// Gives mails to a connection while it takes them. Behind others only those go that no connection
/// under way is coming for, because they would wait for the mail in front.
bool Sender::give(Connection& connection, bool behind_others) {
    bool given = false;
    const std::int64_t now_us = server_->clock.steady_us();
    while (connection.wants_mail() &&
           waiting_.size() > (connection.is_idle() ? 0 : openings_.size())) {
        if (!connection.is_idle() && !behind_others) break;
        auto job = waiting_.next(connection);
        if (!job) break;  // all that waits is for domains that have their connections
        if (job->deadline_us <= now_us) {
            report_late(std::move(*job));
            continue;
        }
        const bool is_worn = waiting_.is_worn(connection);
        connection.start(std::move(*job));
        given = true;
        if (is_worn) connection.leave();
    }
    return given;
}

void Sender::ready(Connection& connection) {
    open_more();
    (void)give(connection, true);
    if (stopped_ && nothing_waits()) connection.leave();
}

void Sender::open_more() {
    const auto limit = static_cast<std::size_t>(server_->settings.max_connections);
    const bool pausing = server_->clock.steady_us() < open_after_us_;
    if (over_ || (pausing && !(connections_.empty() && openings_.empty()))) return;
    while (openings_.size() < waiting_.ready() && connections_.size() + openings_.size() < limit) {
        const auto opening = openings_.emplace_back(std::make_shared<Opening>(*server_));
        opening->start([self = shared_from_this(), key = opening.get()](Opened result) {
            self->opened(key, std::move(result));
        });
    }
}

void Sender::opened(Opening* opening, Opened result) {
    erase_pointer(openings_, opening);
    if (result.stream == nullptr) {
        open_failed(result.failure);
        return;
    }
    open_pause_us_ = 0;
    const auto connection =
        std::make_shared<Connection>(*server_, composer_, std::move(result), *this);
    connections_.push_back(connection);
    connection->begin();
    if (give(*connection, true)) connection->go();
    if (stopped_ && nothing_waits()) connection->leave();
}

void Sender::open_failed(const Outcome& failure) {
    const std::int64_t now_us = server_->clock.steady_us();
    if (now_us >= open_after_us_) {  // once a pause, or a dead server would fill the log
        log_.warn("smtp_connect_failed", {{"host", server_->settings.host},
                                          {"class", to_text(failure.kind)},
                                          {"code", failure.code},
                                          {"detail", failure.detail}});
        open_pause_us_ = std::clamp(open_pause_us_ * 2, first_pause_us, longest_pause_us);
        open_after_us_ = now_us + open_pause_us_;
    }
    // Servers that allow only so many connections refuse the next one; those that are open go on.
    if (connections_.empty() && openings_.empty()) fail_waiting(failure);
}

void Sender::fail_waiting(const Outcome& outcome) {
    for (auto waiting = waiting_.take_all(); Job & job : waiting) {
        report(std::move(job), outcome);
    }
}

void Sender::finished(Job job, Outcome outcome) { report(std::move(job), std::move(outcome)); }

void Sender::again(Job job) {
    waiting_.left(job);
    job.line = nullptr;
    waiting_.push_front(std::move(job));
    dispatch_later();
}

void Sender::report(Job job, Outcome outcome) {
    outcome.provider = "smtp";
    if (outcome.started_ms == 0) outcome.started_ms = server_->clock.now_ms();
    waiting_.left(job);
    outcomes_.push_back({std::move(job.message), std::move(outcome)});
    if (std::exchange(flush_posted_, true)) return;
    // Behind what is ready now, so that the outcomes of one turn travel together.
    boost::asio::post(server_->loop, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush_outcomes();
    });
}

void Sender::flush_outcomes() {
    auto outcomes = std::exchange(outcomes_, {});
    outcomes_.reserve(outcomes_at_once);
    if (!outcomes.empty()) sink_(std::move(outcomes));
    if (stopped_ && is_quiet()) finish_stop();
}

void Sender::watch(std::int64_t due_us) {
    if (due_us >= timer_due_us_ || over_) return;
    const std::int64_t now_us = server_->clock.steady_us();
    const std::int64_t wait_us = std::max(due_us - now_us, shortest_timer_us);
    if (timer_due_us_ != never_us && now_us + wait_us >= timer_due_us_) return;
    timer_due_us_ = now_us + wait_us;
    timer_.expires_after(std::chrono::microseconds(wait_us));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (!cancelled) self->on_timer();
    });
}

void Sender::on_timer() {
    const std::int64_t now_us = server_->clock.steady_us();
    if (now_us < timer_due_us_) return;  // set anew meanwhile
    timer_due_us_ = never_us;
    for (auto left = expire(waiting_.take_all(), now_us); Job & job : left)
        waiting_.push_back(std::move(job));
    uncomposed_ = expire(std::exchange(uncomposed_, {}), now_us);
    const auto connections = connections_;
    for (const auto& connection : connections) connection->on_time(now_us);
    for (const auto& connection : connections_) watch(connection->next_us());
}

void Sender::report_late(Job job) {
    Outcome outcome;
    outcome.kind = OutcomeClass::transient;
    outcome.code = "deadline";
    outcome.detail = "no connection was free before the message's deadline";
    report(std::move(job), std::move(outcome));
}

/// Reports those that are late and gives the others back.
std::deque<Job> Sender::expire(std::deque<Job> jobs, std::int64_t now_us) {
    std::deque<Job> left;
    std::int64_t next_us = never_us;
    for (Job& job : jobs) {
        if (job.deadline_us > now_us) {
            next_us = std::min(next_us, job.deadline_us);
            left.push_back(std::move(job));
            continue;
        }
        report_late(std::move(job));
    }
    if (next_us != never_us) watch(next_us);
    return left;
}

void Sender::ended(Connection& connection) {
    waiting_.forget(connection);
    erase_pointer(connections_, &connection);
    if (!waiting_.empty()) dispatch_later();
    if (stopped_ && is_quiet()) finish_stop();
}

void Sender::test(UniqueFunction<void(AccountTest)> done) {
    boost::asio::post(server_->loop, [self = shared_from_this(), done = std::move(done)]() mutable {
        const std::int64_t begun_us = self->server_->clock.steady_us();
        const auto opening = self->tests_.emplace_back(std::make_shared<Opening>(*self->server_));
        Opening* const key = opening.get();
        opening->start([self, key, begun_us, done = std::move(done)](Opened result) mutable {
            erase_pointer(self->tests_, key);
            AccountTest test;
            test.ok = result.stream != nullptr;
            test.detail = test.ok ? "connected: " + result.summary : result.failure.detail;
            test.duration_ms = (self->server_->clock.steady_us() - begun_us) / 1000;
            if (test.ok) (void)result.stream->write("QUIT\r\n");
            done(std::move(test));
        });
    });
}

bool Sender::nothing_waits() const {
    return waiting_.empty() && uncomposed_.empty() && composing_ == 0;
}

bool Sender::is_quiet() const {
    return nothing_waits() && outcomes_.empty() && openings_.empty() && connections_.empty();
}

void Sender::stop(Millis grace) {
    {
        auto inbox = inbox_.lock();
        if (std::exchange(inbox->stopped, true)) return;
    }
    std::promise<void> quiet;
    auto waits = quiet.get_future();
    boost::asio::post(server_->loop, [self = shared_from_this(), &quiet] {
        self->begin_stop([&quiet] { quiet.set_value(); });
    });
    if (waits.wait_for(grace) == std::future_status::ready) return;
    boost::asio::post(server_->loop, [self = shared_from_this()] { self->force_stop(); });
    waits.wait();
}

void Sender::begin_stop(UniqueFunction<void()> stopped) {
    take_inbox();
    stopped_ = std::move(stopped);
    const auto connections = connections_;
    if (nothing_waits()) {
        for (const auto& connection : connections) connection->leave();
    }
    if (is_quiet()) finish_stop();
}

void Sender::force_stop() {
    if (over_) return;
    forced_ = true;
    while (!uncomposed_.empty()) {
        waiting_.push_back(std::move(uncomposed_.front()));
        uncomposed_.pop_front();
    }
    for (const auto& opening : std::exchange(openings_, {})) opening->cancel();
    const auto connections = connections_;
    for (const auto& connection : connections) connection->abandon("the account was closed");
    Outcome outcome;
    outcome.kind = OutcomeClass::transient;
    outcome.detail = "the account was closed before the mail was sent";
    fail_waiting(outcome);
    flush_outcomes();
}

void Sender::finish_stop() {
    if (std::exchange(over_, true)) return;
    timer_.cancel();
    for (const auto& opening : std::exchange(tests_, {})) opening->give_up();
    auto stopped = std::move(stopped_);
    stopped();
}

}  // namespace hongyan::mail
