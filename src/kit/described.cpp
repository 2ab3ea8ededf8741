#include "kit/described.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hongyan::kit {
namespace {

namespace json = boost::json;

constexpr std::string_view api_place = "#/components/schemas/";
constexpr std::string_view own_place = "#/$defs/";

std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

/// Points every "$ref" below value to "$defs"; schemas are as deep as their descriptions.
void move_references(json::value& value) {
    if (value.is_array()) {
        for (json::value& element : value.get_array()) move_references(element);
    }
    if (!value.is_object()) return;
    for (auto& member : value.get_object()) {
        json::value& held = member.value();
        const bool is_reference =
            std::string_view(member.key().data(), member.key().size()) == "$ref" &&
            held.is_string();
        if (!is_reference) {
            move_references(held);
            continue;
        }
        const std::string_view target = view_of(held.get_string());
        if (target.substr(0, api_place.size()) != api_place) continue;
        held = std::string(own_place) + std::string(target.substr(api_place.size()));
    }
}

void mark_write_only(json::object& schema, const std::vector<std::string_view>& names) {
    json::value* properties = schema.if_contains("properties");
    for (const std::string_view name : names) {
        HY_ASSERT(properties != nullptr && properties->is_object());
        json::value* property =
            properties->get_object().if_contains(json::string_view(name.data(), name.size()));
        // A secret that is not described would be shown in clear.
        HY_ASSERT(property != nullptr && property->is_object());
        property->get_object()["writeOnly"] = true;
    }
}

}  // namespace

std::string schema_text(const shape::Object& object,
                        const std::vector<std::string_view>& write_only) {
    shape::JsonObject nested;
    shape::collect(nested, object);
    shape::JsonObject schema = shape::schema_of(object);
    const std::string own_reference = "\"" + std::string(api_place) + object.name() + "\"";
    if (json::serialize(nested).find(own_reference) == std::string::npos) {
        nested.erase(object.name());
    }
    mark_write_only(schema, write_only);
    if (!nested.empty()) schema["$defs"] = std::move(nested);
    json::value whole = std::move(schema);
    move_references(whole);
    return json::serialize(whole);
}

std::vector<Problem> below(std::string_view prefix, std::vector<Problem> problems) {
    for (Problem& problem : problems) {
        if (problem.path.empty() || problem.path.front() != '$') continue;
        problem.path.replace(0, 1, prefix);
    }
    return problems;
}

}  // namespace hongyan::kit
