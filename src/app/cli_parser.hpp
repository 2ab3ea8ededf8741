// The tree of commands with their options, and the reading of arguments into one action to run.
// Only this and cli_tree know the argument library. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/cli_completion.hpp"

namespace hongyan::app {

/// What the arguments ask for: an action to run, or an exit code with texts to print.
struct Parsed {
    std::function<int()> action;  ///< empty if there is nothing to run
    int exit_code = exit_ok;
    std::string out;
    std::string err;
};

/// Reads the arguments (without the program's name). commands and terminal must outlive the action.
[[nodiscard]] Parsed parse_arguments(const std::vector<std::string>& arguments,
                                     const ServerCommands& commands, Terminal& terminal);
/// The whole tree, for completion scripts and tests.
[[nodiscard]] CommandNode command_tree();

}  // namespace hongyan::app
