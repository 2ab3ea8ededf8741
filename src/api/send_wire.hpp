// The requests that send messages, as they stand in JSON. Described in send_wire.cpp; plain data.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/enums.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {

/// What a single message and a batch have in common.
struct SendCommon {
    ChannelKind channel = ChannelKind::sms;
    std::optional<std::int64_t> template_id;
    std::optional<std::string> template_name;
    std::optional<shape::JsonObject> variables;
    std::optional<std::string> subject;
    std::optional<std::string> content;
    std::optional<std::string> html;
    int priority = 5;
    std::optional<std::int64_t> send_at_ms;
    std::optional<std::int64_t> delay_seconds;
    std::optional<std::int64_t> deliver_by_ms;
    std::optional<std::string> callback_url;
    std::string options;  ///< a JSON object as text
};

struct SendRequest : SendCommon {
    std::string recipient;
    std::string metadata;  ///< a JSON object as text
};

struct BatchRecipient {
    std::string recipient;
    std::optional<shape::JsonObject> variables;
    std::optional<std::string> subject;
    std::optional<std::string> content;
    std::string metadata;
};

struct SendBatchRequest : SendCommon {
    std::vector<BatchRecipient> recipients;
    std::string metadata;
    std::string name;
    bool dry_run = false;
};

struct SendReply {
    std::int64_t message_id = 0;
    std::string trace_id;
    std::string status;
};

struct SendBatchReply {
    std::int64_t task_id = 0;
    std::int64_t total_count = 0;
    std::string status;
};

const shape::Object& describe(shape::Tag<SendRequest>);
const shape::Object& describe(shape::Tag<BatchRecipient>);
const shape::Object& describe(shape::Tag<SendBatchRequest>);
const shape::Object& describe(shape::Tag<SendReply>);
const shape::Object& describe(shape::Tag<SendBatchReply>);

}  // namespace hongyan::api
