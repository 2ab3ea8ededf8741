#include <boost/json/value.hpp>
#include <charconv>

#include "shape/json_reader.hpp"
#include "shape/write.hpp"

namespace hongyan::shape {
namespace {

namespace json = boost::json;

json::object to_object(const Node& node) {
    json::object object;
    object.reserve(node.size);
    const auto members = node.children();
    for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
        const auto key = members[i].text();
        object.emplace(json::string_view(key.data(), key.size()), to_value(members[i + 1]));
    }
    return object;
}

json::array to_list(const Node& node) {
    json::array list;
    list.reserve(node.size);
    for (const Node& element : node.children()) list.push_back(to_value(element));
    return list;
}

void append_members(std::string& out, const Node& node) {
    const auto members = node.children();
    out += '{';
    for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
        if (i != 0) out += ',';
        append_text(out, members[i].text());
        out += ':';
        append_node(out, members[i + 1]);
    }
    out += '}';
}

void append_elements(std::string& out, const Node& node) {
    char separator = '[';
    for (const Node& element : node.children()) {
        out += separator;
        separator = ',';
        append_node(out, element);
    }
    out += node.size == 0 ? "[]" : "]";
}

}  // namespace

std::string_view kind_name(const Node& node) {
    switch (node.kind) {
        case NodeKind::null:
            return "null";
        case NodeKind::boolean:
            return "a boolean";
        case NodeKind::integer:
        case NodeKind::large:
            return "an integer";
        case NodeKind::real:
            return "a number";
        case NodeKind::text:
            return "a string";
        case NodeKind::list:
            return "an array";
        case NodeKind::object:
            return "an object";
    }
    return "nothing";
}

JsonValue to_value(const Node& node) {
    switch (node.kind) {
        case NodeKind::null:
            return nullptr;
        case NodeKind::boolean:
            return node.boolean;
        case NodeKind::integer:
            return node.integer;
        case NodeKind::large:
            return node.large;
        case NodeKind::real:
            return node.real;
        case NodeKind::text:
            return json::string(json::string_view(node.bytes, node.size));
        case NodeKind::list:
            return to_list(node);
        case NodeKind::object:
            return to_object(node);
    }
    return nullptr;
}

void append_node(std::string& out, const Node& node) {
    switch (node.kind) {
        case NodeKind::null:
            out += "null";
            break;
        case NodeKind::boolean:
            out += node.boolean ? "true" : "false";
            break;
        case NodeKind::integer:
            out += std::to_string(node.integer);
            break;
        case NodeKind::large:
            out += std::to_string(node.large);
            break;
        case NodeKind::real:
            append_number(out, node.real);
            break;
        case NodeKind::text:
            append_text(out, node.text());
            break;
        case NodeKind::list:
            append_elements(out, node);
            break;
        case NodeKind::object:
            append_members(out, node);
            break;
    }
}

Result<JsonValue> parse_json(std::string_view text, const ReadLimits& limits) {
    Document document;
    auto root = document.parse(text, limits);
    if (!root) return std::move(root.error());
    return to_value(**root);
}

}  // namespace hongyan::shape
