#include "delivery/template_book.hpp"

#include "base/text.hpp"
#include "table/templates.hpp"

namespace hongyan::delivery {
namespace {

void add(std::vector<Problem>& problems, std::vector<Problem> more) {
    for (auto& problem : more) problems.push_back(std::move(problem));
}

/// Compiles one part and checks it against the declarations.
render::Template compile_part(std::string_view source, render::Escape escape, std::string_view path,
                              const std::vector<render::VariableSpec>& specs,
                              std::vector<Problem>& problems) {
    render::CompileOptions options;
    options.escape = escape;
    options.allow_safe = escape == render::Escape::html;
    options.variables = specs;
    options.path = path;
    auto compiled = render::compile(source, options);
    if (!compiled) {
        add(problems, std::move(compiled.error().problems));
        return {};
    }
    add(problems, render::check_template(*compiled, specs, path));
    return std::move(*compiled);
}

}  // namespace

render::Escape content_escape(ChannelKind channel, std::string_view content) {
    const auto first = content.find_first_not_of(" \t\r\n");
    const bool may_be_card = channel != ChannelKind::sms && channel != ChannelKind::email;
    const bool is_json = may_be_card && first != std::string_view::npos && content[first] == '{' &&
                         content.substr(first, 2) != "{{" && content.substr(first, 2) != "{%" &&
                         content.substr(first, 2) != "{#";
    return is_json ? render::Escape::json_string : render::Escape::plain;
}

Result<TemplatePtr> compile_template(TemplateRecord record) {
    auto specs = render::read_specs(record.variables);
    if (!specs) return specs.error();
    auto problems = render::check_specs(*specs);
    auto compiled = std::make_shared<CompiledTemplate>();
    compiled->subject =
        compile_part(record.subject, render::Escape::header, "$.subject", *specs, problems);
    compiled->content = compile_part(record.content, content_escape(record.channel, record.content),
                                     "$.content", *specs, problems);
    compiled->html = compile_part(record.html, render::Escape::html, "$.html", *specs, problems);
    compiled->options = OptionsTemplate::compile(record.options, *specs, problems);
    if (!problems.empty()) {
        auto error = make_error(ErrorCode::template_invalid,
                                "The template has " + std::to_string(problems.size()) +
                                    (problems.size() == 1 ? " problem." : " problems."));
        error.problems = std::move(problems);
        return error;
    }
    compiled->record = std::move(record);
    compiled->specs = std::move(*specs);
    return TemplatePtr(std::move(compiled));
}

Status TemplateBook::load(Store& store, Log& log) {
    std::vector<TemplateRecord> records;
    auto read = store.read([&](Session& session) { records = table::all_templates(session); });
    for (auto& record : records) record.design.clear();  // nobody sends by it
    if (!read) return read;
    auto next = std::make_shared<Pages>();
    for (auto& record : records) {
        const auto id = record.id;
        auto compiled = compile_template(std::move(record));
        if (!compiled) {
            const auto& problems = compiled.error().problems;
            log.warn("template_ignored",
                     {{"id", id},
                      {"detail", problems.empty() ? compiled.error().detail : problems[0].detail}});
            continue;
        }
        const auto& kept = (*compiled)->record;
        next->by_id[{kept.tenant_id, kept.id}] = *compiled;
        next->by_name[{kept.tenant_id, kept.name}] = *compiled;
    }
    const std::lock_guard lock(mutex_);
    pages_ = std::move(next);
    return Done{};
}

std::shared_ptr<const TemplateBook::Pages> TemplateBook::pages() const {
    const std::lock_guard lock(mutex_);
    return pages_;
}

TemplatePtr TemplateBook::find(std::int64_t tenant_id, std::int64_t id) const {
    const auto now = pages();
    const auto found = now->by_id.find({tenant_id, id});
    return found == now->by_id.end() ? nullptr : found->second;
}

TemplatePtr TemplateBook::find(std::int64_t tenant_id, std::string_view name) const {
    const auto now = pages();
    const auto found = now->by_name.find(std::pair<std::int64_t, std::string>(tenant_id, name));
    return found == now->by_name.end() ? nullptr : found->second;
}

std::string TemplateBook::nearest_name(std::int64_t tenant_id, std::string_view name) const {
    const auto now = pages();
    std::vector<std::string_view> names;
    for (const auto& [key, entry] : now->by_name) {
        if (key.first == tenant_id) names.push_back(key.second);
    }
    return nearest_word(name, names);
}

}  // namespace hongyan::delivery
