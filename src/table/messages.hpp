// SQL of message_records and message_attempts. Called inside a transaction of the store (write
// functions) or a snapshot (find and list); nothing here commits. A failing statement throws
// StoreError, which the store turns into its Error.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/queue.hpp"
#include "contract/store.hpp"
#include "model/message.hpp"
#include "model/timing.hpp"

namespace hongyan::table {

/// A record as it stands in the table.
struct MessageRow {
    Message message;
    std::int64_t finished_ms = 0;      ///< 0 while it is not final
    std::int64_t next_attempt_ms = 0;  ///< of a retrying message
    Timing timing;
    std::string provider;
    std::string provider_message_id;
    std::string reason;
};

/// What an attempt, a cancellation or an expiry makes of a message.
struct Outcome {
    MessageId id = 0;
    MessageStatus status = MessageStatus::success;
    std::int32_t attempts = 0;
    std::int64_t finished_ms = 0;
    std::int64_t next_attempt_ms = 0;
    Timing timing;  ///< all zero: what stands stays; queue_ms < 0: only that part of it
    std::string_view provider;
    std::string_view provider_message_id;
    std::string_view reason;
    bool is_free = false;   ///< the attempt does not count
    bool is_plain = false;  ///< sent at once: only status, attempts, finished_ms and timing change
};

/// Filters of a list; an unset one does not restrict. Newest first, from before_id on.
struct MessageFilter {
    std::int64_t tenant_id = 1;
    std::optional<MessageStatus> status;
    std::vector<MessageStatus> statuses = {};  ///< any of these, beside status
    std::optional<ChannelKind> channel;
    std::optional<std::int64_t> template_id;
    std::optional<std::int64_t> task_id;
    std::optional<MessageId> id;
    std::string recipient;  ///< exact
    std::string error;      ///< part of the reason
    std::string provider = {};
    std::optional<int> priority = {};
    std::optional<std::int64_t> created_after_ms;
    std::optional<std::int64_t> created_before_ms;
    MessageId before_id = 0;  ///< 0 = from the newest
    int limit = 50;
};

/// provider is stored right away so that the outcome needs no more room.
void insert_message(Session& session, const Message& message, std::string_view provider);
/// Settles a message that was waiting or under way as delivered at its first attempt; false if its
/// status forbids it.
[[nodiscard]] bool settle_success(Session& session, const Outcome& outcome);
/// Any other change; false if the status that stands in the table may not change to the new one.
[[nodiscard]] bool settle(Session& session, const Outcome& outcome);
/// Marks an attempt as begun before its request leaves; false if the message may not be sent any
/// more.
[[nodiscard]] bool mark_processing(Session& session, MessageId id, std::int32_t attempt,
                                   std::int64_t account_id = 0, std::string_view provider = {});
void insert_attempt(Session& session, const Attempt& attempt);

// Many at once, each message at most once; on PostgreSQL in a few statements however many they are.

struct NewMessage {
    const Message* message = nullptr;
    std::string_view provider;
};
void insert_messages(Session& session, std::span<const NewMessage> messages);
/// settle_success() for those that are plain, settle() for the others; what each of them gives.
/// A message that is tried again later belongs to node, which keeps its time.
[[nodiscard]] std::vector<bool> settle_all(Session& session, std::span<const Outcome> outcomes,
                                           int node = -1);
struct Intent {
    MessageId id = 0;
    std::int32_t attempt = 0;
    std::int64_t account_id = 0;
    std::string_view provider;
};
/// mark_processing() for each; on PostgreSQL false also for those that another node has in hand.
/// node is the cluster's number of this one, -1 without a cluster.
[[nodiscard]] std::vector<bool> mark_all_processing(Session& session,
                                                    std::span<const Intent> intents, int node = -1);
void insert_attempts(Session& session, std::span<const Attempt* const> attempts);

[[nodiscard]] std::optional<MessageRow> find_message(Session& session, MessageId id);
/// One for each id, in their order; empty where there is no row.
[[nodiscard]] std::vector<std::optional<MessageRow>> find_messages(Session& session,
                                                                   std::span<const MessageId> ids);
/// The same in a transaction that will change it: no other node changes it before that one ends.
[[nodiscard]] std::optional<MessageRow> find_for_change(Session& session, MessageId id);
[[nodiscard]] std::optional<MessageStatus> find_status(Session& session, std::int64_t tenant_id,
                                                       MessageId id);
[[nodiscard]] std::vector<MessageRow> list_messages(Session& session, const MessageFilter& filter);
[[nodiscard]] std::vector<Attempt> list_attempts(Session& session, MessageId id);
/// The largest id in the table, 0 if it is empty.
[[nodiscard]] MessageId last_message_id(Session& session);

/// A step of loading what waits, best priority first: rows with this status and priority after the
/// given place, and ids below end. at is moved on; true while there may be more.
struct LoadPlace {
    std::int64_t tenant_id = 0;
    MessageId id = 0;
};
struct Waiting {
    Job job;
    std::int64_t due_ms = 0;  ///< > 0: not before this time
};
[[nodiscard]] bool load_waiting(Session& session, MessageStatus status, int priority, MessageId end,
                                int limit, LoadPlace& at, std::vector<Waiting>& found);

/// Dead letters by cause.
struct DeadGroup {
    std::string reason;
    ChannelKind channel = ChannelKind::sms;
    std::string provider;
    std::int64_t template_id = 0;
    std::int64_t count = 0;
    MessageId first = 0;
    MessageId last = 0;
};
struct DeadGroups {
    std::vector<DeadGroup> groups;  ///< the largest first, at most 200
    bool capped = false;            ///< more dead letters than most: only so many were looked at
};
[[nodiscard]] DeadGroups dead_groups(Session& session, std::int64_t tenant_id, std::int64_t most);
/// Number of failed messages that fit the filter.
[[nodiscard]] std::int64_t count_messages(Session& session, const MessageFilter& filter);

}  // namespace hongyan::table
