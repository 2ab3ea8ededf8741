// Reads a mail that came in from anybody: header fields unfolded, the MIME tree flattened into its
// leaves, transfer encodings undone. Lenient as mail demands (bare LF, missing last boundary, any
// case), but bounded: bytes, parts, depth and fields have limits, and no step is worse than linear.
// The parts point into the given text, which must outlive them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::mail {

struct MailField {
    std::string name;   ///< lower case
    std::string value;  ///< unfolded, trimmed; bytes as they came
};

/// The header fields of a mail, a part or a status block.
struct MailFields {
    std::vector<MailField> all;
    /// The first of that lower-case name, or "".
    [[nodiscard]] std::string_view get(std::string_view name) const;
};

struct MimePart {
    MailFields fields;
    std::string type;       ///< lower case, "text/plain" if none is given
    std::string_view body;  ///< still encoded
    /// The body with its transfer encoding undone, at most limit bytes of it.
    [[nodiscard]] std::string decoded(std::size_t limit) const;
};

struct ReadMail {
    MailFields fields;  ///< of the mail itself
    std::string type;
    std::string report_type;      ///< parameter of multipart/report, lower case
    std::vector<MimePart> parts;  ///< leaves in order; a mail inside a mail is one leaf
};

/// Errors: bad_request: no header, or more parts, levels or fields than any honest mail has.
[[nodiscard]] Result<ReadMail> read_mail(std::string_view mail);

/// Reads fields up to the first empty line and moves text behind it.
[[nodiscard]] MailFields take_fields(std::string_view& text);

/// A parameter of a structured field such as Content-Type, unquoted; "" if absent.
[[nodiscard]] std::string field_parameter(std::string_view value, std::string_view name);

/// RFC 5322 date and time in milliseconds since 1970, or nothing.
[[nodiscard]] std::optional<std::int64_t> parse_mail_date(std::string_view text);

}  // namespace hongyan::mail
