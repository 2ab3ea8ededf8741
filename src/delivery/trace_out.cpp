#include "delivery/trace_out.hpp"

namespace hongyan::delivery {
namespace {

bool was_sent(MessageStatus status) {
    return status == MessageStatus::success || status == MessageStatus::delivered;
}

}  // namespace

void TraceOut::add(const Message& message, LiveNode node) const {
    node.channel = to_text(message.channel);
    node.node = node_;
    trace_->add(message.id, std::move(node));
}

void TraceOut::accepted(const Message& message) const {
    if (trace_ == nullptr) return;
    LiveNode queue;
    queue.name = "queue";
    queue.status = "pending";
    queue.started_ms = message.ready_ms();
    add(message, std::move(queue));
}

void TraceOut::taken(const Message& message, std::int64_t now_ms) const {
    if (trace_ == nullptr) return;
    if (message.attempts <= 1) {
        LiveNode queue;
        queue.name = "queue";
        queue.status = "success";
        queue.started_ms = message.ready_ms();
        queue.finished_ms = now_ms;
        add(message, std::move(queue));
    }
    LiveNode process;
    process.name = "process";
    process.status = "success";
    process.started_ms = process.finished_ms = now_ms;
    process.attempt = message.attempts;
    add(message, std::move(process));
}

void TraceOut::settled(const Settled& settled) const {
    if (trace_ == nullptr) return;
    const Message& message = *settled.message;
    const bool tried = settled.timing.send_us > 0 || settled.attempt || was_sent(settled.status);
    LiveNode node;
    node.name = tried ? "send" : "queue";
    node.status = was_sent(settled.status) ? "success" : "failed";
    node.finished_ms = settled.finished_ms;
    node.started_ms =
        tried ? settled.finished_ms - settled.timing.send_us / 1'000 : message.ready_ms();
    node.attempt = message.attempts;
    node.provider = settled.provider;
    node.reason = settled.reason;
    add(message, std::move(node));
}

}  // namespace hongyan::delivery
