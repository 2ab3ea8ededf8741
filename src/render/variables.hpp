// The variables that a template declares: their names, types, samples and descriptions, and the
// check of what a client sends against them. Called when a template is written (check_specs) and
// for every message when it is accepted (check_variables). Pure functions over plain data, safe
// from every thread.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/enums.hpp"

namespace hongyan::render {

enum class VariableType : std::uint8_t {
    string,   ///< JSON string
    number,   ///< JSON number, whole or not
    integer,  ///< JSON number without a fraction, within 64 bits
    boolean,  ///< true or false
    date,     ///< JSON string: RFC 3339 time with its offset, or a day "2026-11-23"
    url,      ///< JSON string: absolute http:// or https:// address
    list,     ///< JSON array
    object,   ///< JSON object
};
inline constexpr std::array<std::string_view, 8> variable_type_names{
    "string", "number", "integer", "boolean", "date", "url", "list", "object"};
[[nodiscard]] constexpr std::string_view to_text(VariableType v) {
    return variable_type_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::optional<VariableType> variable_type_from_text(std::string_view text) {
    return from_text<VariableType>(variable_type_names, text);
}

struct VariableSpec {
    std::string name;  ///< letter or _, then letters, digits, _; at most 64 characters
    VariableType type = VariableType::string;
    bool required = true;
    std::string
        sample;  ///< for previews: the text itself, or JSON for list and object; "" for none
    std::string description;
    /// Most characters of a text, most elements of a list; a list without it may have 1,000.
    std::optional<int> max_length;
};

/// Most declared variables of one template.
inline constexpr std::size_t max_variables = 100;
/// Most elements of a list variable that does not say otherwise.
inline constexpr int default_list_length = 1000;

/// True for a name that a template can use: not a word of the language, see docs/templates.md.
[[nodiscard]] bool is_variable_name(std::string_view name);

/// What is wrong with the declarations themselves: names, repeated names, samples that do not fit
/// their type, lengths. Paths are path_prefix[INDEX].FIELD.
[[nodiscard]] std::vector<Problem> check_specs(std::span<const VariableSpec> specs,
                                               std::string_view path_prefix = "$.variables");

/// What is wrong with the variables of one message: missing ("required"), of another type ("type"),
/// too long ("too_long"), beyond 64 bits ("out_of_range"), not declared ("unknown_field"). Paths
/// are path_prefix.NAME. Null counts as absent.
[[nodiscard]] std::vector<Problem> check_variables(std::span<const VariableSpec> specs,
                                                   const boost::json::object& variables,
                                                   std::string_view path_prefix = "$.variables");

/// Variables made of the samples, for a preview; a variable without a sample gets a plain value of
/// its type.
[[nodiscard]] boost::json::object sample_variables(std::span<const VariableSpec> specs);

/// Reads a JSON array of {"name", "type", "required", "sample", "description", "max_length"}; only
/// name must be there. Fails with invalid_json or with invalid_fields and every problem. Does not
/// call check_specs.
[[nodiscard]] Result<std::vector<VariableSpec>> read_specs(
    std::string_view json, std::string_view path_prefix = "$.variables");
/// The JSON array that read_specs reads.
[[nodiscard]] std::string write_specs(std::span<const VariableSpec> specs);

}  // namespace hongyan::render
