// Completion scripts for bash, zsh and fish, generated from the tree of commands, so that they
// never lag behind it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hongyan::app {

struct OptionNode {
    std::vector<std::string> names;  ///< "--json", "-h"
    std::string description;
    bool takes_value = false;
    std::vector<std::string> choices;  ///< the words it takes, if they are fixed
};

struct CommandNode {
    std::string name;
    std::string description;
    std::vector<OptionNode> options;
    std::vector<CommandNode> commands;
    std::vector<std::string> words;  ///< the words its first argument takes, if they are fixed
    bool takes_file = false;         ///< its argument is a file
};

/// The script for "bash", "zsh" or "fish"; "" for any other shell.
[[nodiscard]] std::string completion_script(const CommandNode& root, std::string_view shell);

}  // namespace hongyan::app
