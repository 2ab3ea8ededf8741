// Runs every example of docs/templates.md and checks that the manual names every filter.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "render/testing.hpp"

namespace hongyan::render {
namespace {

std::string manual() {
    std::ifstream file(HONGYAN_DOCS_DIR "/templates.md");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Example {
    std::string escape = "plain";
    std::string variables = "{}";
    std::string source;
    std::string expected;
    bool is_error = false;
};

constexpr std::size_t indent = 11;

/// The examples of one block; "result:" or "error:" ends each, what was said before holds for the
/// next.
std::vector<Example> examples_of(std::string_view block) {
    std::vector<Example> examples;
    Example current;
    std::string* field = nullptr;
    const auto finish = [&] {
        if (!current.expected.empty()) examples.push_back(current);
        current.expected.clear();
    };
    for (const auto& line : split(block, '\n')) {
        const auto word = trim(std::string_view(line).substr(0, std::min(line.size(), indent)));
        const std::string rest = line.size() > indent ? line.substr(indent) : "";
        if (word.empty() && field != nullptr) {
            *field += "\n" + rest;
            continue;
        }
        if (word != "result:" && word != "error:") finish();
        if (word == "escape:") field = &current.escape;
        if (word == "variables:") field = &current.variables;
        if (word == "template:") field = &current.source;
        if (word == "result:" || word == "error:") field = &current.expected;
        if (word == "result:" || word == "error:") current.is_error = word == "error:";
        if (field == nullptr) ADD_FAILURE() << "cannot read this line of an example: " << line;
        if (field != nullptr) *field = rest;
    }
    finish();
    return examples;
}

std::vector<Example> all_examples() {
    std::vector<Example> examples;
    const std::string text = manual();
    const std::string begin = "```example\n";
    for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
        at += begin.size();
        const std::size_t end = text.find("\n```", at);
        for (auto& example : examples_of(std::string_view(text).substr(at, end - at))) {
            examples.push_back(std::move(example));
        }
        at = end;
    }
    return examples;
}

CompileOptions options_of(const Example& example) {
    const std::string_view word =
        std::string_view(example.escape).substr(0, example.escape.find(','));
    const bool allow_safe = example.escape.find("safe permitted") != std::string::npos;
    if (word == "html") return testing::with(Escape::html, allow_safe);
    if (word == "json") return testing::with(Escape::json_string, allow_safe);
    if (word == "header") return testing::with(Escape::header, allow_safe);
    EXPECT_EQ(word, "plain");
    return testing::with(Escape::plain, allow_safe);
}

TEST(TemplateManual, every_example_gives_what_it_says) {
    const auto examples = all_examples();
    EXPECT_GE(examples.size(), 45u);
    for (const auto& example : examples) {
        const auto expected =
            example.is_error ? "error: " + example.expected + "." : example.expected;
        EXPECT_EQ(testing::rendered(example.source, example.variables, options_of(example)),
                  expected)
            << example.source;
    }
}

TEST(TemplateManual, every_filter_has_a_heading_and_an_example) {
    const std::string text = manual();
    std::string headings;
    for (const auto& line : split(text, '\n')) {
        if (line.starts_with("### ")) headings += line + ",";
    }
    std::string sources;
    for (const auto& example : all_examples()) sources += example.source + "\n";
    for (const auto& filter : filters()) {
        const std::string name(filter.name);
        EXPECT_NE(headings.find(" " + std::string(filter.name)), std::string::npos) << name;
        EXPECT_NE(sources.find("| " + name), std::string::npos) << name;
    }
}

TEST(TemplateManual, states_the_limits_that_are_enforced) {
    const Limits limits;
    EXPECT_EQ(limits.source_bytes, 64u * 1024);
    EXPECT_EQ(limits.output_bytes, 256u * 1024);
    EXPECT_EQ(limits.nodes, 10'000u);
    EXPECT_EQ(limits.depth, 16u);
    EXPECT_EQ(limits.steps, 100'000u);
    EXPECT_EQ(limits.loop_items, 1'000u);
    EXPECT_EQ(max_variables, 100u);
}

}  // namespace
}  // namespace hongyan::render
