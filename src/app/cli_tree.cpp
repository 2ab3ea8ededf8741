#include "app/cli_tree.hpp"

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "model/enums.hpp"

namespace hongyan::app {
namespace {

/// Help that begins with the command's example, which stands in CLI11's footer, and that says in
/// words what an option takes.
class ExampleFirst final : public CLI::Formatter {
  public:
    ExampleFirst() {
        column_width(28);
        label("SUBCOMMAND", "COMMAND");
    }
    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override {
        std::string text =
            mode == CLI::AppFormatMode::Sub ? "" : "Example:\n  " + app->get_footer() + "\n\n";
        text += CLI::Formatter::make_help(app, std::move(name), mode);
        if (app->get_parent() == nullptr) text += ending;
        return text;
    }
    std::string make_footer(const CLI::App*) const override { return ""; }
    /// "TEXT" of "TEXT:{sms,email}"; the words stand in the description.
    std::string make_option_opts(const CLI::Option* option) const override {
        if (!option->nonpositional() || option->get_type_size() == 0) return "";
        const std::string type = option->get_type_name();
        return " " + type.substr(0, type.find(':'));
    }
    std::string make_option_desc(const CLI::Option* option) const override {
        std::string text = option->get_description();
        const std::string type = option->get_type_name();
        if (const auto open = type.find('{'); open != type.npos) {
            std::string words;
            for (const auto& word : split(type.substr(open + 1, type.find('}') - open - 1), ','))
                words += (words.empty() ? ": " : ", ") + word;
            text += words;
        }
        if (option->get_required()) text += " (required)";
        if (const std::string fallback = option->get_default_str(); !fallback.empty())
            text += "; " + fallback + " if not given";
        return text;
    }

  private:
    static constexpr const char* ending =
        "\nExit codes:\n"
        "  0 done    1 failed    2 the command is wrong    3 not found\n"
        "  4 the key is missing or may not do that    5 no server answers\n"
        "Environment:\n"
        "  HONGYAN_SERVER                 the server that commands talk to\n"
        "  HONGYAN_API_KEY, or a file named by HONGYAN_API_KEY_FILE; else HONGYAN_ADMIN_KEY\n"
        "  HONGYAN_<SETTING>              any setting, see 'hongyan config docs'\n"
        "  NO_COLOR                       no colours\n"
        "'hongyan COMMAND --help' tells more of a command.\n";
};

}  // namespace

CommandTree::CommandTree() {
    app_.formatter(std::make_shared<ExampleFirst>());
    app_.footer("hongyan serve");
    app_.require_subcommand(1);
}

CLI::App* CommandTree::add(CLI::App& parent, const std::string& name,
                           const std::string& description, const std::string& example) {
    auto* command = parent.add_subcommand(name, description);
    command->footer(example);
    command->group("Commands");
    return command;
}

CLI::App& CommandTree::group(const std::string& name, const std::string& description,
                             const std::string& example) {
    auto* command = add(app_, name, description, example);
    command->require_subcommand(1);
    return *command;
}

CLI::Option* CommandTree::choose(CLI::Option* option, const Words& words) {
    choices_[option] = words;
    return option->check(CLI::IsMember(words));
}

CLI::Option* CommandTree::channel(CLI::App* command, std::string& target) {
    return choose(command->add_option("--channel", target, "How to reach the recipient"),
                  Words(channel_names.begin(), channel_names.end()));
}

void CommandTree::file_argument(CLI::App* command, const std::string& name, std::string& target,
                                const std::string& description) {
    command->add_option(name, target, description)->required();
    takes_file_.insert(command);
}

CommandNode CommandTree::node_of(const CLI::App& command) const {
    CommandNode node;
    node.name = command.get_name();
    node.description = command.get_description();
    node.takes_file = takes_file_.contains(&command);
    for (const auto* option : command.get_options()) {
        const auto found = choices_.find(option);
        const Words words = found == choices_.end() ? Words() : found->second;
        if (!option->nonpositional()) {
            node.words = words;
            continue;
        }
        OptionNode entry{
            {}, option->get_description(), option->get_items_expected_max() > 0, words};
        for (const auto& name : option->get_snames()) entry.names.push_back("-" + name);
        for (const auto& name : option->get_lnames()) entry.names.push_back("--" + name);
        node.options.push_back(std::move(entry));
    }
    for (const auto* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
        node.commands.push_back(node_of(*inner));
    }
    return node;
}

const CLI::App* CommandTree::command_of(const Words& arguments) const {
    const CLI::App* command = &app_;
    for (const auto& word : arguments) {
        const auto inner =
            command->get_subcommands([&](const CLI::App* one) { return one->get_name() == word; });
        if (inner.empty()) break;
        command = inner.front();
    }
    return command;
}

std::string CommandTree::help_of(const Words& arguments) const {
    const auto* command = command_of(arguments);
    std::string path;
    for (; command != nullptr; command = command->get_parent())
        path = command->get_name() + (path.empty() ? "" : " ") + path;
    return "'" + path + " --help'";
}

std::string CommandTree::wrong_command(const Words& arguments) const {
    const CLI::App* command = command_of(arguments);
    const CommandNode node = node_of(*command);
    std::size_t depth = 0;
    for (const auto* at = command; at->get_parent() != nullptr; at = at->get_parent()) ++depth;
    if (node.commands.empty() || (depth < arguments.size() && arguments[depth].starts_with('-')))
        return "";
    std::vector<std::string_view> names;
    std::string all;
    for (const auto& inner : node.commands) {
        names.push_back(inner.name);
        all += (all.empty() ? "" : ", ") + inner.name;
    }
    if (depth == arguments.size()) return "a command is missing: " + all + ".";
    const std::string nearest = nearest_word(arguments[depth], names);
    return "there is no command \"" + arguments[depth] + "\"" +
           (nearest.empty() ? "; there are: " + all + "." : "; did you mean \"" + nearest + "\"?");
}

std::string CommandTree::unknown_option(const Words& arguments) const {
    const CommandNode node = node_of(*command_of(arguments));
    std::vector<std::string_view> names;
    for (const auto& option : node.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    for (const auto& word : arguments) {
        if (word == "--") break;  // what follows are no options
        const std::string name = word.substr(0, word.find('='));
        const bool is_short = name.size() == 2 && name[0] == '-' && name[1] > '9';
        if (!is_short && !name.starts_with("--")) continue;
        if (std::ranges::find(names, name) != names.end()) continue;
        const std::string nearest = nearest_word(name, names);
        return "there is no option \"" + name + "\"" +
               (nearest.empty() ? "." : "; did you mean \"" + nearest + "\"?");
    }
    return "";
}

bool CommandTree::takes_value(const Words& arguments, const std::string& name) const {
    const auto* option = command_of(arguments)->get_option_no_throw(name);
    return option != nullptr && option->get_items_expected_max() > 0;
}

std::string CommandTree::explain(const CLI::ParseError& failure, const Words& arguments) const {
    if (auto unknown = unknown_option(arguments); !unknown.empty()) return unknown;
    const std::string what = failure.what();
    const auto after = [&](std::string_view mark) {
        return what.substr(what.find(mark) + mark.size());
    };
    if (dynamic_cast<const CLI::ExtrasError*>(&failure) != nullptr) {
        return "not expected: " + after("expected: ") +
               ". Text with spaces needs quotes; an option that may be repeated takes one value "
               "each time.";
    }
    if (what.starts_with("Could not convert: ") && what.find(" = ") != what.npos) {
        const std::string name = what.substr(19, what.find(" = ") - 19);
        const bool is_flag = !takes_value(arguments, name);
        return name + (is_flag ? " takes no value, but got" : " is not a whole number:") + " \"" +
               after(" = ") + "\".";
    }
    if (what.find("At Most 1 required") != what.npos)
        return what.substr(0, what.find(':')) + " stands there more than once.";
    if (what.find(" excludes ") != what.npos)
        return "give either " + what.substr(0, what.find(' ')) + " or " + after(" excludes ") + ".";
    if (what.find(" required ") != what.npos && what.ends_with(" missing"))
        return what.substr(0, what.find(':')) + ": its value is missing.";
    return what + (what.ends_with('.') ? "" : ".");
}

}  // namespace hongyan::app
