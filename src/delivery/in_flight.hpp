// InFlight: which messages are in the workers' hands, from being taken until their outcome is
// handed to the committer, and which ids and batches are being cancelled at this moment. One lock
// decides the race between sending and cancelling: a message in flight cannot be cancelled, a
// message being cancelled is not taken. All members are safe from every thread.
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "contract/queue.hpp"

namespace hongyan::delivery {

class InFlight {
  public:
    /// Registers jobs; those being cancelled are removed from the list, and so are those that are
    /// in flight already: a retry can be due before the attempt before it has left. These echoes
    /// are given back, to be tried a moment later.
    [[nodiscard]] std::vector<Job> enter(std::vector<Job>& jobs);
    void leave(const std::vector<Job>& jobs);
    /// Jobs that a provider account has now: still in flight, but not counted against the pool and
    /// the channel any more; the account counts them itself.
    void detach(const std::vector<Job>& jobs);
    enum class Hold {
        no,     ///< it may go
        kept,   ///< its batch is being cancelled; the job is kept until that has ended
        again,  ///< a batch of its tenant was being cancelled when it entered, and that has ended:
                ///< what was read of the message may be older, so it must be read again
    };
    /// Whether an entered job, now that its batch is known, may go.
    [[nodiscard]] Hold hold_back(const Job& job, std::int64_t task_id);

    /// False if the message is in flight; else it will not be taken until every revocation of it
    /// has ended.
    [[nodiscard]] bool revoke(MessageId id);
    /// The job, if this was the last revocation and one was held back meanwhile.
    std::optional<Job> end_revoke(MessageId id);
    /// From now on no message of the tenant's batch starts, until each call was ended; gives the
    /// ids that are in flight.
    [[nodiscard]] std::vector<MessageId> revoke_task(std::int64_t tenant_id, std::int64_t task_id);
    /// The jobs that were held back, if this was the last revocation; the store tells which of them
    /// were cancelled.
    [[nodiscard]] std::vector<Job> end_revoke_task(std::int64_t tenant_id, std::int64_t task_id);

    [[nodiscard]] std::int64_t count() const;
    [[nodiscard]] std::array<std::int64_t, channel_names.size()> by_channel() const;
    /// Waits until fewer than limit are in flight, at most for wait.
    void wait_below(std::int64_t limit, Millis wait) const;

  private:
    struct Revoked {
        int holders = 0;  ///< a message can be cancelled twice at a time
        std::optional<Job> job;
    };
    struct RevokedTask {
        int holders = 0;
        std::vector<Job> jobs;
    };

    mutable std::mutex mutex_;
    mutable std::condition_variable left_;
    // Under mutex_:
    std::unordered_set<MessageId> ids_;
    std::unordered_set<MessageId> detached_;
    std::array<std::int64_t, channel_names.size()> by_channel_{};
    std::unordered_map<MessageId, Revoked> revoked_;
    std::map<std::pair<std::int64_t, std::int64_t>, RevokedTask>
        revoked_tasks_;                       ///< by tenant and task
    std::unordered_set<MessageId> doubtful_;  ///< entered while a batch of their tenant was revoked
};

}  // namespace hongyan::delivery
