#include "render/template.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "render/compiler.hpp"
#include "render/machine.hpp"

namespace hongyan::render {

Result<Template> compile(std::string_view source, const CompileOptions& options) {
    return Compiler(source, options).run();
}

Result<Template> compile(std::string_view source, Escape escape, const Limits& limits) {
    CompileOptions options;
    options.escape = escape;
    options.limits = limits;
    return compile(source, options);
}

std::vector<std::string> Template::variables() const {
    std::vector<std::string> names;
    if (program_ == nullptr) return names;
    for (const auto& slot : program_->slots) names.push_back(slot.name);
    return names;
}

bool Template::is_constant() const {
    return program_ == nullptr ||
           std::all_of(program_->code.begin(), program_->code.end(),
                       [](const Instruction& i) { return i.op == Op::text; });
}

std::string_view Template::source() const {
    return program_ == nullptr ? "" : std::string_view(program_->source);
}

Result<std::string> Template::render(const boost::json::object& variables) const {
    std::string out;
    auto status = render_to(out, variables);
    if (!status) return std::move(status.error());
    return out;
}

Status Template::render_to(std::string& out, const boost::json::object& variables) const {
    if (program_ == nullptr) return Done{};
    const std::size_t start = out.size();
    auto failure = run_program(*program_, variables, out);
    if (!failure) return Done{};
    out.resize(start);
    return std::move(*failure);
}

}  // namespace hongyan::render
