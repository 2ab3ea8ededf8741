// The part of Reader that reads single values and holds them against their rules.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/text.hpp"
#include "shape/problem_text.hpp"
#include "shape/reader.hpp"

namespace hongyan::shape {
namespace {

std::string number_text(double value) {
    std::string out;
    append_number(out, value);
    return out;
}

std::string integer_range(const Type& type, const FieldRules& rules) {
    const std::int64_t low = rules.min_int.value_or(type.min);
    const std::int64_t high = rules.max_int.value_or(type.max);
    return std::to_string(low) + " to " + std::to_string(high);
}

std::string number_range(const FieldRules& rules) {
    if (!rules.min || !rules.max) return "a finite number";
    return number_text(*rules.min) + " to " + number_text(*rules.max);
}

double as_double(const Node& node) {
    if (node.kind == NodeKind::integer) return static_cast<double>(node.integer);
    return node.kind == NodeKind::large ? static_cast<double>(node.large) : node.real;
}

}  // namespace

bool Reader::read_text(const FieldRules& rules, const Node& node, std::string& target,
                       const Path& path) {
    if (rules.form != Form::plain) return read_raw(rules, node, target, path);
    if (node.kind != NodeKind::text) return wrong_type(node, "a string", path);
    if (!check_text(rules, node.text(), path)) return false;
    target.assign(node.text());
    return true;
}

bool Reader::read_raw(const FieldRules& rules, const Node& node, std::string& target,
                      const Path& path) {
    if (rules.form == Form::raw_object && node.kind != NodeKind::object)
        return wrong_type(node, "an object", path);
    target.clear();
    append_node(target, node);
    return check_bytes(rules, target.size(), path);
}

bool Reader::read_integer(const Type& type, const FieldRules& rules, const Node& node, void* target,
                          const Path& path) {
    if (rules.form != Form::plain) return read_integer_text(type, rules, node, target, path);
    if (node.kind == NodeKind::integer)
        return take_integer(type, rules, node.integer, target, path);
    const bool whole = node.kind == NodeKind::large ||
                       (node.kind == NodeKind::real && std::trunc(node.real) == node.real);
    if (!whole) return wrong_type(node, "an integer", path);
    // Beyond 2^53 a double no longer says which integer was meant.
    if (node.kind == NodeKind::large || std::abs(node.real) > 9007199254740992.0) {
        std::string value;
        append_node(value, node);
        return out_of_range(value, integer_range(type, rules), path);
    }
    return take_integer(type, rules, static_cast<std::int64_t>(node.real), target, path);
}

bool Reader::take_integer(const Type& type, const FieldRules& rules, std::int64_t value,
                          void* target, const Path& path) {
    if (value < rules.min_int.value_or(type.min) || value > rules.max_int.value_or(type.max) ||
        value < type.min || value > type.max) {
        return out_of_range(std::to_string(value), integer_range(type, rules), path);
    }
    if (rules.integer_check != nullptr) {
        if (auto wrong = rules.integer_check(value))
            return fail(path, "format", [&] { return *wrong; });
    }
    type.set_integer(target, value);
    return true;
}

bool Reader::read_integer_text(const Type& type, const FieldRules& rules, const Node& node,
                               void* target, const Path& path) {
    const bool is_time = rules.form == Form::date_time;
    const auto wanted = is_time ? "a string with an RFC 3339 time such as \"2026-11-23T08:00:00Z\""
                                : "a string with a decimal integer such as \"42\"";
    if (node.kind != NodeKind::text) return wrong_type(node, wanted, path);
    const auto value = is_time ? parse_rfc3339(node.text()) : parse_int(node.text());
    if (value) return take_integer(type, rules, *value, target, path);
    return fail(path, "format", [&] {
        return place_name(path) + " is " + shown(node.text()) + ", must be " + wanted;
    });
}

bool Reader::read_number(const Type& type, const FieldRules& rules, const Node& node, void* target,
                         const Path& path) {
    if (node.kind != NodeKind::integer && node.kind != NodeKind::large &&
        node.kind != NodeKind::real) {
        return wrong_type(node, "a number", path);
    }
    const double value = as_double(node);
    if ((rules.min && value < *rules.min) || (rules.max && value > *rules.max)) {
        return out_of_range(number_text(value), number_range(rules), path);
    }
    type.set_number(target, value);
    if (!std::isfinite(type.get_number(target))) {  // a float is narrower
        type.set_number(target, 0);
        return out_of_range(number_text(value), "a number that a float can hold", path);
    }
    return true;
}

bool Reader::read_choice(const Type& type, const FieldRules& rules, const Node& node, void* target,
                         const Path& path) {
    if (node.kind != NodeKind::text) return wrong_type(node, "a string", path);
    const auto found = std::find(rules.names.begin(), rules.names.end(), node.text());
    if (found == rules.names.end()) return not_one_of(rules, node.text(), path);
    type.set_integer(target, found - rules.names.begin());
    return true;
}

bool Reader::read_free(const Type& type, const FieldRules& rules, const Node& node, void* target,
                       const Path& path) {
    const bool wants_object = type.kind == Kind::json_object;
    if (wants_object && node.kind != NodeKind::object) return wrong_type(node, "an object", path);
    if (wants_object && !check_count(rules, node.size, "entries", path)) return false;
    if (rules.max_bytes) {
        std::string compact;
        append_node(compact, node);
        if (!check_bytes(rules, compact.size(), path)) return false;
    }
    if (wants_object)
        *static_cast<JsonObject*>(target) = std::move(to_value(node).as_object());
    else
        *static_cast<JsonValue*>(target) = to_value(node);
    return true;
}

bool Reader::check_text(const FieldRules& rules, std::string_view text, const Path& path) {
    if (!rules.names.empty() &&
        std::find(rules.names.begin(), rules.names.end(), text) == rules.names.end()) {
        return not_one_of(rules, text, path);
    }
    if (rules.min_length || rules.max_length) {
        const std::size_t length = utf8_length(text);
        const bool too_short = length < rules.min_length.value_or(0);
        if (too_short || length > rules.max_length.value_or(length)) {
            return fail(path, too_short ? "too_short" : "too_long", [&] {
                return place_name(path) + " has " + std::to_string(length) +
                       " characters, must have " + range_text(rules.min_length, rules.max_length);
            });
        }
    }
    if (!check_bytes(rules, text.size(), path)) return false;
    if (rules.text_check == nullptr) return true;
    if (auto wrong = rules.text_check(text)) return fail(path, "format", [&] { return *wrong; });
    return true;
}

bool Reader::check_count(const FieldRules& rules, std::size_t count, std::string_view unit,
                         const Path& path) {
    const bool too_few = count < rules.min_items.value_or(0);
    if (!too_few && count <= rules.max_items.value_or(count)) return true;
    return fail(path, too_few ? "too_few" : "too_many", [&] {
        return place_name(path) + " has " + std::to_string(count) + " " + std::string(unit) +
               ", must have " + range_text(rules.min_items, rules.max_items);
    });
}

bool Reader::check_bytes(const FieldRules& rules, std::size_t size, const Path& path) {
    if (size <= rules.max_bytes.value_or(size)) return true;
    return fail(path, "too_long", [&] {
        return place_name(path) + " has " + std::to_string(size) + " bytes, must have at most " +
               std::to_string(*rules.max_bytes);
    });
}

bool Reader::wrong_type(const Node& node, std::string_view wanted, const Path& path) {
    return fail(path, "type", [&] {
        return place_name(path) + " is " + shown(node) + ", must be " + std::string(wanted);
    });
}

bool Reader::out_of_range(std::string_view value, std::string_view wanted, const Path& path) {
    return fail(path, "out_of_range", [&] {
        return place_name(path) + " is " + std::string(value) + ", must be " + std::string(wanted);
    });
}

bool Reader::not_one_of(const FieldRules& rules, std::string_view text, const Path& path) {
    return fail(path, "not_one_of", [&] {
        return place_name(path) + " is " + shown(text) + ", must be one of " + joined(rules.names) +
               suggestion(text, rules.names);
    });
}

}  // namespace hongyan::shape
