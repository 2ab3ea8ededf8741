// Following a batch: asks for its task until it is finished, and says how it went. Shared by batch
// and task. One thread.
#pragma once

#include <optional>
#include <string>

#include "app/cli_commands.hpp"

namespace hongyan::app {

/// The task as it is now, or with wait.wanted as it is at its end or when the time is over.
/// Nothing: the failure was reported, return session.exit_code().
[[nodiscard]] std::optional<Answer> follow_task(const std::string& id, const WaitArgs& wait,
                                                Session& session);
/// "task 12: completed, 998 of 1000 sent, 2 failed"
[[nodiscard]] std::string task_line(const boost::json::value& task, const Session& session);
/// False if a message of the task failed or was cancelled, or if it is not finished.
[[nodiscard]] bool is_task_well(const boost::json::value& task);

}  // namespace hongyan::app
