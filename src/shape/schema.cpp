#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "shape/json_reader.hpp"
#include "shape/shape.hpp"

namespace hongyan::shape {
namespace {

namespace json = boost::json;

json::string text_of(std::string_view text) {
    return json::string(json::string_view(text.data(), text.size()));
}

/// JSON text that stands in a description; that it is valid was the describer's duty.
JsonValue literal(std::string_view text) {
    auto value = parse_json(text);
    HY_ASSERT(value.ok());
    return std::move(*value);
}

json::array words(std::span<const std::string_view> names) {
    json::array list;
    for (const auto name : names) list.push_back(text_of(name));
    return list;
}

template <class N>
void set_if(JsonObject& schema, const char* key, const std::optional<N>& value) {
    if (value) schema[key] = *value;
}

void add_text_rules(JsonObject& schema, const FieldRules& rules) {
    schema["type"] = "string";
    set_if(schema, "minLength", rules.min_length);
    set_if(schema, "maxLength", rules.max_length);
    if (rules.max_bytes && !rules.max_length) schema["maxLength"] = *rules.max_bytes;
    if (!rules.pattern.empty()) schema["pattern"] = rules.pattern;
    if (!rules.format.empty()) schema["format"] = rules.format;
    if (!rules.names.empty()) schema["enum"] = words(rules.names);
}

void add_integer_rules(JsonObject& schema, const Type& type, const FieldRules& rules) {
    if (rules.form == Form::date_time) {
        schema["type"] = "string";
        schema["format"] = "date-time";
        return;
    }
    if (rules.form == Form::as_text) {
        schema["type"] = "string";
        schema["pattern"] = "^-?[0-9]{1,19}$";
        return;
    }
    schema["type"] = "integer";
    schema["format"] = type.max > std::numeric_limits<std::int32_t>::max() ? "int64" : "int32";
    const bool is_wide = type.max >= std::numeric_limits<std::int32_t>::max();
    if (rules.min_int || !is_wide) schema["minimum"] = rules.min_int.value_or(type.min);
    if (rules.max_int || !is_wide) schema["maximum"] = rules.max_int.value_or(type.max);
}

JsonObject value_schema(const Type& type, const FieldRules& rules);

void add_list_rules(JsonObject& schema, const Type& type, const FieldRules& rules) {
    schema["type"] = "array";
    set_if(schema, "minItems", rules.min_items);
    set_if(schema, "maxItems", rules.max_items);
    schema["items"] = value_schema(*type.element, rules);
}

JsonObject value_schema(const Type& type, const FieldRules& rules) {
    JsonObject schema;
    switch (type.kind) {
        case Kind::text:
            if (rules.form == Form::plain)
                add_text_rules(schema, rules);
            else if (rules.form == Form::raw_object)
                schema["type"] = "object";
            break;
        case Kind::boolean:
            schema["type"] = "boolean";
            break;
        case Kind::integer:
            add_integer_rules(schema, type, rules);
            break;
        case Kind::number:
            schema["type"] = "number";
            schema["format"] = "double";
            set_if(schema, "minimum", rules.min);
            set_if(schema, "maximum", rules.max);
            break;
        case Kind::choice:
            add_text_rules(schema, rules);
            break;
        case Kind::object:
            return reference_to(type.object());
        case Kind::json_object:
            schema["type"] = "object";
            set_if(schema, "maxProperties", rules.max_items);
            break;
        case Kind::json_value:
            break;
        case Kind::optional:
            return value_schema(*type.element, rules);
        case Kind::list:
            add_list_rules(schema, type, rules);
            break;
        case Kind::map:
            schema["type"] = "object";
            set_if(schema, "maxProperties", rules.max_items);
            schema["additionalProperties"] = value_schema(*type.element, rules);
            break;
    }
    return schema;
}

/// "or null" in the way the rest of the schema allows.
void allow_null(JsonObject& schema) {
    if (schema.contains("enum")) schema["enum"].as_array().push_back(nullptr);
    if (schema.contains("type")) {
        schema["type"] = json::array{schema["type"], "null"};
    } else if (schema.contains("$ref")) {
        schema = JsonObject{{"oneOf", json::array{schema, JsonObject{{"type", "null"}}}}};
    }
}

/// In a body that is read, null stands for a field that is not given; in a query nothing does.
enum class AbsentAsNull : bool { no, yes };

JsonObject field_schema(const Field& field, AbsentAsNull absent) {
    const FieldRules& rules = field.rules();
    JsonObject schema = value_schema(field.type(), rules);
    if (rules.nullable || (absent == AbsentAsNull::yes && !rules.required)) allow_null(schema);
    if (!rules.description.empty()) schema["description"] = rules.description;
    if (!rules.default_value.empty()) schema["default"] = literal(rules.default_value);
    if (!rules.example.empty()) schema["examples"] = json::array{literal(rules.example)};
    if (rules.read_only) schema["readOnly"] = true;
    return schema;
}

/// In a reply: never left out by the writer.
bool is_always_written(const Field& field) {
    const FieldRules& rules = field.rules();
    const bool may_be_raw_empty = rules.form == Form::raw_json || rules.form == Form::raw_object;
    if (rules.omit_empty || may_be_raw_empty) return false;
    return field.type().kind != Kind::optional || rules.nullable;
}

JsonObject object_form(const Object& object) {
    JsonObject properties;
    json::array required;
    const auto absent = object.is_reply() ? AbsentAsNull::no : AbsentAsNull::yes;
    for (const Field& field : object.fields()) {
        properties[field.rules().name] = field_schema(field, absent);
        const bool needed = object.is_reply() ? is_always_written(field) : field.rules().required;
        if (needed) required.push_back(text_of(field.rules().name));
    }
    JsonObject schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    if (!object.is_open()) schema["additionalProperties"] = false;
    return schema;
}

void collect_type(JsonObject& schemas, const Type& type) {
    if (type.kind == Kind::object)
        collect(schemas, type.object());
    else if (type.element != nullptr)
        collect_type(schemas, *type.element);
}

}  // namespace

JsonObject schema_of(const Object& object) {
    JsonObject schema = object_form(object);
    if (const Field* bare = object.string_field()) {
        schema = JsonObject{
            {"oneOf", json::array{value_schema(bare->type(), bare->rules()), std::move(schema)}}};
    }
    schema["title"] = object.name();
    if (!object.description().empty()) schema["description"] = object.description();
    if (!object.example().empty()) schema["examples"] = json::array{literal(object.example())};
    return schema;
}

JsonObject reference_to(const Object& object) {
    return JsonObject{{"$ref", "#/components/schemas/" + object.name()}};
}

void collect(JsonObject& schemas, const Object& object) {
    if (schemas.contains(object.name())) return;
    schemas[object.name()] = nullptr;  // a struct that holds itself ends here
    for (const Field& field : object.fields()) collect_type(schemas, field.type());
    schemas[object.name()] = schema_of(object);
}

json::array parameters_of(const Object& object) {
    json::array list;
    for (const Field& field : object.fields()) {
        if (field.rules().read_only) continue;
        JsonObject schema = field_schema(field, AbsentAsNull::no);
        JsonObject parameter{{"name", field.rules().name}, {"in", "query"}};
        if (!field.rules().description.empty())
            parameter["description"] = field.rules().description;
        if (field.rules().required) parameter["required"] = true;
        schema.erase("description");
        parameter["schema"] = std::move(schema);
        list.push_back(std::move(parameter));
    }
    return list;
}

}  // namespace hongyan::shape
