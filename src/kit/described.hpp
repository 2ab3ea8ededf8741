// Described settings and options: a provider's structs are described once (shape/), and checked,
// read and shown as JSON Schema from that description. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::kit {

/// The JSON Schema (2020-12) of a described struct as text, nested structs under "$defs"; the named
/// properties get "writeOnly": true.
[[nodiscard]] std::string schema_text(const shape::Object& object,
                                      const std::vector<std::string_view>& write_only = {});

/// problems with "$" at the start of their paths replaced by prefix ("$.options.aliyun").
[[nodiscard]] std::vector<Problem> below(std::string_view prefix, std::vector<Problem> problems);

/// Reads a described struct; problems have paths below prefix.
template <class T>
[[nodiscard]] Result<T> read_described(std::string_view json, std::string_view prefix = "$") {
    auto read = shape::read<T>(json.empty() ? std::string_view("{}") : json);
    if (!read) {
        Error error = std::move(read.error());
        error.problems = below(prefix, std::move(error.problems));
        return error;
    }
    return read;
}

/// The problems alone, for check_settings() and check().
template <class T>
[[nodiscard]] std::vector<Problem> problems_of(std::string_view json,
                                               std::string_view prefix = "$") {
    auto read = read_described<T>(json, prefix);
    if (read) return {};
    if (read.error().problems.empty()) {
        return {{std::string(prefix), "invalid", read.error().detail}};
    }
    return std::move(read.error().problems);
}

}  // namespace hongyan::kit
