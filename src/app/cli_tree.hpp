// The wrapped argument library: a tree of commands whose help begins with an example, with fixed
// words and file arguments remembered for completion, and suggestions for typing slips.
// cli_parser.cpp builds the tree; no one else includes this.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/cli_completion.hpp"

namespace hongyan::app {

using Words = std::vector<std::string>;

class CommandTree {
  public:
    CommandTree();
    CommandTree(const CommandTree&) = delete;
    CommandTree& operator=(const CommandTree&) = delete;

    [[nodiscard]] CLI::App& app() { return app_; }
    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& description,
                  const std::string& example);
    /// A command that only holds others.
    CLI::App& group(const std::string& name, const std::string& description,
                    const std::string& example);
    /// The option takes only these words.
    CLI::Option* choose(CLI::Option* option, const Words& words);
    CLI::Option* channel(CLI::App* command, std::string& target);
    /// The option may be repeated, with one value each time.
    CLI::Option* many(CLI::Option* option) { return option->allow_extra_args(false)->take_all(); }
    void file_argument(CLI::App* command, const std::string& name, std::string& target,
                       const std::string& description);

    /// The whole tree, for completion scripts.
    [[nodiscard]] CommandNode tree() const { return node_of(app_); }
    /// "'hongyan template list --help'" for the command that the arguments begin with.
    [[nodiscard]] std::string help_of(const Words& arguments) const;
    /// What is wrong if the words that should name a command name none; "" if all is well.
    [[nodiscard]] std::string wrong_command(const Words& arguments) const;
    /// The library's refusal in words that say what is wrong with the arguments.
    [[nodiscard]] std::string explain(const CLI::ParseError& failure, const Words& arguments) const;

  private:
    /// What to say of the first option that the command does not have; "" if it has all.
    [[nodiscard]] std::string unknown_option(const Words& arguments) const;
    [[nodiscard]] bool takes_value(const Words& arguments, const std::string& name) const;
    [[nodiscard]] CommandNode node_of(const CLI::App& command) const;
    [[nodiscard]] const CLI::App* command_of(const Words& arguments) const;

    CLI::App app_{"Hongyan delivers messages by SMS, e-mail, app push, WeChat and Feishu.",
                  "hongyan"};
    std::map<const CLI::Option*, Words> choices_;
    std::set<const CLI::App*> takes_file_;
};

}  // namespace hongyan::app
