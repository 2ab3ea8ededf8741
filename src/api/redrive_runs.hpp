// RedriveRuns: dead letters on their way back, as runs that go on by themselves: each takes the
// failed messages of its filter step by step, newest first, no faster than its rate, and can be
// watched and cancelled. Each message is taken once in a run, also if it fails again meanwhile.
// Runs live in memory: a restart ends them, and what they had not reached stays a dead letter.
// Members are safe from every thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/context.hpp"
#include "table/messages.hpp"

namespace hongyan::api {

struct RedriveWish {
    table::MessageFilter filter;  ///< with the tenant
    std::string filter_json;      ///< as it was asked for
    std::int64_t max_count = 1'000;
    double per_second = 0;  ///< 0 = as fast as it goes
    std::string by;         ///< name of the key
};

struct RedriveState {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string status = "running";  ///< running, completed, cancelled or failed
    std::string detail;              ///< of a failed one
    std::string filter_json;
    std::string by;
    std::int64_t max_count = 0;
    double per_second = 0;
    std::int64_t matched = 0;  ///< counted at the start, at most max_count
    bool capped = false;       ///< the count ended early: there are at least so many
    std::int64_t retried = 0;
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;
};

class RedriveRuns {
  public:
    /// context must outlive it.
    explicit RedriveRuns(const Context& context) : context_(context) {}
    ~RedriveRuns() { stop(); }
    void start();
    /// Ends all runs; before the delivery stops.
    void stop();

    /// Reads the store to count: not on an I/O thread. Errors: conflict (five of the tenant run),
    /// and what the store says.
    [[nodiscard]] Result<RedriveState> add(RedriveWish wish);
    /// Newest first, finished ones too, the last 50 of the tenant.
    [[nodiscard]] std::vector<RedriveState> list(std::int64_t tenant_id) const;
    /// The run as it then is; nothing if there is no such run. A finished one is not changed.
    [[nodiscard]] std::optional<RedriveState> cancel(std::int64_t tenant_id, std::int64_t id);

  private:
    struct Run {
        RedriveState state;
        table::MessageFilter filter;
        double allowance = 0;
        std::int64_t last_us = 0;
    };
    using RunPtr = std::shared_ptr<Run>;

    void loop();
    [[nodiscard]] std::vector<RunPtr> running() const;
    /// True if there is more to do at once.
    [[nodiscard]] bool step(Run& run);
    struct Step {
        std::int64_t retried = 0;
        bool more = false;
    };
    /// Wakes up the next messages of the filter, and moves its place on.
    [[nodiscard]] Result<Step> redrive(table::MessageFilter& filter, int count);
    void finish(Run& run, std::string status, std::string detail);
    void forget_old(std::int64_t tenant_id);

    const Context& context_;
    std::thread thread_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_; of a run that is going on, filter, allowance and last_us are the thread's own:
    std::map<std::int64_t, RunPtr> runs_;
    std::int64_t next_id_ = 1;
    bool stopping_ = false;
};

}  // namespace hongyan::api
