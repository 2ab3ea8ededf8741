// Reading of the dates that templates take: an RFC 3339 time, whose own offset is kept so that it
// is shown as it was written, or a day. Internal to render/; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hongyan::render {

struct Date {
    std::int64_t unix_seconds = 0;
    int offset_minutes = 0;
};

/// "2026-11-23T08:00:00+08:00", "2026-11-23T08:00:00.5Z" or "2026-11-23" (midnight UTC).
[[nodiscard]] std::optional<Date> read_date(std::string_view text);
/// "+08:00" or "Z".
[[nodiscard]] std::optional<int> read_offset(std::string_view text);

}  // namespace hongyan::render
