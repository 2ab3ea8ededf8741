#include "delivery/options_template.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hongyan::delivery {
namespace {

namespace json = boost::json;

bool is_template(std::string_view text) {
    return text.find("{{") != text.npos || text.find("{%") != text.npos;
}

}  // namespace

struct OptionsTemplate::Held {
    json::value document;
    /// In the order of the walk: one for each text that is a template.
    std::vector<render::Template> texts;

    struct Compiling {
        const std::vector<render::VariableSpec>& specs;
        std::vector<Problem>& problems;
    };
    void compile(const json::value& value, const std::string& path, const Compiling& with) {
        if (value.is_object()) {
            for (const auto& entry : value.get_object())
                compile(entry.value(), path + "." + std::string(entry.key()), with);
        } else if (value.is_array()) {
            for (std::size_t i = 0; i < value.get_array().size(); ++i)
                compile(value.get_array()[i], path + "[" + std::to_string(i) + "]", with);
        } else if (value.is_string() && is_template(value.get_string())) {
            render::CompileOptions options;
            options.escape = render::Escape::plain;
            options.variables = with.specs;
            options.path = path;
            auto compiled = render::compile(value.get_string(), options);
            if (!compiled) {
                for (auto& problem : compiled.error().problems) with.problems.push_back(problem);
                texts.emplace_back();
                return;
            }
            for (auto& problem : render::check_template(*compiled, with.specs, path))
                with.problems.push_back(std::move(problem));
            texts.push_back(std::move(*compiled));
        }
    }

    Status render(json::value& value, const json::object& variables, std::size_t& next) const {
        if (value.is_object()) {
            for (auto& entry : value.get_object()) {
                if (auto done = render(entry.value(), variables, next); !done) return done;
            }
        } else if (value.is_array()) {
            for (auto& element : value.get_array()) {
                if (auto done = render(element, variables, next); !done) return done;
            }
        } else if (value.is_string() && is_template(value.get_string())) {
            std::string out;
            if (auto done = texts[next++].render_to(out, variables); !done)
                return std::move(done.error());
            value = json::string(out);
        }
        return Done{};
    }
};

OptionsTemplate OptionsTemplate::compile(std::string_view text,
                                         const std::vector<render::VariableSpec>& specs,
                                         std::vector<Problem>& problems) {
    OptionsTemplate made;
    if (text.empty()) return made;
    boost::system::error_code failure;
    auto held = std::make_shared<Held>();
    held->document = json::parse(text, failure);
    if (failure || !held->document.is_object()) {
        problems.push_back({"$.options", "invalid", "must be a JSON object"});
        return made;
    }
    held->compile(held->document, "$.options", {specs, problems});
    made.held_ = std::move(held);
    return made;
}

Result<std::string> OptionsTemplate::render(const json::object& variables) const {
    json::value copy = held_->document;
    std::size_t next = 0;
    if (auto done = held_->render(copy, variables, next); !done) return std::move(done.error());
    return json::serialize(copy);
}

}  // namespace hongyan::delivery
