#include "jobs/membership.hpp"

#include <algorithm>
#include <future>

#include "base/thread.hpp"

namespace hongyan::jobs {
namespace {

/// Rows are older than the mark by this before they are missed: between the commit of a message and
/// its publishing lies a moment.
constexpr std::int64_t mark_margin_ms = 10'000;
constexpr int looks_before_lost = 2;
constexpr Millis beat_patience{500};
constexpr int looks_at_end = 20;
constexpr Millis pause_at_end{25};

Status write_and_wait(delivery::Delivery& delivery, const std::function<void(Session&)>& work) {
    std::promise<Status> written;
    delivery.change([&](Session& session, delivery::Counts&) { work(session); },
                    [&](Status status) { written.set_value(std::move(status)); });
    return written.get_future().get();
}

}  // namespace

Result<int> Membership::join(Store& store, const table::NodeRow& self,
                             const MembershipTimes& times) {
    std::optional<int> number;
    const auto written = store.write(
        [&](Session& session) { number = table::join_nodes(session, self, times.number_rest_ms); });
    if (!written) return written.error();
    if (number) return *number;
    return make_error(ErrorCode::overloaded,
                      "1,024 nodes live or left less than ten minutes ago; start fewer.");
}

Membership::Membership(Parts parts, table::NodeRow self, MembershipTimes times)
    : parts_(std::move(parts)), times_(times), self_(std::move(self)) {}

Membership::~Membership() { stop(); }

void Membership::start(std::string url) {
    self_.url = std::move(url);
    beaten_us_ = parts_.clock.steady_us();
    parts_.queue.on_lost([this](const std::string& why) { queue_lost(why); });
    thread_ = start_thread("membership", [this] { loop(); });
}

void Membership::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (!thread_.joinable()) return;
    thread_.join();
    parts_.leadership.resign();
    if (dead_) return;
    mark_end();
    // The committer has ended. If the store is away, the others find out by the silence.
    std::ignore = parts_.store.write([this](Session& session) {
        std::ignore = table::beat(session, self_);
        table::leave_nodes(session, self_.number, "stopped");
    });
}

// Nothing is published any more. If the queue has all of it safely, which takes a moment at most,
// the marks say so, and nobody publishes it a second time.
void Membership::mark_end() {
    if (!parts_.queue.outlives_process()) return;  // its marks say nothing
    const auto end_ms = parts_.clock.now_ms();
    for (int looks = 0; looks < looks_at_end; ++looks) {
        self_.marks = parts_.queue.marks();
        if (self_.marks.confirmed_before_ms >= end_ms) {
            self_.marks.confirmed_before_ms += mark_margin_ms;
            return;
        }
        std::this_thread::sleep_for(pause_at_end);
    }
}

std::vector<table::NodeRow> Membership::nodes() const { return *nodes_.lock(); }

void Membership::queue_lost(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        why_lost_ = why;
        lost_before_ms_ = parts_.clock.now_ms() + 1;
    }
    wake_.notify_one();
}

void Membership::loop() {
    take_back_own();
    std::unique_lock lock(mutex_);
    while (!stopping_ && !dead_) {
        lock.unlock();
        beat();
        if (!dead_) {
            read_nodes();
            republish_lost();
            lead();
        }
        lock.lock();
        if (!stopping_ && !dead_) wake_.wait_for(lock, times_.beat);
    }
}

// What an earlier start from this folder left is free since join(), and need not wait until
// somebody leads: whoever held the lead may be this node's own killed process.
void Membership::take_back_own() {
    const auto taken = parts_.delivery.take_over([](Session&) {});
    if (!taken) {
        parts_.log.warn("take_over_failed", {{"detail", taken.error().detail}});
        return;  // the leader does it
    }
    note_taken(*taken);
    // What was in a broker the leader looks for. Otherwise nothing is left of them, also if nobody
    // leads; a start that is repeated all night must not use up the numbers.
    if (parts_.queue.outlives_process()) return;
    std::ignore = write_and_wait(parts_.delivery,
                                 [this](Session& session) { table::set_own_gone(session, self_); });
}

void Membership::beat() {
    struct Answer {
        std::promise<Status> written;
        bool lives = true;
    };
    const auto before_us = parts_.clock.steady_us();
    self_.marks = parts_.queue.marks();
    self_.report = parts_.report ? parts_.report() : "{}";
    const auto answer = std::make_shared<Answer>();  // shared between the work and its completion
    parts_.delivery.change(
        [answer, self = self_](Session& session, delivery::Counts&) {
            answer->lives = table::beat(session, self);
        },
        [answer](Status status) { answer->written.set_value(std::move(status)); });
    auto waiting = answer->written.get_future();
    while (waiting.wait_for(beat_patience) == std::future_status::timeout) note_late();
    const bool written = waiting.get().ok();
    if (written && !answer->lives) {
        dead_ = true;
        parts_.delivery.set_paused(true);
        parts_.on_dead(
            "the other nodes took this one for dead, or a second process was started on a copy of "
            "its data folder; its messages have been taken over");
        return;
    }
    if (written) {
        // Who could not tell that it lives, as when the store was away, is watched from now on.
        if (before_us - beaten_us_ > std::chrono::microseconds(times_.gap).count())
            watched_.clear();
        beaten_us_ = before_us;
    }
    note_late();
}

void Membership::note_late() {
    const auto late_us = parts_.clock.steady_us() - beaten_us_;
    const bool late = late_us > std::chrono::microseconds(times_.pause_after).count();
    if (late == paused_) return;
    paused_ = late;
    parts_.delivery.set_paused(late);
    if (late) {
        counts_.late_beats.fetch_add(1, std::memory_order_relaxed);
        parts_.log.error("paused", {{"why", "this node could not tell the store that it lives"}});
    } else {
        parts_.log.info("resumed_sending", {{"node", self_.number}});
    }
}

void Membership::read_nodes() {
    std::vector<table::NodeRow> rows;
    const auto read =
        parts_.store.read([&](Session& session) { rows = table::list_nodes(session); });
    if (!read) return;
    std::map<int, Watched> now;
    for (const auto& node : rows) {
        if (node.state != "living" || node.number == self_.number) continue;
        const auto before = watched_.find(node.number);
        const bool stands_still = before != watched_.end() &&
                                  before->second.node.writer == node.writer &&
                                  before->second.node.seen_ms == node.seen_ms;
        const auto since_us = stands_still ? before->second.since_us : parts_.clock.steady_us();
        now.emplace(node.number, Watched{node, since_us});
    }
    watched_ = std::move(now);
    parts_.delivery.set_others(static_cast<int>(watched_.size()));
    *nodes_.lock() = std::move(rows);
}

/// Those whose beat stood still for so long by this node's own clock, while its own went on:
/// neither a store that was away nor a clock that was set makes a node look dead.
std::vector<table::NodeRow> Membership::silent_nodes() const {
    std::vector<table::NodeRow> silent;
    const auto before_us =
        parts_.clock.steady_us() - std::chrono::microseconds(times_.dead_after).count();
    for (const auto& [number, one] : watched_) {
        if (one.since_us < before_us) silent.push_back(one.node);
    }
    return silent;
}

void Membership::lead() {
    if (!parts_.leadership.try_lead()) {
        led_ = false;
        return;
    }
    take_over();
    if (parts_.queue.outlives_process()) look_for_lost();
}

// Nodes that left or died, and whatever else belongs to nobody when this node begins to lead.
void Membership::take_over() {
    // Taking over much takes long; that this node lives is told with every step of it.
    const auto guard = [this](Session& session) {
        parts_.leadership.fence(session);
        std::ignore = table::beat(session, self_);
    };
    const auto silent = silent_nodes();
    std::vector<table::NodeRow> buried;
    const auto written = write_and_wait(parts_.delivery, [&](Session& session) {
        guard(session);
        buried = table::bury(session, silent);
    });
    if (!written) return;
    for (const auto& node : buried) {
        counts_.buried.fetch_add(1, std::memory_order_relaxed);
        parts_.log.warn(
            "node_dead",
            {{"node", node.number}, {"name", node.name}, {"silent_ms", node.silent_ms}});
    }
    read_nodes();
    std::vector<table::NodeRow> left;
    for (auto& node : nodes()) {
        if (node.state == "left") left.push_back(std::move(node));
    }
    if (left.empty() && led_) return;
    const auto taken = parts_.delivery.take_over(guard);
    if (!taken) {
        parts_.log.error("take_over_failed", {{"detail", taken.error().detail}});
        return;
    }
    if (parts_.queue.outlives_process()) {
        bool whole = led_ || republish_unowned();
        for (const auto& node : left) whole = republish_of(node) && whole;
        if (!whole) return;  // again with the next beat
    }
    const auto gone = write_and_wait(parts_.delivery, [&](Session& session) {
        guard(session);
        for (const auto& node : left) table::set_gone(session, node.number, self_.name);
    });
    if (!gone) return;
    led_ = true;
    note_taken(*taken);
}

void Membership::note_taken(const delivery::TakenOver& taken) {
    const auto total = taken.interrupted + taken.timed + taken.waiting;
    counts_.taken_over.fetch_add(total, std::memory_order_relaxed);
    if (total == 0) return;
    parts_.log.info(
        "taken_over",
        {{"interrupted", taken.interrupted}, {"timed", taken.timed}, {"waiting", taken.waiting}});
}

/// What the node had handed to its broker and nobody confirmed, and, if it had let carriers go,
/// whatever waits.
bool Membership::republish_of(const table::NodeRow& dead) {
    table::PendingPlace place;
    if (dead.marks.held_let_go == 0) {
        place.owner = dead.number;
        // A mark of 0 is that of a queue inside the process: then nothing was in a broker.
        place.since_ms = std::max<std::int64_t>(0, dead.marks.confirmed_before_ms - mark_margin_ms);
    }
    return republish(place, "a node is gone");
}

/// What came over from an embedded installation was in no broker yet.
bool Membership::republish_unowned() {
    table::PendingPlace place;
    place.owner = table::no_owner;
    return republish(place, "moved here");
}

/// What was accepted after the loss was seen is in queues that are there. Of nodes whose clocks go
/// before this one's, look_for_lost() finds what is missing.
void Membership::republish_lost() {
    std::string why;
    table::PendingPlace place;
    {
        const std::lock_guard lock(mutex_);
        why.swap(why_lost_);
        place.before_ms = lost_before_ms_;
    }
    if (why.empty()) return;
    bool whole = true;
    for (const bool timed : {false, true}) {
        place.timed = timed;
        whole = republish(place, "the broker lost its queues") && whole;
    }
    if (whole) return;
    const std::lock_guard lock(mutex_);
    why_lost_ = std::move(why);  // again with the next beat
}

bool Membership::republish(const table::PendingPlace& place, const char* why) {
    const auto count = parts_.delivery.republish(place);
    if (!count) {
        parts_.log.error("republish_failed", {{"detail", count.error().detail}});
        return false;
    }
    counts_.republished.fetch_add(*count, std::memory_order_relaxed);
    if (*count > 0) parts_.log.info("republished", {{"messages", *count}, {"why", why}});
    return true;
}

// A row that waits since before its queue was drained is held by a node, or lost. If there are more
// of them than the nodes hold together, in two looks one after the other, they are published again.
void Membership::look_for_lost() {
    const auto now_us = parts_.clock.steady_us();
    if (now_us - looked_us_ < std::chrono::microseconds(times_.look).count()) return;
    looked_us_ = now_us;
    QueueMarks all;
    for (const auto& node : nodes()) {
        if (node.state != "living") continue;
        all.held += node.marks.held;
        for (std::size_t i = 0; i < all.drained_before_ms.size(); ++i)
            all.drained_before_ms[i] =
                std::max(all.drained_before_ms[i], node.marks.drained_before_ms[i]);
    }
    look_for_lost(all, false, pending_);
    if (++looks_ % times_.looks_for_timed == 0) look_for_lost(all, true, timed_);
}

void Membership::look_for_lost(const QueueMarks& all, bool timed, Findings& findings) {
    for (std::size_t i = 0; i < all.drained_before_ms.size(); ++i) {
        table::PendingPlace place;
        place.timed = timed;
        place.priority = static_cast<int>(i);
        place.before_ms = all.drained_before_ms[i] - mark_margin_ms;
        if (place.before_ms <= 0) continue;
        std::int64_t waiting = 0;
        const auto read = parts_.store.read(
            [&](Session& session) { waiting = table::count_pending(session, place); });
        if (!read) return;
        if (waiting <= all.held) {
            findings.suspicions[i] = 0;
            continue;
        }
        if (++findings.suspicions[i] < looks_before_lost) continue;
        const auto now_us = parts_.clock.steady_us();
        const auto rest_us = std::chrono::microseconds(times_.republish_again).count();
        if (findings.published_us[i] != 0 && now_us - findings.published_us[i] < rest_us) continue;
        findings.published_us[i] = now_us;
        findings.suspicions[i] = 0;
        std::ignore = republish(place, "the broker drained its queue without them");
    }
}

}  // namespace hongyan::jobs
