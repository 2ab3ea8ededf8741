// Pools and limits as they stand in JSON, for their own routes and for the live statistics.
// Described in rules_wire.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "contract/limiter.hpp"
#include "delivery/pool.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {

struct PoolChangeView {
    std::int64_t at = 0;
    int from = 0;
    int to = 0;
    std::string reason;
};

/// One change of a row through the API.
struct RuleChangeView {
    std::int64_t id = 0;
    std::int64_t at = 0;
    std::optional<std::string> by;
    std::optional<std::int64_t> by_key;
    std::string state;
    std::optional<shape::JsonObject> before;
    shape::JsonObject after;
    std::optional<std::int64_t> revert_at;
    std::optional<std::int64_t> ended_at;
    std::optional<std::string> ended_by;
};

struct PoolReply {
    std::int64_t id = 0;
    std::string pool_name;
    int core_pool_size = 0;
    int max_pool_size = 0;
    std::int64_t queue_capacity = 0;
    double scale_up_threshold = 0;
    double scale_down_threshold = 0;
    int size = 0;
    std::int64_t active_count = 0;
    std::int64_t queue_size = 0;
    std::int64_t completed_tasks = 0;
    std::optional<PoolChangeView> last_change;
    std::vector<PoolChangeView> changes;
    std::optional<RuleChangeView> for_a_while;
    std::vector<RuleChangeView> rule_changes;
};
struct PoolPage {
    std::vector<PoolReply> items;
};
struct PoolPatch {
    std::optional<int> core_pool_size;
    std::optional<int> max_pool_size;
    std::optional<std::int64_t> queue_capacity;
    std::optional<double> scale_up_threshold;
    std::optional<double> scale_down_threshold;
    std::optional<int> revert_after_seconds;
};

struct LimitReply {
    std::int64_t id = 0;
    std::string resource;
    std::string limit_type;
    double max_value = 0;
    int window_seconds = 1;
    std::string status;
    std::string behavior;
    int warm_up_seconds = 10;
    int max_queueing_ms = 500;
    double current = 0;
    std::int64_t passed = 0;
    std::int64_t refused = 0;
    std::int64_t passed_last_hour = 0;
    std::int64_t refused_last_hour = 0;
    std::optional<std::int64_t> last_refusal_at;
    std::optional<RuleChangeView> for_a_while;
    std::vector<RuleChangeView> rule_changes;
};
struct LimitPage {
    std::vector<LimitReply> items;
};
struct LimitCheckRequest {
    std::string resource;
    int cost = 1;
};
struct LimitCheckReply {
    std::string resource;
    bool would_pass = true;
    std::optional<LimitReply> rule;
    std::int64_t current = 0;
    std::int64_t allowed = 0;
    std::int64_t wait_ms = 0;
    std::int64_t retry_after_ms = 0;
};
struct LimitRequest {
    std::string resource;
    std::string limit_type;
    double max_value = 0;
    int window_seconds = 1;
    std::string status = "active";
    std::string behavior = "reject";
    int warm_up_seconds = 10;
    int max_queueing_ms = 500;
    std::optional<int> revert_after_seconds;
};
struct LimitPatch {
    std::optional<std::string> resource;
    std::optional<std::string> limit_type;
    std::optional<double> max_value;
    std::optional<int> window_seconds;
    std::optional<std::string> status;
    std::optional<std::string> behavior;
    std::optional<int> warm_up_seconds;
    std::optional<int> max_queueing_ms;
    std::optional<int> revert_after_seconds;
};

const shape::Object& describe(shape::Tag<PoolChangeView>);
const shape::Object& describe(shape::Tag<RuleChangeView>);
const shape::Object& describe(shape::Tag<PoolReply>);
const shape::Object& describe(shape::Tag<PoolPage>);
const shape::Object& describe(shape::Tag<PoolPatch>);
const shape::Object& describe(shape::Tag<LimitReply>);
const shape::Object& describe(shape::Tag<LimitPage>);
const shape::Object& describe(shape::Tag<LimitCheckRequest>);
const shape::Object& describe(shape::Tag<LimitCheckReply>);
const shape::Object& describe(shape::Tag<LimitRequest>);
const shape::Object& describe(shape::Tag<LimitPatch>);

[[nodiscard]] PoolReply view_of(const delivery::PoolView& pool);
[[nodiscard]] LimitReply view_of(const LimitUsage& usage);

}  // namespace hongyan::api
