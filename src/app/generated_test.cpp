#include "base/testing/generated_file.hpp"

#include <algorithm>

#include "app/cli_fixture.hpp"
#include "app/cli_parser.hpp"
#include "base/text.hpp"

namespace hongyan::app {
namespace {

std::string manual() {
    std::ifstream stream(std::string(HONGYAN_SOURCE_DIR) + "/docs/cli.md", std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// The part of the manual from the command's own heading to the next.
std::string section_of(const std::string& page, const std::string& path) {
    const auto start = page.find("\n### `hongyan " + path);
    if (start == std::string::npos) return "";
    return page.substr(start, page.find("\n##", start + 4) - start);
}

void expect_described(const CommandNode& node, const std::string& path, const std::string& page) {
    for (const auto& inner : node.commands)
        expect_described(inner, path.empty() ? inner.name : path + " " + inner.name, page);
    if (!node.commands.empty()) return;
    const std::string section = section_of(page, path);
    ASSERT_NE(section, "") << "docs/cli.md has no section \"### `hongyan " << path << "`\"";
    for (const auto& option : node.options) {
        const auto& name = option.names.back();
        const bool is_common =
            name == "--help" || name == "--json" || name == "--server" || name == "--key-file";
        EXPECT_TRUE(is_common || has(section, "`" + name)) << path << " " << name;
    }
}

TEST(manual, every_command_has_a_section_that_names_its_options) {
    const std::string page = manual();
    expect_described(command_tree(), "", page);
    for (const auto* common : {"--help", "--json", "--server", "--key-file"})
        EXPECT_TRUE(has(page, "`" + std::string(common))) << common;
}

/// The words of an example as a shell takes them; ends at a pipe, a redirection or a comment.
std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> words;
    char quote = 0;
    bool is_inside = false;
    for (const char c : line) {
        if (quote == 0 && (c == '|' || c == '>' || c == '#')) break;
        if (c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
            if (!is_inside) words.emplace_back();
            is_inside = true;
        } else if (quote == 0 && c == ' ') {
            is_inside = false;
        } else {
            if (!is_inside) words.emplace_back();
            is_inside = true;
            words.back() += c;
        }
    }
    return words;
}

TEST(manual, every_example_can_be_understood) {
    std::ostringstream nowhere;
    Terminal terminal{nowhere, nowhere, false, {}};
    const ServerCommands commands;
    int examples = 0;
    std::string joined;
    for (const auto& line : split(manual(), '\n')) {
        const bool is_start = line.starts_with("$ hongyan ");
        if (!is_start && joined.empty()) continue;
        joined += is_start ? line.substr(10) : line;
        if (joined.ends_with('\\')) {
            joined.back() = ' ';
            continue;
        }
        const Parsed parsed = parse_arguments(shell_words(joined), commands, terminal);
        // Some examples show a mistake; those end with its message, so only real slips fail here.
        EXPECT_TRUE(parsed.exit_code == exit_ok || has(manual(), parsed.err))
            << joined << parsed.err;
        joined.clear();
        ++examples;
    }
    EXPECT_GE(examples, 25);
}

}  // namespace
}  // namespace hongyan::app
