#include "api/template_preview.hpp"

#include <boost/json/object.hpp>

namespace hongyan::api {
namespace {

void render_part(const render::Template& part, std::string& out, const shape::JsonObject& variables,
                 std::string_view path, std::vector<Problem>& problems, ErrorCode& code) {
    auto rendered = part.render_to(out, variables);
    if (rendered) return;
    auto& error = rendered.error();
    code = error.code;
    if (error.problems.empty())
        problems.push_back(
            {std::string(path), std::string(error_row(error.code).name), error.detail});
    for (auto& problem : error.problems) problems.push_back(std::move(problem));
}

Error with_problems(ErrorCode code, std::vector<Problem> problems) {
    auto error = make_error(code, "The preview has " + std::to_string(problems.size()) +
                                      (problems.size() == 1 ? " problem." : " problems."));
    error.problems = std::move(problems);
    return error;
}

}  // namespace

Result<PreviewView> make_preview(const delivery::CompiledTemplate& chosen,
                                 const shape::JsonObject* given) {
    PreviewView preview;
    preview.variables_used = render::sample_variables(chosen.specs);
    if (given != nullptr) {
        auto specs = chosen.specs;
        for (auto& spec : specs) spec.required = false;  // what is missing or null has its sample
        if (auto wrong = render::check_variables(specs, *given); !wrong.empty()) {
            return with_problems(ErrorCode::template_variables, std::move(wrong));
        }
        for (const auto& entry : *given) {
            if (!entry.value().is_null()) preview.variables_used[entry.key()] = entry.value();
        }
    }
    std::vector<Problem> problems;
    ErrorCode code = ErrorCode::template_variables;
    render_part(chosen.subject, preview.subject, preview.variables_used, "$.subject", problems,
                code);
    render_part(chosen.content, preview.content, preview.variables_used, "$.content", problems,
                code);
    render_part(chosen.html, preview.html, preview.variables_used, "$.html", problems, code);
    if (!problems.empty()) return with_problems(code, std::move(problems));
    if (chosen.record.channel == ChannelKind::sms)
        preview.segments = view_of(render::sms_segments(preview.content));
    return preview;
}

}  // namespace hongyan::api
