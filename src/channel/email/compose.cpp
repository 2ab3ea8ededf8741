#include "channel/email/compose.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "base/assert.hpp"
#include "channel/email/header_text.hpp"
#include "channel/email/html_text.hpp"
#include "channel/email/mime_library.hpp"

namespace hongyan::email {
namespace {

constexpr std::size_t max_line_bytes = 998;  // RFC 5322 2.1.1, without the CRLF
constexpr std::size_t plain_line_bytes = 76;

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

/// Text with the given line end in place of every CRLF, CR and LF, closed by one.
std::string with_line_ends(std::string_view text, std::string_view line_end) {
    std::string out;
    out.reserve(text.size() + text.size() / 32 + 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' && text[i] != '\n') {
            out += text[i];
            continue;
        }
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        out += line_end;
    }
    if (!out.ends_with(line_end)) out += line_end;
    return out;
}

struct TextShape {
    std::size_t longest_line = 0;
    std::size_t odd_bytes = 0;  ///< neither printable ASCII nor tab nor line end
};

TextShape shape_of(std::string_view text) {
    TextShape shape;
    std::size_t line = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        line = c == '\n' || c == '\r' ? 0 : line + 1;
        shape.longest_line = std::max(shape.longest_line, line);
        const bool plain = (byte >= 0x20 && byte < 0x7F) || c == '\t' || c == '\n' || c == '\r';
        if (!plain) ++shape.odd_bytes;
    }
    return shape;
}

/// The encoding that keeps lines short and costs least: plain where nothing needs it, base64 where
/// most of the text is not ASCII, else quoted-printable, which stays readable.
GMimeContentEncoding encoding_for(std::string_view text) {
    const TextShape shape = shape_of(text);
    if (shape.odd_bytes == 0 && shape.longest_line <= plain_line_bytes) {
        return GMIME_CONTENT_ENCODING_7BIT;
    }
    return shape.odd_bytes * 6 > text.size() ? GMIME_CONTENT_ENCODING_BASE64
                                             : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

Owned<GMimePart> text_part(const char* subtype, std::string_view text) {
    Owned<GMimePart> part(g_mime_part_new_with_type("text", subtype));
    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part.get()), "charset", "utf-8");
    const GMimeContentEncoding encoding = encoding_for(text);
    // Base64 carries the text's own line ends, which MIME wants as CRLF; the other encodings show
    // them as line ends of the mail itself.
    const bool opaque = encoding == GMIME_CONTENT_ENCODING_BASE64;
    const std::string bytes = with_line_ends(text, opaque ? "\r\n" : "\n");
    const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
    const Owned<GMimeDataWrapper> content(
        g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
    g_mime_part_set_content(part.get(), content.get());
    g_mime_part_set_content_encoding(part.get(), encoding);
    return part;
}

/// Text only, or text and HTML as alternatives, the plainest first.
Owned<GMimeObject> body_of(const Message& message) {
    if (message.html.empty()) {
        return Owned<GMimeObject>(GMIME_OBJECT(text_part("plain", message.content).release()));
    }
    const auto plain =
        text_part("plain", message.content.empty() ? html_to_text(message.html) : message.content);
    const auto html = text_part("html", message.html);
    Owned<GMimeMultipart> both(g_mime_multipart_new_with_subtype("alternative"));
    g_mime_multipart_add(both.get(), GMIME_OBJECT(plain.get()));
    g_mime_multipart_add(both.get(), GMIME_OBJECT(html.get()));
    return Owned<GMimeObject>(GMIME_OBJECT(both.release()));
}

/// A header in the very form that is given; GMime's own would let text pass that looks encoded.
void set_raw(GMimeMessage* mail, const char* name, const std::string& value) {
    GMimeHeaderList* headers = g_mime_object_get_header_list(GMIME_OBJECT(mail));
    g_mime_header_list_set(headers, name, "", nullptr);
    g_mime_header_set_raw_value(g_mime_header_list_get_header(headers, name),
                                (" " + value + "\n").c_str());
}

void set_date(GMimeMessage* mail, std::int64_t unix_ms) {
    GDateTime* time = g_date_time_new_from_unix_utc(unix_ms / 1000);
    HY_ASSERT(time != nullptr);
    g_mime_message_set_date(mail, time);
    g_date_time_unref(time);
}

std::string serialized(GMimeMessage* mail) {
    const Owned<GMimeStream> stream(g_mime_stream_mem_new());
    g_mime_object_write_to_stream(GMIME_OBJECT(mail), nullptr, stream.get());
    const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
    return {reinterpret_cast<const char*>(bytes->data), bytes->len};
}

}  // namespace

std::string mail_id(const Message& message, const Mailbox& from) {
    return trace_id_of(message.id) + "@" + from.domain;
}

Result<std::string> compose(const Mailbox& from, const Mailbox& to, const Message& message) {
    if (has_control(message.subject) || has_control(from.name) || has_control(to.name)) {
        return make_error(ErrorCode::content_invalid, "a header holds a control character");
    }
    need_mime_library();
    const Owned<GMimeMessage> mail(g_mime_message_new(TRUE));
    set_raw(mail.get(), "From", header_mailbox("From", from));
    set_raw(mail.get(), "To", header_mailbox("To", to));
    set_raw(mail.get(), "Subject", header_text("Subject", message.subject));
    set_date(mail.get(), message.ready_ms());
    g_mime_message_set_message_id(mail.get(), mail_id(message, from).c_str());
    g_mime_object_set_header(GMIME_OBJECT(mail.get()), "Auto-Submitted", "auto-generated", nullptr);
    const auto body = body_of(message);
    g_mime_message_set_mime_part(mail.get(), body.get());
    std::string out = serialized(mail.get());
    const TextShape shape = shape_of(out);
    if (shape.odd_bytes != 0 || shape.longest_line > max_line_bytes) {
        return make_error(ErrorCode::content_invalid, "the mail cannot be written in 7-bit lines");
    }
    return out;
}

std::string to_wire(std::string_view mail) {
    const std::string lines = with_line_ends(mail, "\r\n");
    std::string out;
    out.reserve(lines.size() + lines.size() / 64 + 3);
    for (std::size_t start = 0; start < lines.size();) {
        const std::size_t next = lines.find("\r\n", start) + 2;
        if (lines[start] == '.') out += '.';
        out.append(lines, start, next - start);
        start = next;
    }
    return out += ".\r\n";
}

}  // namespace hongyan::email
