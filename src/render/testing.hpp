// Shortcuts of the tests in this folder.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <string>
#include <string_view>

#include "render/template.hpp"

namespace hongyan::render::testing {

inline boost::json::object variables(std::string_view text) {
    return boost::json::parse(text).as_object();
}

inline CompileOptions with(Escape escape, bool allow_safe = false) {
    CompileOptions options;
    options.escape = escape;
    options.allow_safe = allow_safe;
    return options;
}

/// The rendered text, or "error: " and the detail of what went wrong first.
inline std::string rendered(std::string_view source, std::string_view values = "{}",
                            const CompileOptions& options = {}) {
    auto compiled = compile(source, options);
    if (!compiled) return "error: " + compiled.error().detail;
    auto text = compiled->render(variables(values));
    return text ? *text : "error: " + text.error().detail;
}

/// The details of all problems of a source, one a line.
inline std::string problems_of(std::string_view source, const CompileOptions& options = {}) {
    auto compiled = compile(source, options);
    if (compiled) return "";
    std::string all;
    for (const auto& problem : compiled.error().problems) all += problem.detail + "\n";
    return all;
}

}  // namespace hongyan::render::testing
