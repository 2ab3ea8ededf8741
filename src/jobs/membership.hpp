// Membership: this node's place in the cluster. It tells the store every two seconds that it lives
// and how far its queue can be trusted; one that could not for ten seconds sends nothing more until
// it can, and one that was declared dead ends, for its writing is fenced. The node that leads
// declares silent nodes dead, takes over what they left, and brings back what the broker lost
// (docs/decisions/0059, 0067). One thread of its own; all members are safe from every thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "delivery/delivery.hpp"
#include "jobs/leadership.hpp"
#include "table/nodes.hpp"

namespace hongyan::jobs {

struct MembershipTimes {
    Millis beat{2'000};
    Millis pause_after{10'000};  ///< without a beat on disk nothing more is sent
    Millis dead_after{15'000};  ///< and others take over; longer than pause_after by a send's start
    Millis gap{10'000};         ///< between two beats, after which others are watched anew
    Millis look{5'000};         ///< between two looks for what the broker lost
    int looks_for_timed = 6;    ///< each sixth also looks among those that waited for a time
    Millis republish_again{600'000};  ///< what was published again is left alone for so long
    std::int64_t number_rest_ms = 600'000;
};

struct MembershipCounts {
    std::atomic<std::int64_t> buried{0};       ///< nodes that this one declared dead
    std::atomic<std::int64_t> taken_over{0};   ///< messages of theirs
    std::atomic<std::int64_t> republished{0};  ///< messages put into the queue again
    std::atomic<std::int64_t> late_beats{0};   ///< times that this node had to pause
};

class Membership {
  public:
    struct Parts {
        Store& store;
        Queue& queue;
        delivery::Delivery& delivery;
        Leadership& leadership;
        const Clock& clock;
        Log& log;
        std::function<std::string()> report;              ///< JSON, for the console of every node
        std::function<void(const std::string&)> on_dead;  ///< this process must end; called once
    };
    /// Before anything else is written: gives the node its number. Errors: overloaded (1,024 nodes
    /// live or left a moment ago), those of the store.
    [[nodiscard]] static Result<int> join(Store& store, const table::NodeRow& self,
                                          const MembershipTimes& times = {});

    Membership(Parts parts, table::NodeRow self, MembershipTimes times = {});
    ~Membership();

    /// url: where others and people reach this node.
    void start(std::string url);
    /// Leaves: what waits here is free for others. After Delivery::stop(), which writes down what
    /// became of it.
    void stop();
    /// As the last look of this node's saw them.
    [[nodiscard]] std::vector<table::NodeRow> nodes() const;
    [[nodiscard]] int number() const { return self_.number; }
    [[nodiscard]] const MembershipCounts& counts() const { return counts_; }
    /// Jobs that had been published may be gone; for Queue::on_lost().
    void queue_lost(const std::string& why);

  private:
    void loop();
    void mark_end();
    void take_back_own();
    void beat();
    void note_late();
    void read_nodes();
    [[nodiscard]] std::vector<table::NodeRow> silent_nodes() const;
    void lead();
    void take_over();
    void note_taken(const delivery::TakenOver& taken);
    [[nodiscard]] bool republish_of(const table::NodeRow& dead);
    [[nodiscard]] bool republish_unowned();
    void republish_lost();
    /// What came of looking for lost ones, by priority.
    struct Findings {
        std::array<int, priority_levels> suspicions{};  ///< looks in a row with more than is held
        std::array<std::int64_t, priority_levels> published_us{};
    };
    void look_for_lost();
    void look_for_lost(const QueueMarks& all, bool timed, Findings& findings);
    [[nodiscard]] bool republish(const table::PendingPlace& place, const char* why);

    const Parts parts_;
    const MembershipTimes times_;
    table::NodeRow self_;  ///< url, marks and report change on the thread only
    MembershipCounts counts_;
    mutable Guarded<std::vector<table::NodeRow>> nodes_;
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;            ///< under mutex_
    std::string why_lost_;             ///< what was published may be gone; under mutex_
    std::int64_t lost_before_ms_ = 0;  ///< what was published before this; under mutex_
    bool dead_ = false;                ///< of the thread only
    // Of the thread only:
    std::int64_t beaten_us_ = 0;  ///< steady time before the last beat that was written
    struct Watched {
        table::NodeRow node;        ///< as it was when its beat was new
        std::int64_t since_us = 0;  ///< steady time
    };
    /// Living nodes, by number. Empty after a time in which this node could not look: then nobody
    /// could tell that it lives.
    std::map<int, Watched> watched_;
    bool paused_ = false;
    bool led_ = false;
    std::int64_t looked_us_ = 0;
    std::int64_t looks_ = 0;
    Findings pending_;
    Findings timed_;
};

}  // namespace hongyan::jobs
