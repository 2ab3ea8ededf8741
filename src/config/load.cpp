#include "config/load.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "config/environment.hpp"
#include "config/toml_source.hpp"

extern char** environ;

namespace hongyan::config {
namespace {

std::string flag_of(const std::string& name) {
    if (name == "listen") return "--listen";
    if (name == "data_dir") return "--data";
    return "--set " + name;
}

std::string did_you_mean(const std::string& nearest) {
    return nearest.empty() ? "; 'hongyan config show' lists all settings"
                           : "; did you mean \"" + nearest + "\"?";
}

/// Collects values in rising precedence and every problem on the way.
class Loader {
  public:
    explicit Loader(const Sources& sources) : sources_(sources) {}

    Result<Loaded> run() {
        take_defaults();
        take_file();
        take_environment();
        take_flags();
        fill();
        if (problems_.empty()) check_groups();
        if (problems_.empty()) return std::move(loaded_);
        Error error = make_error(
            ErrorCode::config_invalid,
            problems_.size() == 1
                ? "The configuration has a problem."
                : "The configuration has " + std::to_string(problems_.size()) + " problems.");
        error.problems = std::move(problems_);
        return error;
    }

  private:
    void take_defaults() {
        for (const auto& setting : setting_table()) {
            auto value = parse_value(setting, setting.default_text);
            HY_ASSERT(value.has_value() && check_value(setting, *value).empty());
            loaded_.values.push_back({&setting, std::move(*value), {}});
        }
    }

    void take_file() {
        std::error_code ignored;
        const auto named = sources_.environment.find("HONGYAN_CONFIG");
        if (sources_.file) {
            loaded_.file = *sources_.file;
        } else if (named != sources_.environment.end() && !named->second.empty()) {
            loaded_.file = named->second;
        } else if (std::filesystem::exists(sources_.default_file, ignored)) {
            loaded_.file = sources_.default_file;
        } else {
            return;
        }
        auto file = read_toml(loaded_.file);
        if (!file) {
            problems_.push_back({loaded_.file, "unreadable", file.error().detail});
            return;
        }
        for (const auto& entry : file->entries) take_entry(entry);
    }

    void take_entry(const TomlEntry& entry) {
        const Setting* setting = find_setting(entry.key);
        if (setting == nullptr) return report_unknown(entry);
        if (const auto* other = std::get_if<OtherKind>(&entry.value); other != nullptr) {
            return report_kind(*setting, entry.place, other->kind);
        }
        Value value = std::get<Value>(entry.value);
        const auto* whole = std::get_if<std::int64_t>(&value);
        if (setting->type == Type::number && whole != nullptr) value = static_cast<double>(*whole);
        const Value& expected = loaded_.values[index_of(*setting)].value;
        if (value.index() != expected.index())
            return report_kind(*setting, entry.place, kind_of(value));
        take(*setting, std::move(value), {Source::file, entry.place});
    }

    void report_unknown(const TomlEntry& entry) {
        for (const auto& setting : setting_table()) {
            if (!setting.name.starts_with(entry.key + ".")) continue;
            problems_.push_back({entry.key, "wrong_type",
                                 entry.place + ": \"" + entry.key +
                                     "\" is a group of settings; write [" + entry.key +
                                     "] and the settings below it."});
            return;
        }
        problems_.push_back({entry.key, "unknown",
                             entry.place + ": there is no setting \"" + entry.key + "\"" +
                                 did_you_mean(nearest_setting(entry.key))});
    }

    void report_kind(const Setting& setting, const std::string& place, const std::string& kind) {
        std::string hint;
        if (kind == "text in quotes") hint = ", without quotes";
        problems_.push_back({std::string(setting.name), "wrong_type",
                             place + ": " + std::string(setting.name) + " is " + kind +
                                 "; it must be " + requirement(setting) + hint + "."});
    }

    static std::string kind_of(const Value& value) {
        static constexpr std::string_view kinds[] = {"true or false", "a whole number",
                                                     "a number with a fraction", "text in quotes"};
        return std::string(kinds[value.index()]);
    }

    void take_environment() {
        auto read = read_environment(sources_.environment);
        for (auto& problem : read.problems) problems_.push_back(std::move(problem));
        for (auto& given : read.values)
            take_text(*given.setting, given.text, std::move(given.origin));
    }

    void take_flags() {
        for (const auto& [name, text] : sources_.flags) {
            const Setting* setting = find_setting(name);
            if (setting == nullptr) {
                problems_.push_back({name, "unknown",
                                     "--set: there is no setting \"" + name + "\"" +
                                         did_you_mean(nearest_setting(name))});
            } else if (setting->type == Type::secret) {
                problems_.push_back({name, "not_allowed",
                                     flag_of(name) + ": " + name +
                                         " is a secret and every user of this machine can read "
                                         "command lines; give it as " +
                                         variable_of(name) + " or as a file named by " +
                                         variable_of(name) + "_FILE."});
            } else {
                take_text(*setting, text, {Source::flag, flag_of(name)});
            }
        }
    }

    void take_text(const Setting& setting, const std::string& text, Origin origin) {
        auto value = parse_value(setting, text);
        if (!value) {
            problems_.push_back({std::string(setting.name), "wrong_type",
                                 origin.place + ": " + std::string(setting.name) + " is \"" + text +
                                     "\"; it must be " + requirement(setting) + "."});
            return;
        }
        take(setting, std::move(*value), std::move(origin));
    }

    void take(const Setting& setting, Value value, Origin origin) {
        if (const auto right = check_value(setting, value); !right.empty()) {
            // A bad secret is not repeated, not even as stars: its length is nobody's business.
            const std::string shown = setting.type == Type::secret ? "is not acceptable"
                                      : std::holds_alternative<std::string>(value)
                                          ? "is " + json_quoted(show_value(setting, value))
                                          : "is " + show_value(setting, value);
            problems_.push_back({std::string(setting.name), "out_of_range",
                                 origin.place + ": " + std::string(setting.name) + " " + shown +
                                     "; it must be " + right + "."});
            return;
        }
        auto& slot = loaded_.values[index_of(setting)];
        slot.value = std::move(value);
        slot.origin = std::move(origin);
    }

    static std::size_t index_of(const Setting& setting) {
        return static_cast<std::size_t>(&setting - setting_table().data());
    }

    void fill() {
        visit_settings(loaded_.settings, [&](std::string_view name, auto& member) {
            const Setting* setting = find_setting(name);
            HY_ASSERT(setting != nullptr);
            using Member = std::remove_reference_t<decltype(member)>;
            const auto* value = std::get_if<Member>(&loaded_.values[index_of(*setting)].value);
            HY_ASSERT(value != nullptr);
            member = *value;
        });
    }

    void check_groups() {
        for (auto& problem : check_together(loaded_.settings)) {
            const Setting* setting = find_setting(problem.path);
            HY_ASSERT(setting != nullptr);
            const auto& origin = loaded_.values[index_of(*setting)].origin;
            const std::string place = origin.place.empty() ? "default" : origin.place;
            problem.detail = place + ": " + problem.path + " " + problem.detail + ".";
            problems_.push_back(std::move(problem));
        }
    }

    const Sources& sources_;
    Loaded loaded_;
    std::vector<Problem> problems_;
};

}  // namespace

Sources system_sources(std::optional<std::string> file, std::map<std::string, std::string> flags) {
    Sources sources;
    sources.file = std::move(file);
    sources.flags = std::move(flags);
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view line = *entry;
        const auto equals = line.find('=');
        if (equals != line.npos)
            sources.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return sources;
}

Result<Loaded> load(const Sources& sources) { return Loader(sources).run(); }

std::string describe(const Error& error) {
    std::string lines = error.detail + "\n";
    for (const auto& problem : error.problems) lines += "  " + problem.detail + "\n";
    return lines;
}

}  // namespace hongyan::config
