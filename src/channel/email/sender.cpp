#include "channel/email/sender.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <limits>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::email {
namespace {

constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t expiry_step_us = 100'000;  // how exactly waiting messages time out
constexpr std::int64_t connect_pause_us = 2'000'000;
constexpr Millis longest_wait{60'000};

Sent unsent(Job job, std::string detail, std::int64_t now_ms) {
    Sent sent;
    sent.message = std::move(job.message);
    sent.outcome.kind = OutcomeClass::transient;
    sent.outcome.provider = "smtp";
    sent.outcome.detail = std::move(detail);
    sent.outcome.started_ms = now_ms;
    return sent;
}

/// A write to a broken connection must be an error here, not the end of the process.
void block_sigpipe() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Sender::Sender(SessionOptions options, std::size_t connections, const Clock& clock, Log& log)
    : options_(std::move(options)), clock_(clock), log_(log) {
    HY_ASSERT(connections > 0);
    SessionEvents& events = *this;
    for (std::size_t i = 0; i < connections; ++i) {
        sessions_.push_back(std::make_unique<Session>(i, options_, poller_, clock_, events));
    }
}

Sender::~Sender() { stop(Millis(0)); }

void Sender::start(OutcomeSink sink) {
    HY_ASSERT(!thread_.joinable() && sink);
    sink_ = std::move(sink);
    thread_ = std::thread([this] { run(); });
}

void Sender::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    HY_ASSERT(sink_);
    const std::int64_t now_us = clock_.steady_us();
    const std::int64_t now_ms = clock_.now_ms();
    std::vector<Job> jobs;
    jobs.reserve(batch.size());
    for (MessagePtr& message : batch) {
        HY_ASSERT(message);
        Job job;
        job.message = std::move(message);
        job.deadline_us = deadline_ms > 0 ? now_us + (deadline_ms - now_ms) * 1000 : never_us;
        jobs.push_back(std::move(job));
    }
    {
        auto inbox = inbox_.lock();
        if (!inbox->stopping) {
            std::move(jobs.begin(), jobs.end(), std::back_inserter(inbox->jobs));
            jobs.clear();
        }
    }
    poller_.wake();
    if (jobs.empty()) return;
    std::vector<Sent> refused;
    for (Job& job : jobs) {
        refused.push_back(unsent(std::move(job), "the channel is stopping", now_ms));
    }
    sink_(std::move(refused));
}

void Sender::stop(Millis grace) {
    {
        auto inbox = inbox_.lock();
        if (!inbox->stopping) {
            inbox->stopping = true;
            inbox->stop_us = clock_.steady_us() + std::int64_t{grace.count()} * 1000 + 1;
        }
    }
    poller_.wake();
    if (thread_.joinable()) thread_.join();
}

void Sender::run() {
    block_sigpipe();
    while (take_inbox()) {
        expire_waiting(clock_.steady_us());
        share_out();
        open_connections();
        flush();
        for (const Poller::Event& event : poller_.wait(time_to_wait())) {
            sessions_[event.owner]->on_ready(event);
        }
        run_timers();
        flush();
    }
    end_everything();
    flush();
}

bool Sender::take_inbox() {
    std::vector<Job> jobs;
    {
        auto inbox = inbox_.lock();
        jobs.swap(inbox->jobs);
        if (inbox->stopping) stop_us_ = inbox->stop_us;
    }
    std::move(jobs.begin(), jobs.end(), std::back_inserter(waiting_));
    if (stop_us_ == 0) return true;
    const bool busy =
        !waiting_.empty() || std::any_of(sessions_.begin(), sessions_.end(),
                                         [](const auto& session) { return session->is_busy(); });
    return busy && clock_.steady_us() < stop_us_;
}

void Sender::share_out() {
    for (const auto& session : sessions_) {
        // More than one turn only if a message fails before the connection is touched.
        while (session->is_idle() && !waiting_.empty()) {
            Job job = std::move(waiting_.front());
            waiting_.pop_front();
            session->start(std::move(job));
        }
    }
}

void Sender::open_connections() {
    if (waiting_.empty() || clock_.steady_us() < no_connect_before_us_) return;
    const auto connecting = static_cast<std::size_t>(
        std::count_if(sessions_.begin(), sessions_.end(),
                      [](const auto& session) { return session->is_connecting(); }));
    std::size_t wanted = waiting_.size() > connecting ? waiting_.size() - connecting : 0;
    for (const auto& session : sessions_) {
        if (wanted == 0) break;
        if (!session->is_closed()) continue;
        session->connect();
        --wanted;
    }
}

void Sender::run_timers() {
    const std::int64_t now_us = clock_.steady_us();
    for (const auto& session : sessions_) session->on_time(now_us);
}

/// Messages that wait for a connection keep their deadline, too.
void Sender::expire_waiting(std::int64_t now_us) {
    if (waiting_.empty() || now_us < next_expiry_us_) return;
    next_expiry_us_ = now_us + expiry_step_us;
    std::deque<Job> still;
    for (Job& job : waiting_) {
        if (job.deadline_us > now_us) {
            still.push_back(std::move(job));
            continue;
        }
        std::string detail = "no connection was free before the deadline";
        if (!last_failure_.empty()) detail += "; " + last_failure_;
        finished_.push_back(unsent(std::move(job), std::move(detail), clock_.now_ms()));
    }
    waiting_ = std::move(still);
}

Millis Sender::time_to_wait() const {
    const std::int64_t now_us = clock_.steady_us();
    std::int64_t until_us = now_us + std::int64_t{longest_wait.count()} * 1000;
    for (const auto& session : sessions_) until_us = std::min(until_us, session->next_us());
    if (!waiting_.empty()) until_us = std::min(until_us, now_us + expiry_step_us);
    if (stop_us_ != 0) until_us = std::min(until_us, stop_us_);
    const std::int64_t left_us = std::max<std::int64_t>(0, until_us - now_us);
    return Millis((left_us + 999) / 1000);
}

bool Sender::any_live() const {
    return std::any_of(sessions_.begin(), sessions_.end(), [](const auto& session) {
        return session->is_idle() || session->is_busy();
    });
}

void Sender::finished(Job job, Outcome outcome) {
    finished_.push_back({std::move(job.message), std::move(outcome)});
}

void Sender::again(Job job) { waiting_.push_front(std::move(job)); }

void Sender::connected() {
    if (!reachable_) log_.info("email.reachable", {{"server", options_.server.url}});
    reachable_ = true;
    last_failure_.clear();
}

void Sender::connect_failed(Outcome outcome) {
    if (reachable_ || last_failure_ != outcome.detail) {
        log_.warn("email.connect_failed", {{"server", options_.server.url},
                                           {"class", to_text(outcome.kind)},
                                           {"detail", outcome.detail}});
    }
    reachable_ = false;
    last_failure_ = outcome.detail;
    // While others work, the server just does not want one more connection: no message need pay.
    if (any_live()) {
        no_connect_before_us_ = clock_.steady_us() + connect_pause_us;
        return;
    }
    // What is set up wrongly is wrong for all that wait; else each failure costs one message, so
    // that none waits for a dead server longer than one attempt.
    const std::size_t count = outcome.kind == OutcomeClass::configuration
                                  ? waiting_.size()
                                  : std::min<std::size_t>(1, waiting_.size());
    for (std::size_t i = 0; i < count; ++i) fail_front(outcome);
}

void Sender::fail_front(const Outcome& outcome) {
    HY_ASSERT(!waiting_.empty());
    Sent sent{std::move(waiting_.front().message), outcome};
    waiting_.pop_front();
    sent.outcome.provider = "smtp";
    sent.outcome.started_ms = clock_.now_ms();
    finished_.push_back(std::move(sent));
}

void Sender::end_everything() {
    for (const auto& session : sessions_) session->abandon("the channel was stopped");
    while (!waiting_.empty()) {
        finished_.push_back(
            unsent(std::move(waiting_.front()), "the channel was stopped", clock_.now_ms()));
        waiting_.pop_front();
    }
}

void Sender::flush() {
    if (finished_.empty()) return;
    sink_(std::exchange(finished_, std::vector<Sent>()));
}

}  // namespace hongyan::email
