#include "shape/write.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "shape/json_reader.hpp"
#include "shape/shape.hpp"

namespace hongyan::shape {
namespace {

namespace json = boost::json;

template <class N>
void append_chars(std::string& out, N value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

void append_json(std::string& out, const json::value& value);

void append_json(std::string& out, const json::object& object) {
    char separator = '{';
    for (const auto& member : object) {
        out += separator;
        separator = ',';
        append_text(out, {member.key().data(), member.key().size()});
        out += ':';
        append_json(out, member.value());
    }
    out += object.empty() ? "{}" : "}";
}

void append_json(std::string& out, const json::array& list) {
    char separator = '[';
    for (const auto& element : list) {
        out += separator;
        separator = ',';
        append_json(out, element);
    }
    out += list.empty() ? "[]" : "]";
}

void append_json(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            break;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            break;
        case json::kind::int64:
            append_chars(out, value.get_int64());
            break;
        case json::kind::uint64:
            append_chars(out, value.get_uint64());
            break;
        case json::kind::double_:
            append_number(out, value.get_double());
            break;
        case json::kind::string:
            append_text(out, view(value.get_string()));
            break;
        case json::kind::array:
            append_json(out, value.get_array());
            break;
        case json::kind::object:
            append_json(out, value.get_object());
            break;
    }
}

/// Valid sequences as they are, every other byte as U+FFFD.
std::string mended(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 16);
    while (!text.empty()) {
        std::size_t length = 1;
        while (length <= 4 && !is_utf8(text.substr(0, length))) ++length;
        const bool valid = length <= 4 && length <= text.size();
        out += valid ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
        text.remove_prefix(valid ? length : 1);
    }
    return out;
}

void append_integer(std::string& out, const FieldRules& rules, std::int64_t value) {
    switch (rules.form) {
        case Form::date_time:
            out += '"';
            out += format_rfc3339(value);
            out += '"';
            break;
        case Form::as_text:
            out += '"';
            append_chars(out, value);
            out += '"';
            break;
        default:
            append_chars(out, value);
    }
}

bool is_raw(const FieldRules& rules) {
    return rules.form == Form::raw_json || rules.form == Form::raw_object;
}

void append_list(std::string& out, const Type& type, const FieldRules& rules, const void* source) {
    const std::size_t count = type.size(source);
    out += '[';
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) out += ',';
        append_value(out, *type.element, rules, type.at(source, i));
    }
    out += ']';
}

struct MapWriter {
    std::string& out;
    const Type& element;
    const FieldRules& rules;
    char separator = '{';
};

void append_map(std::string& out, const Type& type, const FieldRules& rules, const void* source) {
    MapWriter writer{out, *type.element, rules};
    type.each(source, &writer, [](void* visitor, std::string_view key, const void* value) {
        auto& w = *static_cast<MapWriter*>(visitor);
        w.out += w.separator;
        w.separator = ',';
        append_text(w.out, key);
        w.out += ':';
        append_value(w.out, w.element, w.rules, value);
    });
    out += writer.separator == '{' ? "{}" : "}";
}

void append_choice(std::string& out, const FieldRules& rules, std::int64_t index) {
    HY_ASSERT(index >= 0 && static_cast<std::size_t>(index) < rules.names.size());
    append_text(out, rules.names[static_cast<std::size_t>(index)]);
}

bool is_empty(const Type& type, const void* source) {
    switch (type.kind) {
        case Kind::text:
            return static_cast<const std::string*>(source)->empty();
        case Kind::integer:
            return type.get_integer(source) == 0;
        case Kind::number:
            return type.get_number(source) == 0;
        case Kind::boolean:
            return !*static_cast<const bool*>(source);
        case Kind::json_object:
            return static_cast<const JsonObject*>(source)->empty();
        case Kind::json_value:
            return static_cast<const JsonValue*>(source)->is_null();
        case Kind::list:
        case Kind::map:
            return type.size(source) == 0;
        default:
            return false;
    }
}

bool is_left_out(const Type& type, const FieldRules& rules, const void* source) {
    if (type.kind == Kind::optional) {
        if (type.size(source) == 0) return !rules.nullable;
        return is_left_out(*type.element, rules, type.at(source, 0));
    }
    return (rules.omit_empty || (type.kind == Kind::text && is_raw(rules))) &&
           is_empty(type, source);
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
    const bool ascii = std::none_of(text.begin(), text.end(),
                                    [](char c) { return static_cast<signed char>(c) < 0; });
    out += '"';
    if (ascii || is_utf8(text))
        append_json_escaped(out, text);
    else
        append_json_escaped(out, mended(text));
    out += '"';
}

void append_number(std::string& out, double value) {
    if (!std::isfinite(value))
        out += "null";
    else if (value == 0 && std::signbit(value))
        out += "-0.0";  // "-0" would read back as the integer 0
    else
        append_chars(out, value);
}

void append_value(std::string& out, const Type& type, const FieldRules& rules, const void* source) {
    switch (type.kind) {
        case Kind::text: {
            const auto& text = *static_cast<const std::string*>(source);
            if (!is_raw(rules))
                append_text(out, text);
            else
                out += text.empty() ? std::string_view("null") : std::string_view(text);
            break;
        }
        case Kind::boolean:
            out += *static_cast<const bool*>(source) ? "true" : "false";
            break;
        case Kind::integer:
            append_integer(out, rules, type.get_integer(source));
            break;
        case Kind::number:
            append_number(out, type.get_number(source));
            break;
        case Kind::choice:
            append_choice(out, rules, type.get_integer(source));
            break;
        case Kind::object:
            append_object(out, type.object(), source);
            break;
        case Kind::json_object:
            append_json(out, *static_cast<const JsonObject*>(source));
            break;
        case Kind::json_value:
            append_json(out, *static_cast<const JsonValue*>(source));
            break;
        case Kind::list:
            append_list(out, type, rules, source);
            break;
        case Kind::map:
            append_map(out, type, rules, source);
            break;
        case Kind::optional:
            if (type.size(source) == 0)
                out += "null";
            else
                append_value(out, *type.element, rules, type.at(source, 0));
            break;
    }
}

void append_object(std::string& out, const Object& object, const void* value) {
    const std::size_t start = out.size();
    for (const Field& field : object.fields()) {
        const void* source = field.in(value);
        if (is_left_out(field.type(), field.rules(), source)) continue;
        out += out.size() == start ? '{' : ',';
        out += field.rules().key_json;
        append_value(out, field.type(), field.rules(), source);
    }
    out += out.size() == start ? "{}" : "}";
}

std::vector<std::string> member_texts(const Object& object, const void* value) {
    std::vector<std::string> texts;
    for (const Field& field : object.fields()) {
        const void* source = field.in(value);
        std::string& text = texts.emplace_back();
        if (is_left_out(field.type(), field.rules(), source)) continue;
        text = field.rules().key_json;
        append_value(text, field.type(), field.rules(), source);
    }
    return texts;
}

}  // namespace hongyan::shape
