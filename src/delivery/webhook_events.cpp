#include "delivery/webhook_events.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/id.hpp"
#include "base/text.hpp"
#include "table/webhooks.hpp"

namespace hongyan::delivery {

void note_event(Session& session, const Message& message, MessageStatus status,
                const std::string& reason, std::int64_t now_ms) {
    const std::string type = "message." + std::string(to_text(status));
    boost::json::object data;
    data["message_id"] = std::to_string(message.id);
    data["trace_id"] = trace_id_of(message.id);
    data["status"] = to_text(status);
    data["channel"] = to_text(message.channel);
    data["recipient"] = message.recipient;
    data["attempts"] = message.attempts;
    if (!reason.empty()) data["reason"] = reason;
    if (!message.traceparent.empty()) data["traceparent"] = message.traceparent;
    if (message.task_id != 0) data["task_id"] = message.task_id;
    if (!message.metadata.empty()) data["metadata"] = nullptr;
    boost::json::object event;
    event["type"] = type;
    event["timestamp"] = format_rfc3339(now_ms);
    event["data"] = std::move(data);
    auto body = boost::json::serialize(event);
    // The metadata is JSON text already; a document is not parsed only to be written again.
    if (!message.metadata.empty()) {
        const std::string hole = "\"metadata\":null";
        body.replace(body.rfind(hole), hole.size(), "\"metadata\":" + message.metadata);
    }
    table::insert_event(session, message.tenant_id, message.callback_url, message.id, type, body,
                        now_ms);
}

}  // namespace hongyan::delivery
