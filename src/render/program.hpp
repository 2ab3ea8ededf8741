// Program: a compiled template. One flat list of instructions for a machine with a small stack of
// values; texts are places in the source, names and literals are kept once. Immutable after
// compiling, shared by any number of renderings. Internal to render/.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "render/filter.hpp"
#include "render/template.hpp"
#include "render/value.hpp"

namespace hongyan::render {

enum class Op : std::uint8_t {
    text,           ///< writes source[a, a + b)
    emit_variable,  ///< writes variable a; load_variable and emit in one
    emit,           ///< pops and writes, escaped
    emit_safe,      ///< pops and writes as it is
    load_variable,  ///< pushes variable a
    load_item,      ///< pushes the current item of loop a
    load_loop,      ///< pushes a fact about loop a; count is the LoopFact
    constant,       ///< pushes constant a
    member,         ///< pops an object, pushes its member whose name is constant a
    element,        ///< pops index and list, pushes the element
    filter,         ///< pops count arguments and the subject, pushes the answer of filter a
    compare,        ///< pops two, pushes a boolean; count is the Comparison
    contains,       ///< pops a container and a needle, pushes whether it is in
    in_constants,   ///< pops a needle, pushes whether it is one of the b constants from a on
    negate,         ///< makes a boolean of the opposite truth
    to_boolean,     ///< makes a boolean
    jump,           ///< to a
    jump_if_false,  ///< pops; to a if not true
    skip_if_false,  ///< to a if the top is not true, which then stays; else pops it (and)
    skip_if_true,   ///< to a if the top is true, which then stays; else pops it (or)
    begin_for,      ///< pops a list and begins loop a; to b if it is empty
    next_for,       ///< to b if loop a has another item
};

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };
enum class LoopFact : std::uint8_t { index, index0, first, last, length };

struct Instruction {
    Op op = Op::text;
    std::uint8_t count = 0;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t at = 0;  ///< place in the source, for error messages
};

/// A variable the template reads.
struct Slot {
    std::string name;
    bool optional = false;
};

inline constexpr std::size_t max_stack = 32;  ///< values
inline constexpr std::size_t max_depth = 32;  ///< whatever Limits::depth says

struct Program {
    std::string source;
    Escape escape = Escape::plain;
    Limits limits;
    std::vector<Instruction> code;
    std::vector<Slot> slots;
    std::vector<Value> constants;       ///< texts point into source or unescaped
    std::deque<std::string> unescaped;  ///< literals that differ from their source
    std::size_t text_bytes = 0;         ///< of all text instructions, to reserve output
    bool is_simple = true;              ///< only text and emit_variable
};

/// "12:7" for a place in the source; columns count characters.
[[nodiscard]] std::string place_of(std::string_view source, std::size_t at);

/// The failure of a rendering at one instruction; detail without its full stop.
[[nodiscard]] Error render_error(const Program& program, std::size_t at, Problem problem);
/// A value is missing: origin is the instruction that did not find it.
[[nodiscard]] Error missing_error(const Program& program, std::size_t origin);
[[nodiscard]] Error output_error(const Program& program, std::size_t at);

}  // namespace hongyan::render
