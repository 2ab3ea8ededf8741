// The table of filters: what each is called, what it takes and the function behind it. Filters are
// pure: same value and arguments, same answer, whatever machine or locale. Internal to render/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "render/template.hpp"
#include "render/value.hpp"
#include "render/workspace.hpp"

namespace hongyan::render {

enum class ArgumentKind : std::uint8_t { any, text, integer };

/// What a filter can work on.
enum class SubjectKind : std::uint8_t {
    any,
    scalar,        ///< text, number, boolean
    number,        ///< a number, or text that is one
    date,          ///< text that is a date
    text_or_list,  ///< text or list
    countable,     ///< text, list or object
    list,
};

/// Replaces subject by the answer; false with the failure noted in the workspace.
using FilterFunction = bool (*)(Workspace& workspace, Value& subject,
                                std::span<const Value> arguments);
/// What is wrong with argument number index, known when compiling; "" if nothing.
using ArgumentCheck = std::string (*)(std::size_t index, const Value& argument);

struct Filter {
    FilterInfo info;
    SubjectKind subject = SubjectKind::scalar;
    std::uint8_t min_arguments = 0;
    std::uint8_t max_arguments = 0;
    ArgumentKind arguments[3] = {ArgumentKind::any, ArgumentKind::any, ArgumentKind::any};
    FilterFunction apply = nullptr;
    ArgumentCheck check = nullptr;
    bool takes_nothing = false;  ///< false: an absent optional value passes through unchanged
    bool takes_missing = false;
};

/// In alphabetical order; an instruction names a filter by its index.
[[nodiscard]] std::span<const Filter> filter_table();
[[nodiscard]] std::optional<std::size_t> find_filter(std::string_view name);

/// What is wrong with one argument's kind or value; "" if nothing.
[[nodiscard]] std::string argument_problem(const Filter& filter, std::size_t index,
                                           const Value& argument);
/// Runs the filter after checking kinds.
[[nodiscard]] bool apply_filter(const Filter& filter, Workspace& workspace, Value& subject,
                                std::span<const Value> arguments);

/// "text", "a list" ...: what a filter takes, for error messages.
[[nodiscard]] std::string_view subject_name(SubjectKind kind);

}  // namespace hongyan::render
