// The bodies of a mail's parts: chooses a transfer encoding for a text (as it stands,
// quoted-printable or base64) and writes it with CRLF line ends, whatever line ends it had. Base64
// of attachments is only cut into lines, never decoded. Pure, linear, safe from every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::mail {

enum class Encoding : std::uint8_t { seven_bit, eight_bit, quoted_printable, base64 };

/// The value of Content-Transfer-Encoding.
[[nodiscard]] std::string_view to_text(Encoding encoding);

/// The encoding that keeps lines short and costs least: as it stands where nothing needs more,
/// base64 where most of the text is not ASCII, else quoted-printable, which stays readable. A text
/// in which a boundary of ours ("--=_") might be seen never stands as it is.
[[nodiscard]] Encoding encoding_for(std::string_view text, bool allow_eight_bit);

/// Appends the encoded text, closed by CRLF.
void append_text(std::string& out, std::string_view text, Encoding encoding);

/// The bytes that base64 text stands for; nothing if it is none. Both alphabets, padded or not,
/// with or without line ends.
[[nodiscard]] std::optional<std::size_t> base64_size(std::string_view base64);
/// Appends it in lines of 76 with padding, closed by CRLF. base64_size() must have accepted it.
void append_base64_lines(std::string& out, std::string_view base64);

}  // namespace hongyan::mail
