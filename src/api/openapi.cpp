#include "api/openapi.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/openapi_errors.hpp"
#include "api/openapi_example.hpp"
#include "base/text.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::object content(json::object schema, std::string_view type = "application/json",
                     json::value example = nullptr) {
    json::object media{{"schema", std::move(schema)}};
    if (!example.is_null()) media["example"] = std::move(example);
    json::object result;
    result[view(type)] = std::move(media);
    return result;
}

json::array parameters_of(const RouteDoc& doc) {
    json::array parameters;
    for (std::size_t at = 0; (at = doc.path.find('{', at)) != std::string::npos; ++at) {
        const auto name = doc.path.substr(at + 1, doc.path.find('}', at) - at - 1);
        const bool is_message = name == "trace_id" || (doc.path.starts_with("/api/messages/{id}"));
        const bool is_number =
            !is_message && (name == "id" || name == "task_id" || name == "version");
        json::object schema{{"type", is_number ? "integer" : "string"}};
        if (is_number) schema["minimum"] = 1;
        parameters.push_back(
            {{"name", name},
             {"in", "path"},
             {"required", true},
             {"description", is_message  ? "Message id, or trace id beginning with msg_."
                             : is_number ? "Id."
                                         : "Name."},
             {"schema", std::move(schema)}});
    }
    if (doc.query != nullptr) {
        for (auto& parameter : shape::parameters_of(*doc.query))
            parameters.push_back(std::move(parameter));
    }
    if (doc.idempotent_key) {
        parameters.push_back(
            {{"name", "Idempotency-Key"},
             {"in", "header"},
             {"required", false},
             {"description",
              "Makes the request safe to repeat: the stored reply comes again for 24 hours."},
             {"schema",
              {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}, {"pattern", "^[ -~]+$"}}},
             {"example", "order-SO20261123001"}});
    }
    return parameters;
}

/// What the operations of the document share.
struct Components {
    json::object schemas;
    json::object responses;
};

/// The JSON body of a request or an answer, with an example.
json::object body_of(const Components& components, const shape::Object& object,
                     std::string_view type = "application/json") {
    auto reference = shape::reference_to(object);
    auto example = example_of(components.schemas, reference);
    return content(std::move(reference), type, std::move(example));
}

json::object success_of(const Components& components, const RouteDoc& doc) {
    if (doc.reply != nullptr) {
        return {{"description", doc.reply->description()},
                {"content", body_of(components, *doc.reply, doc.reply_type)}};
    }
    if (doc.status == 204) return {{"description", "Done."}};
    if (doc.upgrades) return {{"description", "From here on a WebSocket."}};
    return {{"description", "The text."},
            {"content", content({{"type", "string"}}, doc.reply_type)}};
}

json::object responses_of(Components& components, const RouteDoc& doc) {
    json::object responses;
    responses[std::to_string(doc.status)] = success_of(components, doc);
    if (doc.other_reply != nullptr) {
        responses[std::to_string(doc.other_status)] = {
            {"description", doc.other_reply->description()},
            {"content", body_of(components, *doc.other_reply)}};
    }
    add_error_responses(responses, components.responses, doc);
    if (doc.path == "/readyz") {
        auto body = body_of(components, *doc.reply);
        body["application/json"].as_object()["example"].as_object()["status"] = "unavailable";
        responses["503"] = {{"description", "It should get none."}, {"content", std::move(body)}};
    }
    return responses;
}

json::object operation_of(Components& components, const RouteDoc& doc) {
    json::object operation{
        {"operationId", doc.operation}, {"tags", {doc.tag}}, {"summary", doc.summary}};
    std::string description = doc.description;
    if (doc.scope == "any")
        description += " Any valid key will do.";
    else if (!doc.scope.empty())
        description += " Needs the scope `" + doc.scope + "`.";
    operation["description"] = description;
    if (auto parameters = parameters_of(doc); !parameters.empty())
        operation["parameters"] = std::move(parameters);
    if (doc.body != nullptr)
        operation["requestBody"] = {{"required", true},
                                    {"content", body_of(components, *doc.body)}};
    operation["responses"] = responses_of(components, doc);
    if (doc.scope.empty()) operation["security"] = json::array();
    return operation;
}

/// Boost.JSON writes no white space; people read this document and its changes line by line.
void write_indented(std::string& out, const json::value& value, int depth) {
    const auto line = [&out](int level) {
        out += "\n" + std::string(static_cast<std::size_t>(level) * 2, ' ');
    };
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
    Components components;
    components.schemas["Problem"] = problem_schema();
    for (const auto& doc : routes) {
        if (doc.body != nullptr) shape::collect(components.schemas, *doc.body);
        if (doc.reply != nullptr) shape::collect(components.schemas, *doc.reply);
        if (doc.other_reply != nullptr) shape::collect(components.schemas, *doc.other_reply);
        auto& entry = paths[doc.path];
        if (!entry.is_object()) entry.emplace_object();
        entry.as_object()[to_lower(http::to_text(doc.method))] = operation_of(components, doc);
    }
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Hongyan"},
          {"version", HONGYAN_VERSION},
          {"description",
           "Accepts messages, keeps each one safe and delivers it by SMS, e-mail, app push, WeChat "
           "and Feishu. Every request below "
           "/api needs `Authorization: Bearer KEY`. Errors are problem documents (RFC 9457) that "
           "name every field that is wrong."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", {{{"url", "/"}}}},
        {"security", {{{"key", json::array()}}}},
        {"tags",
         {{{"name", "messages"}, {"description", "Send messages and see what became of them."}},
          {{"name", "tasks"}, {"description", "Batches."}},
          {{"name", "templates"}, {"description", "Texts with variables."}},
          {{"name", "statistics"}, {"description", "Sums and live figures."}},
          {{"name", "dead letters"}, {"description", "Messages that failed for good."}},
          {{"name", "operations"}, {"description", "Worker pools, limits and API keys."}},
          {{"name", "providers"},
           {"description", "Accounts with providers, and what follows from their answers."}},
          {{"name", "webhooks"}, {"description", "Reports to senders at their callback_url."}},
          {{"name", "callbacks"}, {"description", "For providers: their reports come in here."}},
          {{"name", "console"}, {"description", "What the web console is made with."}},
          {{"name", "sandbox"}, {"description", "What the built-in sandbox received."}},
          {{"name", "system"}, {"description", "Health and metrics; no key needed."}}}},
        {"paths", std::move(paths)},
        {"components",
         {{"securitySchemes",
           {{"key", {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key."}}}}},
          {"responses", std::move(components.responses)},
          {"schemas", std::move(components.schemas)}}}};
    std::string out;
    write_indented(out, document, 0);
    out += '\n';
    return out;
}

}  // namespace hongyan::api
