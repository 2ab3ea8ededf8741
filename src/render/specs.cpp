// Declarations of variables: their own check, their JSON form, and previews made of their samples.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <limits>

#include "base/text.hpp"
#include "render/escape.hpp"
#include "render/variables.hpp"

namespace hongyan::render {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> spec_fields{"name",   "type",        "required",
                                                      "sample", "description", "max_length"};

/// The sample as the value it stands for; nothing if it is none of that type's notation.
std::optional<json::value> sample_value(const VariableSpec& spec) {
    switch (spec.type) {
        case VariableType::string:
        case VariableType::date:
        case VariableType::url:
            return json::value(json::string(spec.sample));
        default:
            break;
    }
    json::error_code failure;
    json::value value = json::parse(spec.sample, failure);
    if (failure) return std::nullopt;
    return value;
}

json::value plain_value(VariableType type, std::string_view name) {
    switch (type) {
        case VariableType::string:
            return json::value(json::string(name));
        case VariableType::number:
        case VariableType::integer:
            return 1;
        case VariableType::boolean:
            return true;
        case VariableType::date:
            return "2026-01-01T08:00:00+08:00";
        case VariableType::url:
            return "https://example.com/";
        case VariableType::list:
            return json::array();
        case VariableType::object:
            return json::object();
    }
    return nullptr;
}

std::optional<std::string> sample_problem(const VariableSpec& spec) {
    if (spec.sample.empty()) return std::nullopt;
    const auto value = sample_value(spec);
    if (!value) {
        return "The sample of '" + spec.name + "' must be written as JSON, since its type is " +
               std::string(to_text(spec.type)) + ".";
    }
    json::object variables;
    variables[spec.name] = *value;
    const auto problems = check_variables(std::span(&spec, 1), variables);
    if (problems.empty()) return std::nullopt;
    return "The sample does not fit: " + problems.front().detail;
}

/// Reads one declaration and notes what is wrong with it.
class SpecReader {
  public:
    SpecReader(const json::object& object, std::string path, std::vector<Problem>& problems)
        : object_(object), path_(std::move(path)), problems_(problems) {}

    VariableSpec read() {
        VariableSpec spec;
        const bool has_name = object_.contains("name");
        if (!has_name) complain("name", "required", "A variable needs a name.");
        read_text("name", spec.name);
        read_text("sample", spec.sample);
        read_text("description", spec.description);
        read_type(spec);
        read_required(spec);
        read_max_length(spec);
        report_unknown();
        return spec;
    }

  private:
    void complain(std::string_view field, std::string_view code, std::string detail) {
        problems_.push_back(
            {path_ + "." + std::string(field), std::string(code), std::move(detail)});
    }
    const json::value* find(std::string_view field) const {
        const auto* value = object_.if_contains(field);
        return value == nullptr || value->is_null() ? nullptr : value;
    }
    void read_text(std::string_view field, std::string& text) {
        const auto* value = find(field);
        if (value == nullptr) return;
        if (value->is_string()) {
            text = std::string_view(value->get_string().data(), value->get_string().size());
        } else if (field == "sample") {
            text = json::serialize(*value);  // 3, true or a list may stand as they are
        } else {
            complain(field, "type", "The " + std::string(field) + " must be text.");
        }
    }
    void read_type(VariableSpec& spec) {
        std::string word(to_text(spec.type));
        read_text("type", word);
        const auto type = variable_type_from_text(word);
        if (type) {
            spec.type = *type;
        } else {
            complain("type", "enum",
                     "The type must be one of string, number, integer, boolean, date, url, list, "
                     "object.");
        }
    }
    void read_required(VariableSpec& spec) {
        const auto* value = find("required");
        if (value == nullptr) return;
        if (!value->is_bool()) return complain("required", "type", "This must be true or false.");
        spec.required = value->get_bool();
    }
    void read_max_length(VariableSpec& spec) {
        const auto* value = find("max_length");
        if (value == nullptr) return;
        const bool good = value->is_int64() && value->get_int64() >= 1 &&
                          value->get_int64() <= std::numeric_limits<int>::max();
        if (!good)
            return complain("max_length", "type", "The max_length must be a whole number from 1.");
        spec.max_length = static_cast<int>(value->get_int64());
    }
    void report_unknown() {
        for (const auto& member : object_) {
            const std::string_view key(member.key().data(), member.key().size());
            if (std::find(spec_fields.begin(), spec_fields.end(), key) != spec_fields.end())
                continue;
            const auto near = key.size() > 64 ? std::string() : nearest_word(key, spec_fields);
            complain(excerpt(key), "unknown_field",
                     "A variable has no such field" +
                         (near.empty() ? "." : "; did you mean '" + near + "'?"));
        }
    }

    const json::object& object_;
    std::string path_;
    std::vector<Problem>& problems_;
};

std::string element_path(std::string_view prefix, std::size_t index) {
    return std::string(prefix) + "[" + std::to_string(index) + "]";
}

}  // namespace

std::vector<Problem> check_specs(std::span<const VariableSpec> specs,
                                 std::string_view path_prefix) {
    std::vector<Problem> problems;
    if (specs.size() > max_variables) {
        problems.push_back(
            {std::string(path_prefix), "too_many",
             "A template may declare " + std::to_string(max_variables) + " variables."});
        return problems;
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const auto& spec = specs[i];
        const std::string path = element_path(path_prefix, i);
        const auto before = specs.first(i);
        if (!is_variable_name(spec.name)) {
            problems.push_back({path + ".name", "format",
                                "The name '" + excerpt(spec.name) +
                                    "' must be 1 to 64 letters, digits and _, must not begin with "
                                    "a digit and must not "
                                    "be a word of the template language."});
            continue;
        }
        if (std::any_of(before.begin(), before.end(),
                        [&](const auto& other) { return other.name == spec.name; })) {
            problems.push_back({path + ".name", "repeated",
                                "The variable '" + spec.name + "' is declared twice."});
        }
        if (spec.max_length && *spec.max_length < 1) {
            problems.push_back(
                {path + ".max_length", "out_of_range", "The max_length must be at least 1."});
        } else if (auto problem = sample_problem(spec); problem) {
            problems.push_back({path + ".sample", "type", std::move(*problem)});
        }
    }
    return problems;
}

json::object sample_variables(std::span<const VariableSpec> specs) {
    json::object variables;
    for (const auto& spec : specs) {
        auto value = spec.sample.empty() ? std::nullopt : sample_value(spec);
        variables[spec.name] = value ? std::move(*value) : plain_value(spec.type, spec.name);
    }
    return variables;
}

Result<std::vector<VariableSpec>> read_specs(std::string_view text, std::string_view path_prefix) {
    json::error_code failure;
    const json::value document = json::parse(text, failure);
    if (failure)
        return make_error(ErrorCode::invalid_json,
                          "The declared variables are not JSON: " + failure.message() + ".");
    Error error = make_error(ErrorCode::invalid_fields, "The declared variables cannot be used.");
    std::vector<VariableSpec> specs;
    if (!document.is_array() || document.get_array().size() > max_variables) {
        error.problems.push_back({std::string(path_prefix), "type",
                                  "The variables must be a list of at most " +
                                      std::to_string(max_variables) + " objects."});
        return error;
    }
    for (const auto& item : document.get_array()) {
        const std::string path = element_path(path_prefix, specs.size());
        specs.emplace_back();
        if (item.is_object()) {
            specs.back() = SpecReader(item.get_object(), path, error.problems).read();
        } else {
            error.problems.push_back(
                {path, "type", "A variable must be an object like {\"name\": \"order_no\"}."});
        }
    }
    if (!error.problems.empty()) return error;
    return specs;
}

std::string write_specs(std::span<const VariableSpec> specs) {
    json::array list;
    for (const auto& spec : specs) {
        json::object object;
        object["name"] = spec.name;
        object["type"] = json::string(to_text(spec.type));
        object["required"] = spec.required;
        if (!spec.sample.empty()) object["sample"] = spec.sample;
        if (!spec.description.empty()) object["description"] = spec.description;
        if (spec.max_length) object["max_length"] = *spec.max_length;
        list.push_back(std::move(object));
    }
    return json::serialize(list);
}

}  // namespace hongyan::render
