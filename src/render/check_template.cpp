// Fitting a template to its declarations. It looks at each load of a variable and at the
// instruction that uses it, so that it finds mistakes in branches that no sample reaches.
#include <algorithm>

#include "base/text.hpp"
#include "render/program.hpp"

namespace hongyan::render {
namespace {

using Kind = Value::Kind;

bool is_textual(VariableType type) {
    return type == VariableType::string || type == VariableType::date || type == VariableType::url;
}

bool is_numeric(VariableType type) {
    return type == VariableType::number || type == VariableType::integer;
}

bool fits(SubjectKind wanted, VariableType type) {
    switch (wanted) {
        case SubjectKind::any:
            return true;
        case SubjectKind::scalar:
            return type != VariableType::list && type != VariableType::object;
        case SubjectKind::number:
            return is_numeric(type) || type == VariableType::string;
        case SubjectKind::date:
            return type == VariableType::date || type == VariableType::string;
        case SubjectKind::text_or_list:
            return is_textual(type) || type == VariableType::list;
        case SubjectKind::countable:
            return is_textual(type) || type == VariableType::list || type == VariableType::object;
        case SubjectKind::list:
            return type == VariableType::list;
    }
    return false;
}

bool may_be_compared(VariableType type, const Value& literal) {
    if (is_textual(type)) return literal.is(Kind::text);
    if (is_numeric(type)) return literal.is_numeric();
    return type == VariableType::boolean && literal.is(Kind::boolean);
}

class TemplateCheck {
  public:
    TemplateCheck(const Program& program, std::span<const VariableSpec> specs,
                  std::string_view path)
        : program_(program), specs_(specs), path_(path), told_(program.slots.size(), false) {}

    std::vector<Problem> run() {
        for (std::size_t i = 0; i < program_.code.size(); ++i) {
            const auto& instruction = program_.code[i];
            if (instruction.op != Op::load_variable && instruction.op != Op::emit_variable)
                continue;
            const auto& name = program_.slots[instruction.a].name;
            const auto spec = std::find_if(specs_.begin(), specs_.end(),
                                           [&](const auto& s) { return s.name == name; });
            if (spec == specs_.end()) {
                tell_undeclared(instruction);
            } else if (auto problem = use_problem(i, spec->type); !problem.empty()) {
                tell(instruction, "type",
                     "the variable '" + name + "' is declared as " +
                         std::string(to_text(spec->type)) + ", but " + problem);
            }
        }
        return std::move(problems_);
    }

  private:
    void tell(const Instruction& instruction, std::string code, std::string detail) {
        problems_.push_back({std::string(path_), std::move(code),
                             place_of(program_.source, instruction.at) + ": " + std::move(detail)});
    }

    void tell_undeclared(const Instruction& instruction) {
        if (told_[instruction.a]) return;
        told_[instruction.a] = true;
        const auto& name = program_.slots[instruction.a].name;
        std::vector<std::string_view> names;
        for (const auto& spec : specs_) names.push_back(spec.name);
        const auto near = name.size() <= 64 ? nearest_word(name, names) : std::string();
        tell(instruction, "undeclared",
             "the variable '" + name + "' is not declared; " +
                 (near.empty() ? "add it to the template's variables"
                               : "did you mean '" + near + "'?"));
    }

    /// What is wrong with how the variable loaded at index is used; "" if nothing or if it cannot
    /// be known.
    std::string use_problem(std::size_t index, VariableType type) const {
        const auto& code = program_.code;
        const bool is_whole = type == VariableType::list || type == VariableType::object;
        if (code[index].op == Op::emit_variable) {
            return is_whole ? "is written as it is; loop over it, or use join or json" : "";
        }
        std::size_t user = index + 1;
        while (user < code.size() && code[user].op == Op::constant) ++user;
        if (user >= code.size()) return "";
        const std::size_t constants = user - index - 1;
        const auto& use = code[user];
        if (use.op == Op::filter && use.count == constants)
            return filter_problem(filter_table()[use.a], type);
        if (use.op == Op::compare && constants == 1) return compare_problem(code[index + 1], type);
        if (use.op == Op::compare && constants == 0 && index > 0 &&
            code[index - 1].op == Op::constant) {
            return compare_problem(code[index - 1], type);
        }
        if (use.op == Op::element && constants == 1 && type != VariableType::list)
            return "[ ] needs a list";
        if (constants != 0) return "";
        if (use.op == Op::member && type != VariableType::object) return "'.' needs an object";
        if (use.op == Op::begin_for && type != VariableType::list) return "{% for %} needs a list";
        if (use.op == Op::emit_safe && is_whole)
            return "is written as it is; loop over it, or use join or json";
        return "";
    }

    static std::string filter_problem(const Filter& filter, VariableType type) {
        if (fits(filter.subject, type)) return "";
        return std::string(filter.info.name) + " takes " +
               std::string(subject_name(filter.subject));
    }

    std::string compare_problem(const Instruction& constant, VariableType type) const {
        const Value& literal = program_.constants[constant.a];
        if (may_be_compared(type, literal)) return "";
        return "is compared with " + std::string(kind_name(literal.kind)) +
               ", which it can never equal";
    }

    const Program& program_;
    std::span<const VariableSpec> specs_;
    std::string_view path_;
    std::vector<bool> told_;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check_template(const Template& compiled, std::span<const VariableSpec> specs,
                                    std::string_view path) {
    if (compiled.program() == nullptr) return {};
    return TemplateCheck(*compiled.program(), specs, path).run();
}

}  // namespace hongyan::render
