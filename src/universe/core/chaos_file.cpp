#include "universe/core/chaos_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/text.hpp"

namespace hongyan::universe {
namespace {

using Words = std::vector<std::string_view>;

constexpr double pause_max_ms = 3'600'000;
constexpr double spread_default_max_ms = 60'000;

struct SpreadForm {
    std::string_view name;
    Spread::Kind kind;
    std::string_view first;
    std::string_view second;  ///< "" = none
};
constexpr SpreadForm spread_forms[] = {{"fixed", Spread::Kind::fixed, "ms", ""},
                                       {"uniform", Spread::Kind::uniform, "low_ms", "high_ms"},
                                       {"exponential", Spread::Kind::exponential, "mean_ms", ""},
                                       {"lognormal", Spread::Kind::lognormal, "median_ms", "sigma"},
                                       {"pareto", Spread::Kind::pareto, "min_ms", "alpha"}};

std::string joined(const Words& words) {
    std::string text;
    for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
    return text;
}

std::string suggestion(std::string_view word, const Words& words) {
    const std::string nearest = nearest_word(word, words);
    return nearest.empty() ? "there are: " + joined(words) : "did you mean \"" + nearest + "\"?";
}

/// One table being read: takes known keys one by one and leaves a problem for whatever does not
/// fit.
class Reader {
  public:
    Reader(const toml::table& table, std::string place, std::vector<Problem>& problems,
           const std::string& file)
        : table_(table), place_(std::move(place)), problems_(problems), file_(file) {}

    void text(std::string_view key, std::string& target) {
        const auto* node = take(key);
        if (node == nullptr) return;
        if (const auto* value = node->as_string())
            target = **value;
        else
            wrong(*node, key, "must be a text in quotes");
    }
    void flag(std::string_view key, bool& target) {
        const auto* node = take(key);
        if (node == nullptr) return;
        if (const auto* value = node->as_boolean())
            target = **value;
        else
            wrong(*node, key, "must be true or false");
    }
    void number(std::string_view key, double& target, double low, double high) {
        const auto* node = take(key);
        if (node == nullptr) return;
        const auto value = node->is_number() ? node->value<double>() : std::nullopt;
        if (value && std::isfinite(*value) && *value >= low && *value <= high)
            target = *value;
        else
            wrong(*node, key, "must be a number from " + shown(low) + " to " + shown(high));
    }
    template <class T>
    void integer(std::string_view key, T& target, std::int64_t low, std::int64_t high) {
        const auto* node = take(key);
        if (node == nullptr) return;
        const auto* value = node->as_integer();
        if (value != nullptr && **value >= low && **value <= high)
            target = static_cast<T>(**value);
        else
            wrong(*node, key,
                  "must be a whole number from " + std::to_string(low) + " to " +
                      std::to_string(high));
    }
    void spread(std::string_view key, Spread& target);
    [[nodiscard]] const toml::node* take(std::string_view key) {
        taken_.push_back(key);
        return table_.get(key);
    }
    /// Complains of every key that nobody took.
    void finish() {
        for (const auto& [key, node] : table_) {
            if (std::ranges::find(taken_, key.str()) != taken_.end()) continue;
            problem(key.source(), key.str(), "is unknown; " + suggestion(key.str(), taken_));
        }
    }
    void wrong(const toml::node& node, std::string_view key, const std::string& what) {
        problem(node.source(), key, what);
    }
    void problem(const toml::source_region& at, std::string_view key, const std::string& what) {
        const std::string path =
            place_ + (place_.empty() || key.empty() ? "" : ".") + std::string(key);
        problems_.push_back({path, "invalid",
                             file_ + ":" + std::to_string(at.begin.line) + ":" +
                                 std::to_string(at.begin.column) + ": " + path + " " + what});
    }
    [[nodiscard]] Reader below(const toml::table& table, std::string_view key) const {
        return {table, place_ + (place_.empty() ? "" : ".") + std::string(key), problems_, file_};
    }
    [[nodiscard]] const toml::table& table() const { return table_; }

  private:
    static std::string shown(double value) {
        std::ostringstream out;
        out << value;
        return out.str();
    }
    const toml::table& table_;
    const std::string place_;
    std::vector<Problem>& problems_;
    const std::string& file_;
    Words taken_;
};

void read_spread(Reader& reader, Spread& target) {
    Words names;
    for (const auto& form : spread_forms) names.push_back(form.name);
    std::string name = "fixed";
    reader.text("distribution", name);
    const auto* form = std::ranges::find(spread_forms, std::string_view(name), &SpreadForm::name);
    if (form == std::ranges::end(spread_forms)) {
        reader.problem(reader.table().source(), "distribution",
                       "is \"" + name + "\"; " + suggestion(name, names));
        return;
    }
    target.kind = form->kind;
    target.max_ms = spread_default_max_ms;
    if (reader.table().get(form->first) == nullptr ||
        (!form->second.empty() && reader.table().get(form->second) == nullptr)) {
        reader.problem(reader.table().source(), "",
                       "\"" + name + "\" needs " + std::string(form->first) +
                           (form->second.empty() ? "" : " and " + std::string(form->second)));
    }
    reader.number(form->first, target.first, 0, pause_max_ms);
    if (target.kind == Spread::Kind::uniform)
        reader.number(form->second, target.second, target.first, pause_max_ms);
    else if (!form->second.empty())
        reader.number(form->second, target.second, 0.01, 100);
    reader.number("max_ms", target.max_ms, 0, pause_max_ms);
    reader.finish();
}

void Reader::spread(std::string_view key, Spread& target) {
    const auto* node = take(key);
    if (node == nullptr) return;
    if (const auto* table = node->as_table()) {
        Reader inner = below(*table, key);
        read_spread(inner, target);
        return;
    }
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && *value >= 0 && *value <= pause_max_ms)
        target = {Spread::Kind::fixed, *value, 0, pause_max_ms};
    else
        wrong(*node, key,
              "must be milliseconds, or a table like {distribution = \"uniform\", low_ms = 10, "
              "high_ms = 200}");
}

void read_scope(Reader& reader, const KnownServices& known, ChaosScope& scope) {
    reader.text("service", scope.service);
    if (scope.service != "*" && known.find(scope.service) == known.end()) {
        Words names;
        for (const auto& [name, settings] : known) names.push_back(name);
        names.push_back("*");
        const auto* node = reader.table().get("service");
        reader.problem(node->source(), "service",
                       "is \"" + scope.service + "\", which is no service; " +
                           suggestion(scope.service, names));
    }
    reader.text("recipient", scope.recipient);
    reader.text("path", scope.path);
    reader.number("percent", scope.percent, 0, 100);
    reader.number("from_seconds", scope.from_seconds, 0, 1e9);
    reader.number("for_seconds", scope.for_seconds, 0, 1e9);
    reader.integer("times", scope.times, 0, 1'000'000'000'000);
}

ChaosRule read_rule(Reader& reader, const KnownServices& known) {
    ChaosRule rule;
    read_scope(reader, known, rule.scope);
    reader.spread("latency_ms", rule.latency);
    reader.text("action", rule.action);
    reader.integer("status", rule.status, 200, 599);
    reader.integer("retry_after_seconds", rule.retry_after_seconds, 0, 86'400);
    const auto actions = chaos_actions();
    if (!rule.action.empty() && std::ranges::find(actions, rule.action) == actions.end()) {
        const auto* node = reader.table().get("action");
        reader.problem(node->source(), "action",
                       "is \"" + rule.action + "\"; " +
                           suggestion(rule.action, Words(actions.begin(), actions.end())));
    }
    if (rule.action.empty() && rule.latency.kind == Spread::Kind::none) {
        reader.problem(reader.table().source(), "",
                       "does nothing: give it an action, latency_ms, or both");
    }
    reader.finish();
    return rule;
}

ReceiptRule read_receipt(Reader& reader, const KnownServices& known) {
    ReceiptRule rule;
    read_scope(reader, known, rule.scope);
    reader.spread("delay_ms", rule.delay);
    reader.flag("lost", rule.lost);
    reader.flag("early", rule.early);
    reader.integer("copies", rule.copies, 1, 100);
    reader.flag("forged", rule.forged);
    reader.flag("fails", rule.fails);
    reader.flag("out_of_order", rule.out_of_order);
    reader.finish();
    return rule;
}

/// Calls each with a Reader of every table of [[chaos.NAME]].
template <class Each>
void read_list(Reader& reader, std::string_view key, Each each) {
    const auto* node = reader.take(key);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) {
        reader.wrong(*node, key, "must be tables, each headed [[chaos." + std::string(key) + "]]");
        return;
    }
    std::size_t number = 0;
    for (const auto& item : *array) {
        const std::string name = std::string(key) + "[" + std::to_string(number++) + "]";
        if (const auto* table = item.as_table()) {
            Reader inner = reader.below(*table, name);
            each(inner);
        } else {
            reader.wrong(item, name, "must be a table");
        }
    }
}

void read_chaos(Reader& reader, const KnownServices& known, ChaosScript& script) {
    reader.integer("seed", script.seed, 0, std::numeric_limits<std::int64_t>::max());
    read_list(reader, "rule",
              [&](Reader& inner) { script.rules.push_back(read_rule(inner, known)); });
    read_list(reader, "receipt",
              [&](Reader& inner) { script.receipts.push_back(read_receipt(inner, known)); });
    reader.finish();
}

std::optional<std::string> setting_text(const toml::node& node) {
    if (const auto* text = node.as_string()) return **text;
    if (const auto* number = node.as_integer()) return std::to_string(**number);
    if (const auto* flag = node.as_boolean()) return **flag ? "true" : "false";
    if (const auto* real = node.as_floating_point()) {
        std::ostringstream out;
        out << **real;
        return out.str();
    }
    return std::nullopt;
}

void read_settings(Reader& reader, const std::vector<std::string>& known,
                   std::map<std::string, std::string>& values) {
    const Words names(known.begin(), known.end());
    for (const auto& [key, node] : reader.table()) {
        const std::string_view name = key.str();
        if (std::ranges::find(names, name) == names.end()) {
            reader.problem(key.source(), name,
                           "is no setting of this service; " + suggestion(name, names));
        } else if (auto text = setting_text(node)) {
            values[std::string(name)] = std::move(*text);
        } else {
            reader.wrong(node, name, "must be a text, a number, true or false");
        }
    }
}

void read_services(Reader& reader, const KnownServices& known, SettingValues& settings) {
    Words names;
    for (const auto& [name, inner] : known) names.push_back(name);
    for (const auto& [key, node] : reader.table()) {
        const std::string_view name = key.str();
        const auto found = known.find(name);
        const auto* table = node.as_table();
        if (found == known.end()) {
            reader.problem(key.source(), name, "is no service; " + suggestion(name, names));
        } else if (table == nullptr) {
            reader.wrong(node, name, "must be a table: [services." + std::string(name) + "]");
        } else {
            Reader inner = reader.below(*table, name);
            read_settings(inner, found->second, settings[std::string(name)]);
        }
    }
}

template <class Read>
void read_section(Reader& top, std::string_view key, Read read) {
    const auto* node = top.take(key);
    if (node == nullptr) return;
    if (const auto* table = node->as_table()) {
        Reader inner = top.below(*table, key);
        read(inner);
    } else {
        top.wrong(*node, key, "must be a table: [" + std::string(key) + "]");
    }
}

Error summary(std::vector<Problem> problems) {
    Error error = make_error(ErrorCode::config_invalid, "");
    for (const auto& problem : problems)
        error.detail += (error.detail.empty() ? "" : "\n") + problem.detail + ".";
    error.problems = std::move(problems);
    return error;
}

}  // namespace

Result<UniverseFile> parse_universe_file(std::string_view text, const std::string& name,
                                         const KnownServices& known) {
    try {
        const toml::table table = toml::parse(text, name);
        UniverseFile file;
        std::vector<Problem> problems;
        Reader top(table, "", problems, name);
        read_section(top, "chaos", [&](Reader& reader) { read_chaos(reader, known, file.chaos); });
        read_section(top, "services",
                     [&](Reader& reader) { read_services(reader, known, file.settings); });
        top.finish();
        if (!problems.empty()) return summary(std::move(problems));
        return file;
    } catch (const toml::parse_error& failure) {
        const auto& at = failure.source().begin;
        return make_error(ErrorCode::config_invalid,
                          name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                              ": this is not TOML: " + std::string(failure.description()) + ".");
    }
}

Result<UniverseFile> read_universe_file(const std::string& path, const KnownServices& known) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream bytes;
    if (!stream ||
        !(bytes << stream.rdbuf() || stream.peek() == std::ifstream::traits_type::eof())) {
        return make_error(
            ErrorCode::io_failed,
            "The universe's file " + path + " cannot be read: " + std::strerror(errno) + ".");
    }
    return parse_universe_file(bytes.str(), path, known);
}

}  // namespace hongyan::universe
