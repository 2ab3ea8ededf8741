// trace: the way of one message, as a timeline of its nodes and a table of its attempts.
#include <boost/json/array.hpp>

#include "app/cli_commands.hpp"
#include "app/cli_table.hpp"
#include "base/id.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

std::string clock_time(const std::string& rfc3339) {  // date and zone are in the headline
    return rfc3339.size() > 19 ? rfc3339.substr(11, rfc3339.size() - 12) : rfc3339;
}

std::string milliseconds(const json::value& value, std::string_view key) {
    const std::string text = text_at(value, key);
    return text.empty() ? "" : text + " ms";
}

TextTable node_table(const json::value& trace, const Session& session) {
    TextTable table({"NODE", "STATUS", "STARTED", "TOOK", "PROVIDER", "REASON"});
    for (const auto& node : items_at(trace, "nodes")) {
        table.add({text_at(node, "name"), session.paint_status(text_at(node, "status")),
                   clock_time(text_at(node, "started_at")), milliseconds(node, "duration_ms"),
                   text_at(node, "provider"), one_line(text_at(node, "reason"), 80)});
    }
    return table;
}

TextTable attempt_table(const json::value& trace, const Session& session) {
    TextTable table({"ATTEMPT", "OUTCOME", "STARTED", "TOOK", "PROVIDER", "DETAIL", "NEXT"});
    for (const auto& attempt : items_at(trace, "attempts")) {
        table.add({text_at(attempt, "attempt"), session.paint_status(text_at(attempt, "outcome")),
                   clock_time(text_at(attempt, "started_at")), milliseconds(attempt, "duration_ms"),
                   text_at(attempt, "provider"), one_line(text_at(attempt, "detail"), 80),
                   clock_time(text_at(attempt, "next_attempt_at"))});
    }
    return table;
}

}  // namespace

int run_trace(const std::string& id, Session& session) {
    const auto known = parse_message_id(id);
    if (!known)
        return session.usage(
            "\"" + id + "\" is no message: give a trace id (msg_ and a number) or a message id.");
    const auto answer = session.call({"GET", "/api/messages/traces/" + trace_id_of(*known)});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    const json::value& trace = answer->body;
    const auto& nodes = items_at(trace, "nodes");
    const std::string day = nodes.empty() ? "" : text_at(nodes[0], "started_at").substr(0, 10);
    session.out() << text_at(trace, "trace_id") << "  "
                  << session.paint_status(text_at(trace, "status")) << "  message "
                  << text_at(trace, "message_id") << (day.empty() ? "" : "  " + day + " UTC")
                  << "\n\n"
                  << node_table(trace, session).text();
    const TextTable attempts = attempt_table(trace, session);
    if (attempts.size() > 0) session.out() << "\n" << attempts.text();
    const auto* statistics =
        trace.is_object() ? trace.as_object().if_contains("statistics") : nullptr;
    if (statistics != nullptr) {
        session.out() << "\nTotal " << text_at(*statistics, "total_duration_ms") << " ms over "
                      << text_at(*statistics, "node_count") << " nodes\n";
    }
    return exit_ok;
}

}  // namespace hongyan::app
