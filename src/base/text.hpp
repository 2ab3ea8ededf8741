// Small text helpers that the whole program shares: UTF-8 check, hex, base64, JSON escaping, RFC
// 3339 times, edit distance for "did you mean". Pure functions, safe from every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hongyan {

/// True if the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view bytes);
/// Number of code points of well-formed UTF-8.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view bytes);
/// RFC 4648 section 4 with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// RFC 4648 section 5 without padding.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Accepts both alphabets, padded or not; nothing on any other byte.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Appends text with RFC 8259 escapes, without the quotes around it.
void append_json_escaped(std::string& out, std::string_view text);
/// text as a JSON string, quotes included.
[[nodiscard]] std::string json_quoted(std::string_view text);

/// "2026-11-23T08:00:00.123Z"
[[nodiscard]] std::string format_rfc3339(std::int64_t unix_ms);
/// Reads RFC 3339 with an offset or Z; milliseconds since 1970. Nothing if it is not a valid time.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);
/// "2026-11-23", the UTC day.
[[nodiscard]] std::string format_day(std::int64_t unix_ms);

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
/// Whole-string decimal integer, or nothing.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);

/// The candidate nearest to word by edit distance, if near enough to be a likely typing slip; else
/// "".
[[nodiscard]] std::string nearest_word(std::string_view word,
                                       std::span<const std::string_view> candidates);

}  // namespace hongyan
