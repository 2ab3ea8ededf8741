#include "base/error_document.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error_table.hpp"

namespace hongyan {
namespace {

constexpr std::string_view introduction = R"(# Errors

<!-- Generated from src/base/error_table.cpp; do not edit.
     `HONGYAN_WRITE_DOCS=1 ctest --test-dir build -R generated` writes it again. -->

Every error of the HTTP API is a problem document (RFC 9457) with `Content-Type: application/problem+json`:

```json
{
  "type": "/problems/invalid-fields",
  "title": "Some fields are missing or wrong.",
  "status": 422,
  "detail": "1 field is wrong.",
  "instance": "/api/messages/send-batch",
  "code": 42201,
  "request_id": "5f0c1d2e3b4a5968",
  "errors": [
    {
      "path": "$.recipients[17].recipient",
      "pointer": "#/recipients/17/recipient",
      "code": "required",
      "detail": "is missing"
    }
  ]
}
```

- `type` and `code` name the error for programs; both never change. The server explains each at `/problems/<name>`.
- `title` is the fixed sentence below; `detail` says what was wrong this time. Both are for people and may be reworded.
- `errors` lists every wrong field at once, each with its JSONPath (`path`) and JSON Pointer (`pointer`).
- `request_id` stands in the server's log as well: give it when you report a trouble.
- With 429 and 503, `Retry-After` says after how many seconds a repeat makes sense.

The command line prints the same: the title, the detail, each field, what to do, and the request's id. Its exit codes are in
[cli.md](cli.md#exit-codes).

| Name | Code | HTTP | Meaning | What to do |
| --- | ---: | ---: | --- | --- |
)";

}  // namespace

std::string errors_markdown() {
    std::vector<ErrorRow> rows(error_table().begin(), error_table().end());
    std::ranges::stable_sort(rows, {}, &ErrorRow::number);
    std::string page(introduction);
    for (const auto& row : rows) {
        page += "| `" + std::string(row.name) + "` | " + std::to_string(row.number) + " | " +
                std::to_string(row.http_status) + " | " + std::string(row.title) + " | " +
                std::string(row.remedy) + " |\n";
    }
    return page;
}

}  // namespace hongyan
