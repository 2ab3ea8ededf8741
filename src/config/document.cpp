#include "config/document.hpp"

#include <string_view>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::config {
namespace {

std::string_view group_of(std::string_view name) {
    const auto dot = name.find('.');
    return dot == name.npos ? std::string_view() : name.substr(0, dot);
}

std::string_view last_of(std::string_view name) { return name.substr(name.rfind('.') + 1); }

/// The value as both TOML and JSON write it: JSON strings are TOML basic strings.
std::string literal(const Setting& setting, const Value& value) {
    const std::string shown = show_value(setting, value);
    return std::holds_alternative<std::string>(value) ? json_quoted(shown) : shown;
}

std::string default_literal(const Setting& setting) {
    const auto value = parse_value(setting, setting.default_text);
    HY_ASSERT(value.has_value());
    return literal(setting, *value);
}

std::string type_words(const Setting& setting) {
    // A check answers wrong text with what would be right, and no text may hold a line end.
    const std::string right = setting.check == nullptr ? "" : setting.check("\n");
    if (setting.type == Type::secret) return right.empty() ? "secret text" : "secret; " + right;
    return right.empty() ? requirement(setting) : right;
}

std::string origin_words(const Origin& origin) {
    if (origin.source == Source::fallback) return "default";
    return std::string(source_names[static_cast<std::size_t>(origin.source)]) + " " + origin.place;
}

constexpr std::string_view introduction = R"(# Configuration

<!-- Generated from src/config/setting_table.cpp; do not edit. `hongyan config docs` prints this page,
     and `HONGYAN_WRITE_DOCS=1 ctest --test-dir build -R generated` writes it again. -->

Hongyan starts without any configuration. Each setting can be given in four places; the first that names it wins:

1. a flag: `--listen`, `--data`, or `--set name=value` for any setting that is no secret;
2. an environment variable: `HONGYAN_` and the name in upper case with `_` for `.`, e.g. `HONGYAN_EMAIL_SMTP_URL`. Secrets
   may also stand in a file named by `HONGYAN_…_FILE`, or in systemd's credentials folder under the setting's name;
3. a TOML file: `--config FILE` or `HONGYAN_CONFIG`, else `./hongyan.toml` if it exists;
4. the default.

Unknown names and values out of bounds stop the start; all problems are listed at once. `hongyan config check` finds them
without starting, `hongyan config show --origin` tells where each value came from, `hongyan config sample` prints a file to
start from; the same file is [hongyan.example.toml](hongyan.example.toml).
Durations are whole numbers in the unit that ends the name. Every setting takes effect at the next start unless it says "live".

)";

}  // namespace

std::string configuration_markdown() {
    std::string page(introduction);
    std::string_view group = "-";
    for (const auto& setting : setting_table()) {
        if (group_of(setting.name) != group) {
            group = group_of(setting.name);
            page += (group == group_of("listen") ? std::string("## General")
                                                 : "\n## `" + std::string(group) + "`");
            page += "\n\n| Name | Default | Value | Meaning |\n| --- | --- | --- | --- |\n";
        }
        page += "| `" + std::string(setting.name) + "` | `" + default_literal(setting) + "` | " +
                type_words(setting) + " | " + std::string(setting.sentence) +
                (setting.change == Change::live ? " Live." : "") + " |\n";
    }
    return page;
}

std::string sample_toml() {
    std::string file =
        "# Every setting of Hongyan with its default. Remove the # before a line to change it.\n"
        "# 'hongyan config check FILE' finds mistakes; docs/configuration.md tells more.\n";
    std::string_view group;
    for (const auto& setting : setting_table()) {
        if (group_of(setting.name) != group) {
            group = group_of(setting.name);
            file += "\n[" + std::string(group) + "]\n";
        }
        file += "# " + std::string(setting.sentence) + "\n";
        if (const auto words = type_words(setting); words != "text")
            file += "# Value: " + words + ".\n";
        file += "#" + std::string(last_of(setting.name)) + " = " + default_literal(setting) + "\n";
    }
    return file;
}

std::string show_toml(const Loaded& loaded, bool with_origin) {
    std::string text = loaded.file.empty() ? "" : "# file: " + loaded.file + "\n";
    std::string_view group;
    for (const auto& value : loaded.values) {
        if (group_of(value.setting->name) != group) {
            group = group_of(value.setting->name);
            text += "\n[" + std::string(group) + "]\n";
        }
        std::string line = std::string(last_of(value.setting->name)) + " = " +
                           literal(*value.setting, value.value);
        if (with_origin) {
            line.resize(std::max<std::size_t>(line.size() + 1, 42), ' ');
            line += "# " + origin_words(value.origin);
        }
        text += line + "\n";
    }
    return text;
}

std::string show_json(const Loaded& loaded) {
    std::string text = "{\"file\":" + (loaded.file.empty() ? "null" : json_quoted(loaded.file)) +
                       ",\"settings\":[";
    bool is_first = true;
    for (const auto& value : loaded.values) {
        text += is_first ? "" : ",";
        is_first = false;
        text += "{\"name\":" + json_quoted(value.setting->name) +
                ",\"value\":" + literal(*value.setting, value.value) +
                ",\"default\":" + default_literal(*value.setting) + ",\"origin\":" +
                json_quoted(source_names[static_cast<std::size_t>(value.origin.source)]) +
                ",\"place\":" + json_quoted(value.origin.place) + "}";
    }
    return text + "]}";
}

}  // namespace hongyan::config
