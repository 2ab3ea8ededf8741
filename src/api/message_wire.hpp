// Messages, traces, tasks and dead letters as they stand in JSON. Described in message_wire.cpp;
// plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/trace.hpp"
#include "shape/shape.hpp"
#include "table/messages.hpp"

namespace hongyan::api {

struct MessageView {
    std::int64_t message_id = 0;
    std::string trace_id;
    std::optional<std::int64_t> task_id;
    std::optional<std::int64_t> template_id;
    std::optional<std::int64_t> template_version;
    std::string channel;
    std::string recipient;
    std::optional<std::string> subject;
    std::string content;
    std::optional<std::string> html;
    int priority = 5;
    std::string status;
    std::optional<std::string> reason;
    int attempts = 0;
    std::optional<std::string> provider;
    std::optional<std::string> provider_message_id;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> due_at;
    std::optional<std::int64_t> next_attempt_at;
    std::optional<std::int64_t> deliver_by;
    std::optional<std::int64_t> sent_at;
    std::optional<std::int64_t> finished_at;
    std::optional<std::string> callback_url;
    std::optional<std::string> traceparent;
    std::string metadata;
};

struct MessagePage {
    std::vector<MessageView> items;
    std::optional<std::string> next_cursor;
    std::optional<std::int64_t> scanned_until;
};

struct MessageQuery {
    std::optional<std::string> status;
    std::optional<std::string> id;
    std::optional<std::string> q;
    std::optional<std::string> provider;
    std::optional<int> priority;
    std::optional<std::string> order;
    std::optional<std::string> channel;
    std::optional<std::int64_t> template_id;
    std::optional<std::int64_t> task_id;
    std::optional<std::string> recipient;
    std::optional<std::string> trace_id;
    std::optional<std::int64_t> created_after;
    std::optional<std::int64_t> created_before;
    std::optional<std::string> error;
    int limit = 50;
    std::string cursor;
};

struct StatusCountsView {
    std::map<std::string, std::int64_t> by_status;
    std::int64_t total = 0;
    bool capped = false;
};

struct NodeView {
    std::string name;
    std::string status;
    std::int64_t started_at = 0;
    std::optional<std::int64_t> finished_at;
    double duration_ms = 0;
    std::optional<std::int64_t> attempt;
    std::optional<std::string> provider;
    std::optional<std::string> reason;
    std::optional<std::string> rule_version;
};

struct AttemptView {
    int attempt = 1;
    std::string provider;
    std::string outcome;
    std::optional<std::string> error_class;
    std::optional<std::string> code;
    std::optional<std::string> detail;
    std::int64_t started_at = 0;
    std::int64_t duration_ms = 0;
    std::optional<std::int64_t> next_attempt_at;
    std::optional<std::string> rule_version;
};

struct MessageAccount {
    std::int64_t id = 0;
    std::string name;
    std::string provider;
};
struct CallbackView {
    std::string type;
    std::string status;
    std::int64_t attempts = 0;
    std::optional<std::int64_t> next_at;
    std::optional<std::int64_t> last_status;
    std::optional<std::string> last_detail;
    std::int64_t created_at = 0;
    std::optional<std::int64_t> finished_at;
};
struct MessageDetail : MessageView {
    std::string options;
    std::optional<MessageAccount> account;
    std::vector<AttemptView> attempt_list;
    std::vector<CallbackView> callbacks;
};

struct TraceStatistics {
    double total_duration_ms = 0;
    double success_rate = 0;
    double avg_duration_ms = 0;
    int node_count = 0;
};

struct TraceView {
    std::string trace_id;
    std::int64_t message_id = 0;
    std::string status;
    std::vector<NodeView> nodes;
    std::vector<AttemptView> attempts;
    TraceStatistics statistics;
};

struct StatusReply {
    std::int64_t message_id = 0;
    std::string trace_id;
    std::string status;
};

struct DeadGroupView {
    std::string reason;
    std::string channel;
    std::optional<std::string> provider;
    std::optional<std::int64_t> template_id;
    std::int64_t count = 0;
    std::int64_t first_at = 0;
    std::int64_t last_at = 0;
    std::string example;
};
struct DeadGroupPage {
    std::vector<DeadGroupView> items;
    bool capped = false;
};

/// Which dead letters; the same words as the list's query.
struct DeadFilter {
    std::optional<std::string> channel;
    std::optional<std::int64_t> template_id;
    std::optional<std::int64_t> task_id;
    std::optional<std::string> recipient;
    std::optional<std::int64_t> created_after;
    std::optional<std::int64_t> created_before;
    std::optional<std::string> error;
    std::optional<std::string> provider;
    std::optional<std::string> status;  ///< failed or unknown
};
struct RedriveRequest {
    std::optional<DeadFilter> filter;
    bool dry_run = false;
    std::int64_t max_count = 1'000;
    double rate_per_second = 0;
    bool background = false;
};
struct RedriveReply {
    std::int64_t matched = 0;
    std::int64_t retried = 0;
};

const shape::Object& describe(shape::Tag<MessageView>);
const shape::Object& describe(shape::Tag<MessageDetail>);
const shape::Object& describe(shape::Tag<MessageAccount>);
const shape::Object& describe(shape::Tag<CallbackView>);
const shape::Object& describe(shape::Tag<StatusCountsView>);
const shape::Object& describe(shape::Tag<MessagePage>);
const shape::Object& describe(shape::Tag<MessageQuery>);
const shape::Object& describe(shape::Tag<NodeView>);
const shape::Object& describe(shape::Tag<AttemptView>);
const shape::Object& describe(shape::Tag<TraceStatistics>);
const shape::Object& describe(shape::Tag<TraceView>);
const shape::Object& describe(shape::Tag<StatusReply>);
const shape::Object& describe(shape::Tag<DeadGroupView>);
const shape::Object& describe(shape::Tag<DeadGroupPage>);
const shape::Object& describe(shape::Tag<DeadFilter>);
const shape::Object& describe(shape::Tag<RedriveRequest>);
const shape::Object& describe(shape::Tag<RedriveReply>);

[[nodiscard]] MessageView view_of(const table::MessageRow& row);
[[nodiscard]] TraceView view_of(const report::Trace& trace);

}  // namespace hongyan::api
