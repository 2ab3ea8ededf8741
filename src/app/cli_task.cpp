// task: how far a batch is, and with --wait its way to the end.
#include "app/cli_task.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

bool is_finished(const json::value& task) {
    const std::string status = text_at(task, "status");
    return status == "completed" || status == "cancelled";
}

std::int64_t count_at(const json::value& task, std::string_view key) {
    return parse_int(text_at(task, key)).value_or(0);
}

}  // namespace

std::optional<Answer> follow_task(const std::string& id, const WaitArgs& wait, Session& session) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(wait.seconds);
    Millis pause{100};
    for (;;) {  // ends with the task or the time
        auto answer = session.call({"GET", "/api/messages/tasks/" + url_encode(id)});
        if (!answer || !wait.wanted || is_finished(answer->body)) return answer;
        if (std::chrono::steady_clock::now() >= end) {
            session.err() << "Not finished yet; look again with 'hongyan task " << id << "'.\n";
            return answer;
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, Millis{1000});
    }
}

std::string task_line(const json::value& task, const Session& session) {
    const auto count = [&](std::string_view key, std::string_view words) {
        const auto number = count_at(task, key);
        return number == 0 ? "" : ", " + std::to_string(number) + " " + std::string(words);
    };
    return "task " + text_at(task, "task_id") + ": " +
           session.paint_status(text_at(task, "status")) + ", " + text_at(task, "success_count") +
           " of " + text_at(task, "total_count") + " sent" + count("failed_count", "failed") +
           count("cancelled_count", "cancelled") + count("pending_count", "waiting");
}

bool is_task_well(const json::value& task) {
    return is_finished(task) && count_at(task, "failed_count") == 0 &&
           count_at(task, "cancelled_count") == 0;
}

int run_task(const TaskArgs& args, Session& session) {
    const auto answer = follow_task(std::to_string(args.id), args.wait, session);
    if (!answer) return session.exit_code();
    if (session.json()) {
        session.out() << answer->text << std::endl;
    } else {
        session.out() << task_line(answer->body, session) << "\n";
        if (count_at(answer->body, "failed_count") > 0)
            session.err() << "See why: hongyan dlq list --groups\n";
    }
    return args.wait.wanted && !is_task_well(answer->body) ? exit_failure : exit_ok;
}

}  // namespace hongyan::app
