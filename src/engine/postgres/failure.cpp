#include "engine/postgres/failure.hpp"

#include <chrono>

namespace hongyan::postgres {

FailureKind kind_of(std::string_view sqlstate) {
    const auto starts = [&](std::string_view with) { return sqlstate.starts_with(with); };
    // 25006: a statement that writes met a server that only reads, as after a fail-over.
    if (sqlstate.empty() || starts("08") || starts("57P") || sqlstate == "25006")
        return FailureKind::lost;
    if (sqlstate == "40001" || sqlstate == "40P01") return FailureKind::again;
    if (sqlstate == "53100") return FailureKind::full;
    if (starts("53") || sqlstate == "55P03" || sqlstate == "57014" || sqlstate == "25P03")
        return FailureKind::busy;
    if (starts("28") || sqlstate == "3D000") return FailureKind::rejected;
    return FailureKind::other;
}

bool is_constraint(std::string_view sqlstate) { return sqlstate.starts_with("23"); }

Error to_error(FailureKind kind, const std::string& text) {
    if (kind == FailureKind::full) return make_error(ErrorCode::storage_failed, "disk is full");
    if (kind == FailureKind::other || kind == FailureKind::rejected)
        return make_error(ErrorCode::storage_failed, text);
    Error error = make_error(ErrorCode::unavailable, "PostgreSQL: " + text);
    error.retry_after = std::chrono::seconds(1);
    return error;
}

}  // namespace hongyan::postgres
