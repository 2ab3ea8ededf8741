// SQL of the nodes of a cluster: who is there, who is silent, and whose a waiting message is. A
// message belongs to the node in its column `node`, or else to the one whose number is in its id;
// what belongs to no living node is taken over (docs/decisions/0067). Times are the database's, so
// clocks of nodes play no part. PostgreSQL only, for SQLite has one node. Called inside a
// transaction or a snapshot; a failing statement throws StoreError.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "contract/queue.hpp"
#include "contract/store.hpp"
#include "table/messages.hpp"

namespace hongyan::table {

/// Owner of a waiting message that no node has: one more than the largest number of a node.
inline constexpr int no_owner = 1'024;

struct NodeRow {
    int number = -1;
    std::string identity;  ///< of its data folder: the same after a restart
    std::string name;
    std::string writer;  ///< its row in store_writers
    std::string roles;   ///< "api,worker,jobs"
    std::string url;
    std::string version;
    std::string state = "living";
    std::int64_t started_ms = 0;
    std::int64_t seen_ms = 0;
    std::int64_t silent_ms = 0;  ///< since it was seen, by the database's clock
    QueueMarks marks;
    std::string report = "{}";  ///< JSON: its counters, for the console of every node
    std::string ended;          ///< stopped, dead or restarted; "" while it lives
    std::string taken_by;       ///< name of the node that took over; "" if none has yet
};

/// By the clock that all nodes share; of SQLite, this machine's.
[[nodiscard]] std::int64_t database_now_ms(Session& session);

/// Enters a node and gives its number: one that nobody has, and that rested for rest_ms since its
/// last owner was seen, or was its own before. An earlier start from the same data folder is over,
/// for a folder is locked: its writer is fenced and its messages are free. nullopt: all 1,024 are
/// taken.
[[nodiscard]] std::optional<int> join_nodes(Session& session, const NodeRow& node,
                                            std::int64_t rest_ms);
/// Tells that the node lives; false if it was declared dead.
[[nodiscard]] bool beat(Session& session, const NodeRow& node);
/// A start that failed before it could accept or send anything: the number was never used.
void withdraw_node(Session& session, const NodeRow& node);
/// All that earlier starts from this data folder left has been taken over.
void set_own_gone(Session& session, const NodeRow& self);
/// What it leaves is free at once. how: stopped, by itself; dead; restarted, a new start is there.
void leave_nodes(Session& session, int number, std::string_view how);
[[nodiscard]] std::vector<NodeRow> list_nodes(Session& session);
/// Declares these nodes dead, and ends their writing for good; waits for a transaction of theirs
/// that is under way. Left out is who has told since it was read that it lives. Gives the buried.
[[nodiscard]] std::vector<NodeRow> bury(Session& session, const std::vector<NodeRow>& silent);
/// All that left has been taken over: its number may be given again when it has rested.
void set_gone(Session& session, int number, std::string_view taken_by);

/// Gives up to limit messages of one status that belong to no living node to this one; none only
/// when none is left. Messages of batches that were not accepted are left out.
[[nodiscard]] std::vector<Waiting> adopt(Session& session, MessageStatus status, int number,
                                         int limit);
/// Messages that wait for nothing but the queue, after a place, oldest first; accepted ones only.
/// timed: in place of those that never waited for a time (their status is pending), those whose
/// time has come (scheduled, retrying), which went to the queue then; there is no index by time, so
/// all that wait for one are read.
struct PendingPlace {
    bool timed = false;
    std::int64_t since_ms = 0;           ///< accepted, sent again, or due, at or after
    std::int64_t before_ms = INT64_MAX;  ///< and before
    int priority = -1;                   ///< -1 = all
    int owner = -1;                      ///< the node it belongs to; -1 = any
    MessageId after = 0;
    int limit = 10'000;
};
[[nodiscard]] std::vector<Job> list_pending(Session& session, const PendingPlace& place);
[[nodiscard]] std::int64_t count_pending(Session& session, const PendingPlace& place);
/// Deletes up to limit records of batches whose node died while it wrote them, then the tasks; true
/// while any is left.
[[nodiscard]] bool delete_abandoned(Session& session, int limit);

}  // namespace hongyan::table
