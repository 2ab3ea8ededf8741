#include "api/problem.hpp"

#include "base/text.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += name;
    out += "\":";
    out += json_quoted(value);
}

void append_problem(std::string& out, const Problem& problem) {
    out += '{';
    append_member(out, "path", problem.path);
    const auto pointer = shape::pointer_of(problem.path);
    if (!pointer.empty()) append_member(out, "pointer", pointer);
    append_member(out, "code", problem.code);
    append_member(out, "detail", problem.detail);
    out += '}';
}

}  // namespace

http::Response problem_response(const Error& error, std::string_view instance,
                                std::string_view request_id) {
    const auto& row = error_row(error.code);
    http::Response response;
    response.status = row.http_status;
    response.content_type = "application/problem+json";
    std::string& out = response.body;
    out = "{";
    append_member(out, "type", "/problems/" + std::string(row.name));
    append_member(out, "title", row.title);
    out += ",\"status\":" + std::to_string(row.http_status);
    append_member(out, "detail",
                  error.detail.empty() ? row.remedy : std::string_view(error.detail));
    if (!instance.empty()) append_member(out, "instance", instance);
    out += ",\"code\":" + std::to_string(row.number);
    append_member(out, "request_id", request_id);
    if (!error.problems.empty()) {
        out += ",\"errors\":[";
        for (std::size_t i = 0; i < error.problems.size(); ++i) {
            if (i > 0) out += ',';
            append_problem(out, error.problems[i]);
        }
        out += ']';
    }
    out += '}';
    if (error.retry_after.count() > 0 || row.http_status == 429 || row.http_status == 503) {
        const auto seconds = std::max<std::int64_t>(1, (error.retry_after.count() + 999) / 1000);
        response.headers.add("Retry-After", std::to_string(seconds));
    }
    return response;
}

}  // namespace hongyan::api
