#include "report/trace.hpp"

#include <algorithm>

#include "report/statistics.hpp"

namespace hongyan::report {
namespace {

double between(std::int64_t from_ms, std::int64_t to_ms) {
    return static_cast<double>(std::max<std::int64_t>(0, to_ms - from_ms));
}

bool is_sent(MessageStatus status) {
    return status == MessageStatus::success || status == MessageStatus::delivered;
}

TraceNode queue_node(const table::MessageRow& row, bool tried, std::int64_t now_ms) {
    const Message& m = row.message;
    TraceNode node{"queue", "pending", m.ready_ms(), 0, between(m.ready_ms(), now_ms),
                   0,       "",        "",           ""};
    if (tried) {
        node.status = "success";
        node.duration_ms = static_cast<double>(row.timing.queue_ms);
        node.finished_ms = m.ready_ms() + row.timing.queue_ms;
    } else if (is_final(m.status)) {
        node.status = "failed";
        node.reason = row.reason;
        node.finished_ms = row.finished_ms;
        node.duration_ms = between(m.ready_ms(), row.finished_ms);
    }
    return node;
}

TraceNode process_node(const table::MessageRow& row, std::int64_t started_ms) {
    const double duration = static_cast<double>(row.timing.process_us) / 1000;
    TraceNode node{"process", "success", started_ms, started_ms + row.timing.process_us / 1000,
                   duration,  0,         "",         "",
                   ""};
    if (row.message.template_id != 0) {
        node.rule_version = "template-" + std::to_string(row.message.template_id) + "-v" +
                            std::to_string(row.message.template_version);
    }
    return node;
}

TraceNode failed_send(const Attempt& a) {
    std::string reason(to_text(a.outcome));
    if (!a.code.empty()) reason += " " + a.code;
    if (!a.detail.empty()) reason += ": " + a.detail;
    return {"send",
            "failed",
            a.started_ms,
            a.started_ms + a.duration_ms,
            static_cast<double>(a.duration_ms),
            a.attempt,
            a.provider,
            std::move(reason),
            a.rule_version};
}

TraceNode final_send(const table::MessageRow& row, const std::vector<Attempt>& attempts) {
    const double duration = static_cast<double>(row.timing.send_us) / 1000;
    TraceNode node{"send",          "success", row.finished_ms - row.timing.send_us / 1000,
                   row.finished_ms, duration,  row.message.attempts,
                   row.provider,    "",        ""};
    if (!attempts.empty()) node.rule_version = attempts.back().rule_version;
    return node;
}

TraceNode callback_node(const table::MessageRow& row, const ReceiptRecord& receipt) {
    std::string reason = receipt.code;
    if (!receipt.detail.empty()) reason += (reason.empty() ? "" : ": ") + receipt.detail;
    return {"callback",
            receipt.status == MessageStatus::failed ? "failed" : "success",
            receipt.received_ms,
            receipt.received_ms,
            0,
            0,
            row.provider,
            std::move(reason),
            ""};
}

void summarize(Trace& trace) {
    std::int64_t finished = 0;
    std::int64_t succeeded = 0;
    std::int64_t end_ms = 0;
    double sum = 0;
    for (const auto& node : trace.nodes) {
        if (node.status == "pending") continue;
        ++finished;
        if (node.status == "success") ++succeeded;
        sum += node.duration_ms;
        end_ms = std::max(end_ms, node.finished_ms);
    }
    trace.success_rate = percent(succeeded, finished);
    if (finished == 0) return;
    trace.avg_duration_ms = sum / static_cast<double>(finished);
    const bool one_line = trace.attempts.empty();
    trace.total_duration_ms = one_line ? sum : between(trace.row.message.ready_ms(), end_ms);
}

}  // namespace

Trace make_trace(table::MessageRow row, std::vector<Attempt> attempts,
                 const std::vector<ReceiptRecord>& receipts, std::int64_t now_ms) {
    Trace trace;
    const Message& m = row.message;
    const bool tried = m.attempts > 0;
    trace.nodes.push_back(queue_node(row, tried, now_ms));
    if (tried) trace.nodes.push_back(process_node(row, trace.nodes[0].finished_ms));
    for (const auto& attempt : attempts) {
        if (attempt.outcome != OutcomeClass::accepted) trace.nodes.push_back(failed_send(attempt));
    }
    // A receipt may have failed it later; the send itself went well.
    const bool was_taken = is_sent(m.status) ||
                           (!attempts.empty() && attempts.back().outcome == OutcomeClass::accepted);
    if (was_taken) trace.nodes.push_back(final_send(row, attempts));
    const bool waits_for_send = tried && !is_final(m.status);
    if (waits_for_send) {
        const auto started = m.status == MessageStatus::retrying ? row.next_attempt_ms : now_ms;
        trace.nodes.push_back({"send", "pending", started, 0, 0,
                               m.attempts + (m.status == MessageStatus::retrying ? 1 : 0),
                               row.provider, row.reason, ""});
    }
    for (const auto& receipt : receipts) trace.nodes.push_back(callback_node(row, receipt));
    trace.row = std::move(row);
    trace.attempts = std::move(attempts);
    summarize(trace);
    return trace;
}

}  // namespace hongyan::report
