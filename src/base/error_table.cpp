#include "base/error_table.hpp"

#include "base/assert.hpp"

namespace hongyan {

const std::array<ErrorRow, 30>& error_table() {
    using enum ErrorCode;
    static constexpr std::array<ErrorRow, 30> rows{{
        {bad_request, "bad-request", 40001, 400, "The request cannot be understood.",
         "Compare it with /docs."},
        {invalid_json, "invalid-json", 40002, 400, "The body is not acceptable JSON.",
         "Send one UTF-8 JSON document without duplicate keys."},
        {invalid_fields, "invalid-fields", 42201, 422, "Some fields are missing or wrong.",
         "Correct each field listed in errors."},
        {unauthorized, "unauthorized", 40101, 401, "A valid API key is needed.",
         "Send 'Authorization: Bearer KEY' with a key that is neither revoked nor expired."},
        {forbidden, "forbidden", 40301, 403, "This key may not do that.",
         "Use a key with the scope named in detail."},
        {not_found, "not-found", 40401, 404, "There is no such thing.",
         "Check the path and the id; ids of other tenants are never found."},
        {method_not_allowed, "method-not-allowed", 40501, 405,
         "This path does not take that method.", "Use a method from the Allow field."},
        {request_timeout, "request-timeout", 40801, 408, "The request did not arrive in time.",
         "Send the whole request without long pauses."},
        {conflict, "conflict", 40901, 409, "The thing is not in a state that allows this.",
         "Read it again and decide anew."},
        {idempotency_in_progress, "idempotency-in-progress", 40902, 409,
         "The first request with this Idempotency-Key is still under way.",
         "Repeat the request after Retry-After."},
        {illegal_transition, "illegal-transition", 40903, 409,
         "The message's state does not allow this change.",
         "Read the message; final states never change."},
        {body_too_large, "body-too-large", 41301, 413, "The body is too large.",
         "Keep to 1 MiB, or 16 MiB for a batch; split large batches."},
        {uri_too_long, "uri-too-long", 41401, 414, "The request target is too long.",
         "Keep the target within 8 KiB."},
        {unsupported_media_type, "unsupported-media-type", 41501, 415,
         "The body's media type is not supported.", "Send Content-Type: application/json."},
        {idempotency_mismatch, "idempotency-mismatch", 42202, 422,
         "This Idempotency-Key was used with another body.", "Use a new key for a new request."},
        {header_too_large, "header-too-large", 43101, 431, "The header is too large.",
         "Keep the header within 16 KiB and 100 fields."},
        {rate_limited, "rate-limited", 42901, 429, "A limit is reached.",
         "Wait for Retry-After seconds; limits are listed at /api/limits."},
        {template_invalid, "template-invalid", 42203, 422, "The template cannot be used.",
         "Correct the place named in detail."},
        {template_variables, "template-variables", 42204, 422,
         "The variables do not fit the template.",
         "Give each variable listed in errors with its declared type."},
        {recipient_invalid, "recipient-invalid", 42205, 422,
         "The recipient does not fit the channel.", "See the channel's recipient format in /docs."},
        {content_invalid, "content-invalid", 42206, 422, "The content does not fit the channel.",
         "See the channel's content limits in /docs."},
        {overloaded, "overloaded", 50301, 503, "The server takes no more work at this moment.",
         "Repeat after Retry-After seconds."},
        {unavailable, "unavailable", 50302, 503, "The server is starting or stopping.",
         "Repeat after Retry-After seconds."},
        {storage_failed, "storage-failed", 50303, 503, "The store does not accept writes.",
         "Look at the server's log and its disk; nothing accepted is lost."},
        {commit_unknown, "commit-unknown", 50304, 503, "It is not known whether this was written.",
         "Repeat with the same Idempotency-Key: it is then done once."},
        {newer_database, "newer-database", 50001, 500,
         "The database was written by a newer version.",
         "Run that version or restore an older backup."},
        {config_invalid, "config-invalid", 50002, 500, "The configuration is not valid.",
         "Run 'hongyan config check'."},
        {io_failed, "io-failed", 50003, 500, "Reading or writing failed.",
         "See detail for the file and the reason."},
        {outbound_failed, "outbound-failed", 50201, 502, "A call to another server failed.",
         "See detail for the address and the reason."},
        {internal, "internal", 50000, 500, "Something went wrong inside.",
         "Report the request_id; the log has the details."},
    }};
    return rows;
}

const ErrorRow& error_row(ErrorCode code) {
    const auto& row = error_table().at(static_cast<std::size_t>(code));
    HY_ASSERT(row.code == code);
    return row;
}

}  // namespace hongyan
