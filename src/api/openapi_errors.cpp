#include "api/openapi_errors.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>

namespace hongyan::api {
namespace {

namespace json = boost::json;

using Rows = std::vector<const ErrorRow*>;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object text_schema(std::string_view description) {
    return {{"type", "string"}, {"description", view(description)}};
}

json::object field_problem_schema() {
    return json::object{
        {"type", "object"},
        {"description", "What is wrong with one field."},
        {"required", {"path", "code", "detail"}},
        {"properties",
         {{"path", text_schema("JSON path of the field.")},
          {"pointer", text_schema("The same as a JSON pointer, for fields of the body.")},
          {"code", text_schema("What is wrong, for programs.")},
          {"detail", text_schema("What is wrong and what would be right.")}}}};
}

json::object problem_example(const ErrorRow& row) {
    json::object example{{"type", "/problems/" + std::string(row.name)},
                         {"title", view(row.title)},
                         {"status", row.http_status},
                         {"detail", view(row.remedy)},
                         {"instance", "/api/messages/send"},
                         {"code", row.number},
                         {"request_id", "5f0c1d2e3b4a5968"}};
    if (row.code == ErrorCode::invalid_fields) {
        example["errors"] = json::array{json::object{{"path", "$.recipient"},
                                                     {"pointer", "#/recipient"},
                                                     {"code", "required"},
                                                     {"detail", "recipient is missing"}}};
    }
    return example;
}

/// By HTTP status; the first of a status gives the example.
std::map<int, Rows> errors_of(const RouteDoc& doc) {
    // These can meet every request, before its route is known.
    std::vector<ErrorCode> codes{ErrorCode::bad_request, ErrorCode::request_timeout,
                                 ErrorCode::body_too_large, ErrorCode::uri_too_long,
                                 ErrorCode::header_too_large};
    if (!doc.scope.empty()) {
        codes.insert(codes.end(),
                     {ErrorCode::unauthorized, ErrorCode::forbidden, ErrorCode::rate_limited});
        codes.insert(codes.end(),
                     {ErrorCode::overloaded, ErrorCode::unavailable, ErrorCode::storage_failed});
    }
    if (doc.query != nullptr) codes.push_back(ErrorCode::invalid_fields);
    if (doc.body != nullptr) {
        codes.insert(codes.end(), {ErrorCode::invalid_json, ErrorCode::invalid_fields,
                                   ErrorCode::unsupported_media_type});
    }
    codes.insert(codes.end(), doc.errors.begin(), doc.errors.end());
    std::map<int, Rows> found;
    for (const auto code : codes) {
        const auto& row = error_row(code);
        auto& same = found[row.http_status];
        if (std::find(same.begin(), same.end(), &row) == same.end()) same.push_back(&row);
    }
    return found;
}

json::object response_of(int status, const Rows& rows) {
    std::string description;
    for (const auto* row : rows)
        description += (description.empty() ? "" : " Or: ") + std::string(row->title);
    json::object media{{"schema", {{"$ref", "#/components/schemas/Problem"}}},
                       {"example", problem_example(*rows.front())}};
    json::object response{{"description", description},
                          {"content", {{"application/problem+json", std::move(media)}}}};
    if (status == 429 || status == 503) {
        response["headers"] = {
            {"Retry-After",
             {{"description", "Seconds to wait."}, {"schema", {{"type", "integer"}}}}}};
    }
    return response;
}

}  // namespace

json::object problem_schema() {
    return json::object{
        {"type", "object"},
        {"description", "An error (RFC 9457)."},
        {"required", {"type", "title", "status", "detail", "code", "request_id"}},
        {"properties",
         {{"type", text_schema("Address of a page about this kind of problem.")},
          {"title", text_schema("What kind of problem it is.")},
          {"status", {{"type", "integer"}, {"description", "The HTTP status."}}},
          {"detail", text_schema("What went wrong this time.")},
          {"instance", text_schema("The path that was asked for.")},
          {"code", {{"type", "integer"}, {"description", "Stable number of the problem."}}},
          {"request_id", text_schema("Names the request in the server's log.")},
          {"errors",
           {{"type", "array"},
            {"items", field_problem_schema()},
            {"description", "Every field that is wrong."}}}}}};
}

void add_error_responses(json::object& responses, json::object& components, const RouteDoc& doc) {
    for (const auto& [status, rows] : errors_of(doc)) {
        std::string name;
        for (const auto* row : rows) name += (name.empty() ? "" : "-or-") + std::string(row->name);
        if (!components.contains(name)) components[name] = response_of(status, rows);
        responses[std::to_string(status)] =
            json::object{{"$ref", "#/components/responses/" + name}};
    }
}

}  // namespace hongyan::api
