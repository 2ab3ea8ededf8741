// The one table of errors: every error the program can report has a row here with a stable name, a
// number, the HTTP status it is answered with and a fixed sentence. docs/errors.md is generated
// from it. Immutable data, safe from every thread.
#pragma once

#include <array>
#include <string_view>

namespace hongyan {

enum class ErrorCode {
    bad_request,
    invalid_json,
    invalid_fields,
    unauthorized,
    forbidden,
    not_found,
    method_not_allowed,
    request_timeout,
    conflict,
    idempotency_in_progress,
    illegal_transition,
    body_too_large,
    uri_too_long,
    unsupported_media_type,
    idempotency_mismatch,
    header_too_large,
    rate_limited,
    template_invalid,
    template_variables,
    recipient_invalid,
    content_invalid,
    overloaded,
    unavailable,
    storage_failed,
    commit_unknown,
    newer_database,
    config_invalid,
    io_failed,
    outbound_failed,
    internal,
};

struct ErrorRow {
    ErrorCode code;
    std::string_view name;  ///< stable machine name, also the last part of the problem's type URI
    int number;             ///< stable number: HTTP status x 100 + index
    int http_status;
    std::string_view title;   ///< fixed sentence for the user
    std::string_view remedy;  ///< what the reader can do about it
};

/// The whole table, in the order of ErrorCode.
[[nodiscard]] const std::array<ErrorRow, 30>& error_table();
/// The row of one code.
[[nodiscard]] const ErrorRow& error_row(ErrorCode code);

}  // namespace hongyan
