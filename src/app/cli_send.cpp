// send: one message, and with --wait its way until it is settled.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <thread>

#include "app/cli_commands.hpp"
#include "app/cli_message.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "model/enums.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

bool is_settled(const std::string& status) {
    const auto known = from_text<MessageStatus>(message_status_names, status);
    return known && (is_final(*known) || *known == MessageStatus::success ||
                     *known == MessageStatus::unknown);
}

/// Asks until the message is settled or the time is over; the last answer.
std::optional<Answer> wait_for(const std::string& id, std::int64_t seconds, Session& session) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    Millis pause{50};
    for (;;) {
        auto answer = session.call({"GET", "/api/messages/" + url_encode(id)});
        if (!answer || is_settled(text_at(answer->body, "status")) ||
            std::chrono::steady_clock::now() >= end) {
            return answer;
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, Millis{500});
    }
}

int report_settled(const Answer& answer, Session& session) {
    const std::string status = text_at(answer.body, "status");
    if (session.json()) {
        session.out() << answer.text << std::endl;
    } else {
        session.out() << session.paint_status(status) << " " << text_at(answer.body, "trace_id")
                      << " after " << text_at(answer.body, "attempts") << " attempt(s)";
        if (const auto reason = text_at(answer.body, "reason"); !reason.empty())
            session.out() << ": " << reason;
        session.out() << "\n";
    }
    if (status == "success" || status == "delivered") return exit_ok;
    if (!is_settled(status))
        session.err() << "Not settled yet; look again with 'hongyan trace "
                      << text_at(answer.body, "trace_id") << "'.\n";
    return exit_failure;
}

/// The template whose types the variables take; needed only for "name=text", and a key that may
/// only send goes without.
std::optional<TemplateInfo> types_for(const SendArgs& args, Session& session) {
    const bool has_text = std::ranges::any_of(args.variables, [](const std::string& word) {
        const auto equals = word.find('=');
        return equals != word.npos && equals > 0 && word[equals - 1] != ':';
    });
    if (!has_text || args.message.template_name.empty()) return std::nullopt;
    return look_for_template(args.message.template_name, args.message.channel, session);
}

}  // namespace

int run_send(const SendArgs& args, Session& session) {
    auto fields = common_fields(args.message);
    if (!fields) return session.fail(fields.error()), exit_usage;
    const auto types = types_for(args, session);
    auto variables = read_variables(args.variables, types ? &*types : nullptr);
    if (!variables) return session.fail(variables.error()), exit_usage;
    (*fields)["recipient"] = args.recipient;
    if (!variables->empty()) (*fields)["variables"] = std::move(*variables);
    // A key of our own makes it safe to repeat a request whose answer was lost.
    const std::string key = args.message.idempotency_key.empty() ? "cli-" + to_hex(random_bytes(12))
                                                                 : args.message.idempotency_key;
    const auto answer = session.call({"POST", "/api/messages/send", json::serialize(*fields), key});
    if (!answer) {
        if (session.exit_code() == exit_unreachable && session.was_connected())
            session.err() << "  It may have been accepted. Run the same command again with "
                          << "--idempotency-key " << key << ": it is not sent twice.\n";
        return session.exit_code();
    }
    const std::string trace_id = text_at(answer->body, "trace_id");
    if (args.wait.wanted) {
        const auto settled =
            wait_for(text_at(answer->body, "message_id"), args.wait.seconds, session);
        return settled ? report_settled(*settled, session) : session.exit_code();
    }
    if (session.json()) {
        session.out() << answer->text << std::endl;
        return exit_ok;
    }
    session.out() << trace_id << " " << session.paint_status(text_at(answer->body, "status"))
                  << "\n";
    if (!answer->header("idempotency-replayed").empty())
        session.err() << "This key was used before: nothing new was sent.\n";
    session.err() << "Follow it with: hongyan trace " << trace_id << "\n";
    return exit_ok;
}

}  // namespace hongyan::app
