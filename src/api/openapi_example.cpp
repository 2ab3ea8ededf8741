#include "api/openapi_example.hpp"

#include <boost/json/array.hpp>

#include "base/assert.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

/// Nothing of ours nests deeper; a schema that holds itself ends here.
constexpr int deepest = 8;

json::value make(const json::object& schemas, const json::object& schema, int depth);

json::value of_object(const json::object& schemas, const json::object& schema, int depth) {
    json::object example;
    if (const auto* properties = schema.if_contains("properties")) {
        for (const auto& [name, inner] : properties->as_object())
            example[name] = make(schemas, inner.as_object(), depth + 1);
    }
    return example;
}

json::value of_type(const json::object& schemas, const json::object& schema, int depth) {
    const auto* type = schema.if_contains("type");
    if (type == nullptr) return json::object{};  // anything will do
    const auto& name = type->is_array() ? type->as_array().at(0).as_string() : type->as_string();
    if (name == "object") return of_object(schemas, schema, depth);
    if (name == "array")
        return json::array{make(schemas, schema.at("items").as_object(), depth + 1)};
    if (name == "boolean") return false;
    if (name == "integer" || name == "number") return 0;
    return "";
}

json::value make(const json::object& schemas, const json::object& schema, int depth) {
    if (depth > deepest) return nullptr;
    if (const auto* examples = schema.if_contains("examples")) return examples->as_array().at(0);
    if (const auto* value = schema.if_contains("default")) return *value;
    if (const auto* choices = schema.if_contains("enum")) return choices->as_array().at(0);
    if (const auto* reference = schema.if_contains("$ref")) {
        const auto& path = reference->as_string();
        return make(schemas, schemas.at(path.subview(path.rfind('/') + 1)).as_object(), depth + 1);
    }
    if (const auto* either = schema.if_contains("oneOf"))
        return make(schemas, either->as_array().at(0).as_object(), depth + 1);
    return of_type(schemas, schema, depth);
}

}  // namespace

json::value example_of(const json::object& schemas, const json::object& schema) {
    return make(schemas, schema, 0);
}

}  // namespace hongyan::api
