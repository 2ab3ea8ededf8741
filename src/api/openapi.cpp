#include "api/openapi.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "base/text.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object content(json::object schema, std::string_view type = "application/json", json::value example = nullptr) {
    json::object media{{"schema", std::move(schema)}};
    if (!example.is_null()) media["example"] = std::move(example);
    json::object result;
    result[view(type)] = std::move(media);
    return result;
}

json::object problem_schema() {
    const json::value text{{"type", "string"}};
    json::object item{
        {"type", "object"},
        {"required", {"path", "code", "detail"}},
        {"properties",
         {{"path", {{"type", "string"}, {"description", "JSON path of the field."}}},
          {"pointer", {{"type", "string"}, {"description", "The same as a JSON pointer, for fields of the body."}}},
          {"code", {{"type", "string"}, {"description", "What is wrong, for programs."}}},
          {"detail", {{"type", "string"}, {"description", "What is wrong and what would be right."}}}}}};
    return json::object{
        {"type", "object"},
        {"description", "An error (RFC 9457)."},
        {"required", {"type", "title", "status", "detail", "code", "request_id"}},
        {"properties",
         {{"type", {{"type", "string"}, {"description", "Address of a page about this kind of problem."}}},
          {"title", {{"type", "string"}, {"description", "What kind of problem it is."}}},
          {"status", {{"type", "integer"}, {"description", "The HTTP status."}}},
          {"detail", {{"type", "string"}, {"description", "What went wrong this time."}}},
          {"instance", {{"type", "string"}, {"description", "The path that was asked for."}}},
          {"code", {{"type", "integer"}, {"description", "Stable number of the problem."}}},
          {"request_id", {{"type", "string"}, {"description", "Names the request in the server's log."}}},
          {"errors", {{"type", "array"}, {"items", std::move(item)}, {"description", "Every field that is wrong."}}}}}};
}

json::object problem_example(const ErrorRow& row, std::string_view path) {
    return json::object{{"type", "/problems/" + std::string(row.name)},
                        {"title", view(row.title)},
                        {"status", row.http_status},
                        {"detail", view(row.remedy)},
                        {"instance", view(path)},
                        {"code", row.number},
                        {"request_id", "r-1"}};
}

/// Errors by HTTP status, since OpenAPI describes one answer for each.
std::map<int, std::vector<const ErrorRow*>> errors_of(const RouteDoc& doc) {
    std::vector<ErrorCode> codes = doc.errors;
    if (!doc.scope.empty()) {
        codes.insert(codes.end(), {ErrorCode::unauthorized, ErrorCode::forbidden, ErrorCode::rate_limited, ErrorCode::bad_request});
        codes.insert(codes.end(), {ErrorCode::unavailable, ErrorCode::storage_failed});
    }
    if (doc.body != nullptr) {
        codes.insert(codes.end(), {ErrorCode::invalid_json, ErrorCode::invalid_fields, ErrorCode::body_too_large,
                                   ErrorCode::unsupported_media_type, ErrorCode::request_timeout});
    }
    if (doc.query != nullptr) codes.push_back(ErrorCode::invalid_fields);
    std::map<int, std::vector<const ErrorRow*>> found;
    for (const auto code : codes) {
        const auto& row = error_row(code);
        auto& same = found[row.http_status];
        if (std::find(same.begin(), same.end(), &row) == same.end()) same.push_back(&row);
    }
    return found;
}

void add_errors(json::object& responses, const RouteDoc& doc) {
    for (const auto& [status, rows] : errors_of(doc)) {
        std::string description;
        for (const auto* row : rows) description += (description.empty() ? "" : " Or: ") + std::string(row->title);
        json::object response{
            {"description", description},
            {"content", content({{"$ref", "#/components/schemas/Problem"}}, "application/problem+json",
                                problem_example(*rows.front(), doc.path))}};
        if (status == 429 || status == 503) {
            response["headers"] = {{"Retry-After", {{"description", "Seconds to wait."}, {"schema", {{"type", "integer"}}}}}};
        }
        responses[std::to_string(status)] = std::move(response);
    }
}

json::value example_of(const shape::Object& object) {
    return object.example().empty() ? json::value(nullptr) : json::parse(object.example());
}

json::array parameters_of(const RouteDoc& doc) {
    json::array parameters;
    for (std::size_t at = 0; (at = doc.path.find('{', at)) != std::string::npos; ++at) {
        const auto name = doc.path.substr(at + 1, doc.path.find('}', at) - at - 1);
        const bool is_message = name == "trace_id" || (doc.path.starts_with("/api/messages/{id}"));
        json::object schema{{"type", is_message ? "string" : "integer"}};
        if (!is_message) schema["minimum"] = 1;
        parameters.push_back({{"name", name},
                              {"in", "path"},
                              {"required", true},
                              {"description", is_message ? "Message id, or trace id beginning with msg_." : "Id."},
                              {"schema", std::move(schema)}});
    }
    if (doc.query != nullptr) {
        for (auto& parameter : shape::parameters_of(*doc.query)) parameters.push_back(std::move(parameter));
    }
    if (doc.idempotent_key) {
        parameters.push_back({{"name", "Idempotency-Key"},
                              {"in", "header"},
                              {"required", false},
                              {"description", "Makes the request safe to repeat: the stored reply comes again for 24 hours."},
                              {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}, {"pattern", "^[ -~]+$"}}},
                              {"example", "order-SO20261123001"}});
    }
    return parameters;
}

json::object operation_of(const RouteDoc& doc) {
    json::object operation{{"operationId", doc.operation}, {"tags", {doc.tag}}, {"summary", doc.summary}};
    std::string description = doc.description;
    if (!doc.scope.empty()) description += " Needs the scope `" + doc.scope + "`.";
    operation["description"] = description;
    if (auto parameters = parameters_of(doc); !parameters.empty()) operation["parameters"] = std::move(parameters);
    if (doc.body != nullptr) {
        operation["requestBody"] = {{"required", true},
                                    {"content", content(shape::reference_to(*doc.body), "application/json", example_of(*doc.body))}};
    }
    json::object responses;
    json::object success{{"description", doc.reply != nullptr ? doc.reply->description() : doc.status == 204 ? "Done." : "The text."}};
    if (doc.reply != nullptr) success["content"] = content(shape::reference_to(*doc.reply), doc.reply_type, example_of(*doc.reply));
    else if (doc.status != 204) success["content"] = content({{"type", "string"}}, doc.reply_type);
    if (doc.path == "/readyz") {
        responses["503"] = {{"description", "It should get none."}, {"content", content(shape::reference_to(*doc.reply))}};
    }
    responses[std::to_string(doc.status)] = std::move(success);
    add_errors(responses, doc);
    operation["responses"] = std::move(responses);
    if (doc.scope.empty()) operation["security"] = json::array();
    return operation;
}

/// Boost.JSON writes no white space; people read this document and its changes line by line.
void write_indented(std::string& out, const json::value& value, int depth) {
    const auto line = [&out](int level) { out += "\n" + std::string(static_cast<std::size_t>(level) * 2, ' '); };
    if (value.is_object() && !value.get_object().empty()) {
        out += '{';
        bool first = true;
        for (const auto& entry : value.get_object()) {
            if (!std::exchange(first, false)) out += ',';
            line(depth + 1);
            out += json_quoted({entry.key().data(), entry.key().size()}) + ": ";
            write_indented(out, entry.value(), depth + 1);
        }
        line(depth);
        out += '}';
    } else if (value.is_array() && !value.get_array().empty()) {
        out += '[';
        bool first = true;
        for (const auto& entry : value.get_array()) {
            if (!std::exchange(first, false)) out += ',';
            line(depth + 1);
            write_indented(out, entry, depth + 1);
        }
        line(depth);
        out += ']';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string openapi_document(const std::vector<RouteDoc>& routes) {
    json::object paths;
    json::object schemas;
    for (const auto& doc : routes) {
        auto& entry = paths[doc.path];
        if (!entry.is_object()) entry.emplace_object();
        entry.as_object()[to_lower(http::to_text(doc.method))] = operation_of(doc);
        if (doc.body != nullptr) shape::collect(schemas, *doc.body);
        if (doc.reply != nullptr) shape::collect(schemas, *doc.reply);
    }
    schemas["Problem"] = problem_schema();
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Hongyan"},
          {"version", HONGYAN_VERSION},
          {"description",
           "Accepts messages, keeps each one safe and delivers it by SMS, e-mail, app push, WeChat and Feishu. Every request below "
           "/api needs `Authorization: Bearer KEY`. Errors are problem documents (RFC 9457) that name every field that is wrong."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", {{{"url", "/"}}}},
        {"security", {{{"key", json::array()}}}},
        {"tags",
         {{{"name", "messages"}, {"description", "Send messages and see what became of them."}},
          {{"name", "tasks"}, {"description", "Batches."}},
          {{"name", "templates"}, {"description", "Texts with variables."}},
          {{"name", "statistics"}, {"description", "Sums and live figures."}},
          {{"name", "dead letters"}, {"description", "Messages that failed for good."}},
          {{"name", "operations"}, {"description", "Worker pools and limits."}},
          {{"name", "keys"}, {"description", "API keys."}},
          {{"name", "sandbox"}, {"description", "What the built-in sandbox received."}},
          {{"name", "system"}, {"description", "Health and metrics; no key needed."}}}},
        {"paths", std::move(paths)},
        {"components",
         {{"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key."}}}}},
          {"schemas", std::move(schemas)}}}};
    std::string out;
    write_indented(out, document, 0);
    out += '\n';
    return out;
}

}  // namespace hongyan::api
