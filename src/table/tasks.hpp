// SQL of message_tasks: a batch, its promise and its counters. Called inside a transaction or a
// snapshot.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

/// What a commit adds to a task's counters; negative when a dead letter is sent again.
struct TaskDelta {
    std::int64_t success = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;
    std::int64_t expired = 0;
};

struct TaskFilter {
    std::int64_t tenant_id = 1;
    std::optional<TaskStatus> status;
    std::int64_t before_id = 0;
    int limit = 50;
};

/// Gives the new task's id.
[[nodiscard]] std::int64_t insert_task(Session& session, const TaskRecord& task);
/// The last row of a batch is in: from now on the batch is accepted.
void accept_task(Session& session, std::int64_t id);
/// Adds to the counters; the task is processing from its first outcome on, and completed with its
/// last.
void count_task(Session& session, std::int64_t id, const TaskDelta& delta, std::int64_t now_ms);
/// On PostgreSQL only: locks these tasks until the transaction's end, in one order for everybody,
/// before several statements that each count in some of them.
void lock_tasks(Session& session, const std::set<std::int64_t>& ids);
void set_task_status(Session& session, std::int64_t id, TaskStatus status);
[[nodiscard]] bool is_cancelled_task(Session& session, std::int64_t id);
[[nodiscard]] std::optional<TaskRecord> find_task(Session& session, std::int64_t tenant_id,
                                                  std::int64_t id);
/// Newest first.
[[nodiscard]] std::vector<TaskRecord> list_tasks(Session& session, const TaskFilter& filter);
/// Cancels the waiting messages of a task, except those just being sent; gives their ids.
[[nodiscard]] std::vector<std::int64_t> cancel_task_messages(
    Session& session, std::int64_t id, std::int64_t now_ms,
    const std::vector<std::int64_t>& except);
/// Deletes a batch that could not be written to its end, with what it has written.
void delete_batch(Session& session, std::int64_t id);
/// The largest id in the table, 0 if it is empty.
[[nodiscard]] std::int64_t last_task_id(Session& session);
/// Deletes up to limit records of batches that a crash cut off before they were accepted, then the
/// tasks; true while any is left. Batches after last are of this start, still being written, and
/// stay.
[[nodiscard]] bool delete_unaccepted(Session& session, std::int64_t last, int limit);

}  // namespace hongyan::table
