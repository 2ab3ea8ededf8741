#include "delivery/accept.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace hongyan::delivery {
namespace {

/// "$.variables.name" below "$.recipients[17]" is "$.recipients[17].variables.name".
std::string below(std::string_view place, std::string_view path) {
    return std::string(place) + std::string(path.substr(path.starts_with('$') ? 1 : 0));
}

void add(std::vector<Problem>& problems, std::vector<Problem> more, const Addressee& to) {
    for (auto& problem : more) {
        const bool of_recipient = problem.path == "$.recipient";
        problem.path = of_recipient ? std::string(to.recipient_path) : below(to.path, problem.path);
        problems.push_back(std::move(problem));
    }
}

bool render_part(const render::Template& part, std::string& out,
                 const boost::json::object& variables, const Addressee& to, std::string_view name,
                 std::vector<Problem>& problems) {
    auto rendered = part.render_to(out, variables);
    if (rendered) return true;
    auto& error = rendered.error();
    if (error.problems.empty())
        problems.push_back(
            {below(to.path, name), std::string(error_row(error.code).name), error.detail});
    else
        add(problems, std::move(error.problems), to);
    return false;
}

bool render_options(const OptionsTemplate& options, std::string& out,
                    const boost::json::object& variables, const Addressee& to,
                    std::vector<Problem>& problems) {
    if (options.empty()) return true;
    auto rendered = options.render(variables);
    if (rendered) {
        out = std::move(*rendered);
        return true;
    }
    auto& error = rendered.error();
    if (error.problems.empty())
        problems.push_back(
            {below(to.path, "$.options"), std::string(error_row(error.code).name), error.detail});
    else
        add(problems, std::move(error.problems), to);
    return false;
}

bool render_all(const CompiledTemplate& chosen, const Addressee& to, Message& message,
                std::vector<Problem>& problems) {
    static const boost::json::object none;
    const auto& variables = to.variables == nullptr ? none : *to.variables;
    auto wrong = render::check_variables(chosen.specs, variables);
    if (!wrong.empty()) {
        add(problems, std::move(wrong), to);
        return false;
    }
    return render_part(chosen.subject, message.subject, variables, to, "$.subject", problems) &&
           render_part(chosen.content, message.content, variables, to, "$.content", problems) &&
           render_part(chosen.html, message.html, variables, to, "$.html", problems) &&
           render_options(chosen.options, message.options, variables, to, problems);
}

/// The sender's sections before the template's, member by member inside a section.
std::string merged_options(const std::string& of_template, std::string_view of_sender) {
    if (of_template.empty()) return std::string(of_sender);
    boost::system::error_code failure;
    auto all = boost::json::parse(of_template, failure);
    const auto own = boost::json::parse(of_sender, failure);
    if (failure || !all.is_object() || !own.is_object()) return std::string(of_sender);
    for (const auto& section : own.get_object()) {
        auto& target = all.get_object()[section.key()];
        if (!target.is_object() || !section.value().is_object()) {
            target = section.value();
            continue;
        }
        for (const auto& entry : section.value().get_object())
            target.get_object()[entry.key()] = entry.value();
    }
    return boost::json::serialize(all);
}

}  // namespace

MessagePtr make_message(const Order& order, const Addressee& to, const Check& check,
                        std::vector<Problem>& problems) {
    auto message = std::make_unique<Message>();
    Message& m = *message;
    if (order.chosen) {
        if (!render_all(*order.chosen, to, m, problems)) return nullptr;
        m.template_id = order.chosen->record.id;
        m.template_version = order.chosen->record.version;
    } else {
        m.subject = to.subject;
        m.content = to.content;
        m.html = to.html;
    }
    if (!order.options.empty()) m.options = merged_options(m.options, order.options);
    auto wrong = check(to.recipient, {m.subject, m.content, m.html, m.options});
    if (!wrong.empty()) {
        add(problems, std::move(wrong), to);
        return nullptr;
    }
    m.tenant_id = order.tenant_id;
    m.channel = order.channel;
    m.priority = order.priority;
    m.recipient = to.recipient;
    m.callback_url = order.callback_url;
    m.metadata = to.metadata;
    m.traceparent = order.traceparent;
    m.due_ms = order.due_ms;
    m.deliver_by_ms = order.deliver_by_ms;
    m.status = order.due_ms == 0 ? MessageStatus::pending : MessageStatus::scheduled;
    return message;
}

}  // namespace hongyan::delivery
