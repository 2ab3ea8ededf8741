#include "render/variables.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "render/date.hpp"
#include "render/escape.hpp"
#include "render/expression.hpp"

namespace hongyan::render {
namespace {

namespace json = boost::json;

constexpr std::size_t max_name = 64;

std::string_view expected(VariableType type) {
    switch (type) {
        case VariableType::string:
            return "text (a JSON string)";
        case VariableType::number:
            return "a number";
        case VariableType::integer:
            return "a whole number";
        case VariableType::boolean:
            return "true or false";
        case VariableType::date:
            return "a date, like \"2026-11-23T08:00:00+08:00\" or \"2026-11-23\"";
        case VariableType::url:
            return "an address that begins with http:// or https://";
        case VariableType::list:
            return "a list (a JSON array)";
        case VariableType::object:
            return "an object";
    }
    return "";
}

std::string given(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return value.get_bool() ? "true" : "false";
        case json::kind::string:
            return "the text " +
                   json_quoted(excerpt({value.get_string().data(), value.get_string().size()}));
        case json::kind::array:
            return "a list";
        case json::kind::object:
            return "an object";
        case json::kind::double_:
            return "a number with a fraction";
        default:
            return "a number";
    }
}

bool is_url(std::string_view text) {
    const auto rest = text.substr(std::min(text.find("://"), text.size()));
    const auto scheme = to_lower(text.substr(0, text.size() - rest.size()));
    if (rest.size() < 4 || (scheme != "http" && scheme != "https")) return false;
    const bool has_host = std::string_view("/?#").find(rest[3]) == std::string_view::npos;
    return has_host && std::none_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte <= 0x20 || byte == 0x7F ||
                      std::string_view("\"'<>\\^`{|}").find(c) != std::string_view::npos;
           });
}

bool has_type(const json::value& value, VariableType type) {
    const auto* string = value.if_string();
    const auto text =
        string == nullptr ? std::string_view() : std::string_view(string->data(), string->size());
    switch (type) {
        case VariableType::string:
            return string != nullptr;
        case VariableType::number:
            return value.is_number();
        case VariableType::integer:
            return value.is_int64() || value.is_uint64();
        case VariableType::boolean:
            return value.is_bool();
        case VariableType::date:
            return string != nullptr && read_date(text);
        case VariableType::url:
            return string != nullptr && is_url(text);
        case VariableType::list:
            return value.is_array();
        case VariableType::object:
            return value.is_object();
    }
    return false;
}

std::optional<Problem> length_problem(const VariableSpec& spec, const json::value& value,
                                      std::string path) {
    std::size_t length = 0;
    std::string_view unit = "characters";
    std::optional<int> most = spec.max_length;
    if (const auto* text = value.if_string(); text != nullptr) {
        if (!most || text->size() <= static_cast<std::size_t>(*most)) return std::nullopt;
        length = utf8_length({text->data(), text->size()});
    } else if (const auto* list = value.if_array(); list != nullptr) {
        length = list->size();
        unit = "elements";
        if (!most) most = default_list_length;
    }
    if (!most || length <= static_cast<std::size_t>(*most)) return std::nullopt;
    return Problem{std::move(path), "too_long",
                   "The variable '" + spec.name + "' has " + std::to_string(length) + " " +
                       std::string(unit) + "; at most " + std::to_string(*most) +
                       " are permitted."};
}

std::optional<Problem> value_problem(const VariableSpec& spec, const json::value& value,
                                     std::string path) {
    if (!has_type(value, spec.type)) {
        return Problem{std::move(path), "type",
                       "The variable '" + spec.name + "' must be " +
                           std::string(expected(spec.type)) + ", but is " + given(value) + "."};
    }
    if (value.is_uint64()) {
        return Problem{
            std::move(path), "out_of_range",
            "The variable '" + spec.name +
                "' must be a number that fits into 64 bits; send longer digits as text."};
    }
    return length_problem(spec, value, std::move(path));
}

Problem unknown_problem(std::span<const VariableSpec> specs, std::string_view name,
                        std::string path) {
    std::vector<std::string_view> names;
    for (const auto& spec : specs) names.push_back(spec.name);
    // The edit distance of a long name would be costly and tell nothing.
    const auto near = name.size() <= max_name ? nearest_word(name, names) : std::string();
    std::string detail = "The template does not declare a variable '" + excerpt(name) + "'";
    if (!near.empty()) detail += "; did you mean '" + near + "'?";
    return {std::move(path), "unknown_field", detail + (near.empty() ? "; leave it out." : "")};
}

}  // namespace

bool is_variable_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && name.size() <= max_name && is_letter(name[0]) &&
           !is_reserved_word(name) && std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9');
           });
}

std::vector<Problem> check_variables(std::span<const VariableSpec> specs,
                                     const json::object& variables, std::string_view path_prefix) {
    std::vector<Problem> problems;
    std::size_t known = 0;
    for (const auto& spec : specs) {
        const json::value* value = variables.if_contains(spec.name);
        known += value != nullptr ? 1 : 0;
        const bool is_absent = value == nullptr || value->is_null();
        if (is_absent && !spec.required) continue;
        const auto path = [&] { return std::string(path_prefix) + "." + spec.name; };
        if (is_absent) {
            problems.push_back({path(), "required",
                                "The variable '" + spec.name + "' is missing; it must be " +
                                    std::string(expected(spec.type)) + "."});
        } else if (auto problem = value_problem(spec, *value, path()); problem) {
            problems.push_back(std::move(*problem));
        }
    }
    if (known == variables.size()) return problems;
    for (const auto& member : variables) {
        const std::string_view name(member.key().data(), member.key().size());
        const auto is_it = [&](const VariableSpec& spec) { return spec.name == name; };
        if (std::any_of(specs.begin(), specs.end(), is_it)) continue;
        problems.push_back(
            unknown_problem(specs, name, std::string(path_prefix) + "." + excerpt(name)));
        if (problems.size() >= max_variables) break;
    }
    return problems;
}

}  // namespace hongyan::render
