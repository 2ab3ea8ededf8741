#include "render/program.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::render {
namespace {

/// "order.note" for the chain of loads that ends at instruction origin, and whether it starts at a
/// variable.
struct Chain {
    std::string name;
    bool is_variable = false;
};

Chain chain_to(const Program& program, std::size_t origin) {
    Chain chain;
    for (std::size_t i = origin + 1; i-- > 0;) {
        const Instruction& instruction = program.code[i];
        if (instruction.op == Op::member) {
            chain.name.insert(0, program.constants[instruction.a].text).insert(0, 1, '.');
            continue;
        }
        if (instruction.op == Op::load_variable || instruction.op == Op::emit_variable) {
            chain.name = program.slots[instruction.a].name + chain.name;
            chain.is_variable = true;
        }
        break;
    }
    if (chain.name.starts_with('.')) chain.name.erase(0, 1);
    return chain;
}

}  // namespace

std::string place_of(std::string_view source, std::size_t at) {
    const auto before = source.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t start = before.rfind('\n');
    const auto in_line = start == before.npos ? before : before.substr(start + 1);
    return std::to_string(line) + ":" + std::to_string(utf8_length(in_line) + 1);
}

Error render_error(const Program& program, std::size_t at, Problem problem) {
    problem.detail = place_of(program.source, at) + ": " + problem.detail;
    Error error = make_error(ErrorCode::template_variables, problem.detail + ".");
    error.problems.push_back(std::move(problem));
    return error;
}

Error missing_error(const Program& program, std::size_t origin) {
    const Instruction& instruction = program.code[origin];
    Problem problem{"$.variables", "required", {}};
    const Chain chain = chain_to(program, origin);
    if (chain.is_variable) problem.path += "." + chain.name;
    if (instruction.op == Op::element) {
        problem.detail = "the list has no element with this index";
    } else if (instruction.op == Op::filter) {
        problem.detail = "there is no " + std::string(filter_table()[instruction.a].info.name) +
                         " of an empty list or text";
    } else {
        problem.detail =
            (chain.is_variable && instruction.op != Op::member ? "the variable '" : "'") +
            chain.name + "' is missing";
    }
    problem.detail += "; give it, or write | default(...) behind it";
    return render_error(program, instruction.at, std::move(problem));
}

Error output_error(const Program& program, std::size_t at) {
    Error error = render_error(
        program, at,
        {"$.variables", "too_long",
         "the text becomes longer than " + std::to_string(program.limits.output_bytes) +
             " bytes, which is the limit"});
    error.code = ErrorCode::content_invalid;
    return error;
}

}  // namespace hongyan::render
